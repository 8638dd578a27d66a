// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { ForeignLock, HostProcess } from "./storage.ts";

/** Numbers of a file as the system gives them. */
export interface FileNumbers {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** The process that runs this. */
export function ownProcess(): HostProcess {
  return { host: hostname(), pid: process.pid, started: startOf(process.pid) ?? "" };
}

/** Whether the process still runs; undefined for one of another host. */
export function isProcessRunning({ host, pid, started }: HostProcess): boolean | undefined {
  if (host !== hostname()) return undefined;
  if (started !== "") return startOf(pid) === started;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** When a process of this host was started (proc(5), `stat`, field 22), with the boot it was in. */
function startOf(pid: number): string | undefined {
  const status = readText(`/proc/${pid}/stat`);
  const boot = readText("/proc/sys/kernel/random/boot_id");
  // The name of the program stands in brackets and may hold anything, brackets too.
  const started = status
    ?.slice(status.lastIndexOf(")") + 2)
    .split(" ")
    .at(19);
  return started === undefined || boot === undefined ? undefined : `${boot.trim()}/${started}`;
}

/** The locks of all programs on a file; none where the host has no such list. */
export function readLocks(file: FileNumbers): ForeignLock[] {
  return parseLocks(readText("/proc/locks") ?? "", file);
}

/** `1: OFDLCK ADVISORY  READ -1 08:02:131 100 101`; a waiting one has an arrow behind its number. */
const LOCK_LINE = /^\d+:( ->)? (\w+) +\w+ +\w+ +(-?\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) /;

/** The locks that the text of /proc/locks (proc(5)) has for a file. */
export function parseLocks(text: string, { dev, ino }: FileNumbers): ForeignLock[] {
  return text.split("\n").flatMap((line) => {
    const [, waits, kind, pid, major, minor, inode] = LOCK_LINE.exec(line) ?? [];
    if (kind === undefined || waits !== undefined || inode !== String(ino)) return [];
    if (!isSameDevice(dev, BigInt(`0x${major}`), BigInt(`0x${minor}`))) return [];
    return [{ kind, pid: Number(pid) > 0 ? Number(pid) : undefined }];
  });
}

/** Numbers of a device as stat(2) joins them (makedev(3)). */
function isSameDevice(dev: bigint, major: bigint, minor: bigint): boolean {
  const ownMajor = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
  const ownMinor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn);
  if (ownMajor === major && ownMinor === minor) return true;
  // btrfs and overlays give stat another number of theirs than the kernel's lists; major 0 is theirs alone.
  return ownMajor === 0n && major === 0n;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    // Not Linux, no such process, or not for us to see: the caller knows what that means.
    return undefined;
  }
}
