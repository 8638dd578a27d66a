/* SPDX-License-Identifier: MIT */
/*
 * Stands for a program of Windows. It writes what it was called with to C:\standins\log.txt, together with what setup mode
 * looks like at that moment, and ends with the next code of C:\standins\<its name>.txt: one a line, the last one for ever,
 * 0 without the file. For `hang` it waits for C:\standins\release.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

static DWORD number(const char *name) {
  DWORD value = 0xFFFFFFFF, size = sizeof value;
  RegGetValueA(HKEY_LOCAL_MACHINE, "SYSTEM\\Setup", name, RRF_RT_REG_DWORD, NULL, &value, &size);
  return value;
}

int main(int count, char **arguments) {
  char path[MAX_PATH], codes[4096] = "", command[512] = "";
  DWORD size = sizeof command;
  GetModuleFileNameA(NULL, path, sizeof path);
  char *name = strrchr(path, '\\') + 1;
  *strrchr(name, '.') = 0;
  RegGetValueA(HKEY_LOCAL_MACHINE, "SYSTEM\\Setup", "CmdLine", RRF_RT_REG_SZ, NULL, command, &size);

  FILE *log = fopen("C:\\standins\\log.txt", "a");
  fprintf(log, "%s", name);
  for (int i = 1; i < count; i++) fprintf(log, " %s", arguments[i]);
  fprintf(log, " | SetupType=%ld SetupShutdownRequired=%ld CmdLine=%s\n", (long)number("SetupType"),
          (long)number("SetupShutdownRequired"), command[0] ? "set" : "");
  fclose(log);

  char control[MAX_PATH];
  snprintf(control, sizeof control, "C:\\standins\\%s.txt", name);
  FILE *file = fopen(control, "rb");
  if (!file) return 0;
  codes[fread(codes, 1, sizeof codes - 1, file)] = 0;
  fclose(file);
  char *rest = strchr(codes, '\n');
  if (rest && rest[1]) {
    file = fopen(control, "wb");
    fputs(rest + 1, file);
    fclose(file);
  }
  if (strncmp(codes, "hang", 4) == 0) {
    for (int i = 0; i < 600 && GetFileAttributesA("C:\\standins\\release") == INVALID_FILE_ATTRIBUTES; i++) Sleep(100);
    return 0;
  }
  return atoi(codes);
}
