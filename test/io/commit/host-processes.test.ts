import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { isProcessRunning, ownProcess, parseLocks } from "../../../src/io/commit/host-processes.ts";

// Two programs on one inode of 08:02, one of them waiting, and others (proc(5)).
const LOCKS = `1: POSIX  ADVISORY  READ 5433 08:02:7864448 128 128
2: OFDLCK ADVISORY  WRITE -1 08:02:131 100 101
2: -> OFDLCK ADVISORY  WRITE -1 08:02:131 100 101
3: FLOCK  ADVISORY  WRITE 2001 08:02:131 0 EOF
4: LEASE  ACTIVE    READ 7 00:2f:131 0 EOF
5: FLOCK  ADVISORY  WRITE 2002 103:02:131 0 EOF
6: none of them
`;

describe("/proc/locks", () => {
  test.each([
    {
      dev: 0x802n,
      ino: 131n,
      found: [
        { kind: "OFDLCK", pid: undefined },
        { kind: "FLOCK", pid: 2001 },
      ],
    },
    { dev: 0x802n, ino: 7864448n, found: [{ kind: "POSIX", pid: 5433 }] },
    { dev: 0x803n, ino: 131n, found: [] },
    { dev: 0x802n, ino: 13n, found: [] },
    // Device 259:2, as an NVMe disk has it.
    { dev: 0x10302n, ino: 131n, found: [{ kind: "FLOCK", pid: 2002 }] },
    // A file system without a device of its own: btrfs tells stat another number than the kernel's list has.
    { dev: 0x1an, ino: 131n, found: [{ kind: "LEASE", pid: 7 }] },
  ])("has $found.length locks on $ino of device $dev", ({ dev, ino, found }) => {
    expect(parseLocks(LOCKS, { dev, ino })).toEqual(found);
  });
});

describe("a process", () => {
  test("runs, and is told apart from one of another start or host", () => {
    const own = ownProcess();
    expect(own.pid).toBe(process.pid);
    expect(isProcessRunning(own)).toBe(true);
    expect(isProcessRunning({ ...own, started: "" })).toBe(true);
    expect(isProcessRunning({ ...own, started: "another boot/1" })).toBe(false);
    expect(isProcessRunning({ ...own, host: "another" })).toBeUndefined();
  });

  test("that has ended does not run", async () => {
    const child = spawn(process.execPath, ["-e", "0"]);
    await once(child, "exit");
    expect(isProcessRunning({ ...ownProcess(), pid: child.pid ?? 0, started: "" })).toBe(false);
  });
});
