/* SPDX-License-Identifier: MIT */
/*
 * Plays the part of Winlogon at a start of the guest, which Wine does not have: while SetupType is 2 it runs CmdLine as it
 * stands and waits for it. With an argument it runs that instead, as another trigger would. Then it says what is set, a
 * line each.
 */
#include <stdio.h>
#include <windows.h>

static const char SETUP[] = "SYSTEM\\Setup";

static DWORD number(const char *key, const char *name) {
  DWORD value = 0xFFFFFFFF, size = sizeof value;
  RegGetValueA(HKEY_LOCAL_MACHINE, key, name, RRF_RT_REG_DWORD | RRF_SUBKEY_WOW6464KEY, NULL, &value, &size);
  return value;
}

static void text(const char *key, const char *name, char *value, DWORD size) {
  value[0] = 0;
  RegGetValueA(HKEY_LOCAL_MACHINE, key, name, RRF_RT_REG_SZ | RRF_SUBKEY_WOW6464KEY, NULL, value, &size);
}

static void run(char *command) {
  STARTUPINFOA startup = {.cb = sizeof startup};
  PROCESS_INFORMATION process;
  DWORD code = 0xFFFFFFFF;
  if (CreateProcessA(NULL, command, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process)) {
    WaitForSingleObject(process.hProcess, INFINITE);
    GetExitCodeProcess(process.hProcess, &code);
  }
  printf("exit=%ld\n", (long)code);
}

int main(int count, char **arguments) {
  char command[1024], phase[64], code[64];
  char *job = count > 1 ? arguments[1] : "";
  char key[128];
  snprintf(key, sizeof key, "SOFTWARE\\vmguest\\%s", job);
  text(SETUP, "CmdLine", command, sizeof command);
  if (count > 2) {
    snprintf(command, sizeof command, "%s", arguments[2]);
    run(command);
  } else if (number(SETUP, "SetupType") == 2) {
    run(command);
  }
  text(SETUP, "CmdLine", command, sizeof command);
  text(key, "Phase", phase, sizeof phase);
  text(key, "Exit", code, sizeof code);
  printf("SetupType=%ld\nSetupShutdownRequired=%ld\nCmdLine=%s\n", (long)number(SETUP, "SetupType"),
         (long)number(SETUP, "SetupShutdownRequired"), command);
  printf("Phase=%s\nExit=%s\nAttempt=%ld\nRestarts=%ld\n", phase, code, (long)number(key, "Attempt"),
         (long)number(key, "Restarts"));
  return 0;
}
