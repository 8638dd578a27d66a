import type { FaultyDisk, Loss } from "./faulty-disk.ts";

/** What reached the disk of that which was not flushed: nothing, everything, and `seedCount` times something. */
export function losses(seedCount: number, { isTorn = false } = {}): Loss[] {
  const some = Array.from({ length: seedCount }, (_, seed) => ({ share: 0.5, seed: seed + 1, isTorn }));
  return isTorn ? some : [{ share: 0, seed: 0 }, { share: 1, seed: 0 }, ...some];
}

/** A moment at which the power was cut, in words for a test that fails. */
export interface Cut {
  /** The call that was not made any more, from 0. */
  readonly call: number;
  readonly loss: Loss;
  /** `before write /vm.vhdx (call 17), share 0.5, seed 3`. */
  readonly words: string;
}

/** More than the losses that anybody asks for. */
const CALL_SEEDS = 1000;

/** Calls that leave the disk as it was: a cut before one of them is the same as one before the next other call. */
const IDLE_CALL = /^(realPath|statusOf|read|freeBytes|status|close|locks) /;

/**
 * Does some work on a disk, and looks before every call that changes something at what a power cut would leave there: a
 * disk for each of the losses, as it is when the power is back, and the same when the work is done. Disks that are the
 * same in every byte are checked once.
 *
 * @returns number of different disks
 */
export function cutAtEveryCall(
  makeDisk: () => FaultyDisk,
  work: (disk: FaultyDisk) => void,
  all: readonly Loss[],
  check: (disk: FaultyDisk, cut: Cut) => void,
): number {
  const disk = makeDisk();
  const seen = new Set<string>();
  const callsBefore = disk.calls.length;
  const cut = (name: string) => {
    const call = disk.calls.length - callsBefore;
    for (const loss of all) {
      // Other ones at every call: the same pages would be lost of every step.
      const after = disk.afterCut({ ...loss, seed: loss.seed + call * CALL_SEEDS });
      const fingerprint = after.fingerprint();
      if (seen.has(fingerprint)) continue;
      seen.add(fingerprint);
      const words = `before ${name} (call ${call}), share ${loss.share}, seed ${loss.seed}`;
      check(after, { call, loss, words });
    }
  };
  const failures: unknown[] = [];
  disk.beforeCall = (name) => {
    if (IDLE_CALL.test(name) || failures.length > 0) return;
    try {
      cut(name);
    } catch (error) {
      // The code under test must not take it for an error of its storage.
      failures.push(error);
    }
  };
  try {
    work(disk);
  } catch (error) {
    failures.push(error);
  }
  disk.beforeCall = () => {};
  if (failures.length > 0) throw failures[0];
  cut("the end");
  return seen.size;
}

/**
 * Runs the same work on new disks, each time letting another call fail; space runs out for those only that change something. `check` gets the disk as the program sees it
 * then, with what the work threw, if anything.
 */
export function failAtEveryCall(
  makeDisk: () => FaultyDisk,
  work: (disk: FaultyDisk) => void,
  { code, isLasting = false }: { code: "EIO" | "ENOSPC"; isLasting?: boolean },
  check: (disk: FaultyDisk, failed: { call: string; error: unknown }) => void,
): void {
  for (const [failing, name] of callsOf(makeDisk(), work).entries()) {
    if (code === "ENOSPC" && IDLE_CALL.test(name)) continue;
    const disk = makeDisk();
    disk.fails = (call) => (call === failing || (isLasting && call > failing) ? code : undefined);
    let error: unknown;
    try {
      work(disk);
    } catch (thrown) {
      error = thrown;
    }
    disk.fails = () => undefined;
    check(disk, { call: `${name} (call ${failing})`, error });
  }
}

/** The calls that the work makes when nothing goes wrong. */
function callsOf(disk: FaultyDisk, work: (disk: FaultyDisk) => void): string[] {
  const before = disk.calls.length;
  work(disk);
  return disk.calls.slice(before);
}
