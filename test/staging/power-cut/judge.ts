import { expect } from "vitest";
import type { StagingState } from "../../../src/guest/index.ts";
import { type ByteSource, MemorySource, readBytes } from "../../../src/io/index.ts";
import type { PlannedChange } from "../../../src/staging/index.ts";
import { STAGES } from "../../../src/staging/plan.ts";
import type { CutMoment } from "../../faults/index.ts";
import { type GuestState, nameOf, readGuest } from "./guest-state.ts";
import type { PreparedStaging } from "./stagings.ts";

/** Whether a fault is what an interrupted change of these things may leave. */
type Allowance = (fault: string, made: ReadonlySet<string>) => boolean;

const always: Allowance = () => true;
/** About a file or directory that the plan makes. */
const ofNewFile: Allowance = (fault, made) => {
  const [, name = ""] = / name (.+?) (?:is in record|\()/.exec(fault) ?? [];
  return made.has(name.toLowerCase());
};

/**
 * What may be found in an image whose change was cut off, and not before: space that nobody uses, and what whoever opens the
 * image next sets right by itself. Nothing of it is a file, a key or a value that is lost.
 */
export const ALLOWED: Readonly<Record<string, Allowance>> = {
  // Whoever attaches the disk replays the log, and passes over an entry that is not whole, or of a log that is retired.
  VHDX_LOG_REPLAYED: always,
  VHDX_LOG_ENTRY: always,
  VHDX_LOG_STALE: always,
  // A new block that the table does not name yet, or no longer.
  VHDX_SPACE_LEAKED: always,
  VHD_SPACE_LEAKED: always,
  // The file has its new length, and a footer only at its begin.
  VHD_FOOTER_DAMAGED: always,
  NTFS_CLUSTERS_LOST: always,
  NTFS_MFT_BITMAP_USED: always,
  // Directories have sizes of files as copies, which Windows itself does not keep up to date.
  NTFS_ENTRY_SIZES: always,
  // A FILE record that no directory names yet, whose directory itself may be one.
  NTFS_NAME_UNINDEXED: ofNewFile,
  REGF_CELL_UNREACHABLE: always,
  // One key more than use it: the descriptor is never freed too early.
  REGF_SECURITY_COUNT: (fault) => {
    const [, counted, used] = /counts (\d+) keys, but (\d+)/.exec(fault) ?? [];
    return Number(counted) > Number(used);
  },
};

/** Looks at images between before and after a staging, and at what it saw. */
export class StagingJudge {
  /** What audits said. */
  readonly states = new Set<StagingState>();
  /** Codes of {@link ALLOWED} that were found. */
  readonly allowed = new Set<string>();
  readonly #staging: PreparedStaging;
  readonly #before: GuestState;
  readonly #after: GuestState;
  /** Last names of what the plan makes. */
  readonly #made: ReadonlySet<string>;

  constructor(staging: PreparedStaging) {
    const { image, ready } = staging;
    this.#staging = staging;
    this.#before = readGuest(image, image.file);
    this.#after = this.#read(ready.prepared.file);
    const made = ready.changes.filter(({ kind }) => kind.startsWith("create-"));
    this.#made = new Set(made.map((change) => nameOf(change).split("/").at(-1) ?? ""));
  }

  /** What differs between before and after, by name. */
  get differences(): string[] {
    const [one, other] = [this.#before.things, this.#after.things];
    const names = new Set([...one.keys(), ...other.keys()]);
    return [...names].filter((name) => one.get(name) !== other.get(name)).sort();
  }

  get after(): GuestState {
    return this.#after;
  }

  /** Throws where a guest may not be started from such an image. */
  judge(file: ByteSource, { words }: CutMoment): void {
    const now = this.#read(file);
    this.#checkFaults(now, words);
    this.#checkThings(now, words);
    this.#checkOrder(now, words);
    this.states.add(now.staging);
  }

  #read(file: ByteSource): GuestState {
    const bytes = new MemorySource(readBytes(file, 0, file.sizeBytes));
    using image = this.#staging.image.reread(bytes);
    return readGuest(image, bytes);
  }

  #checkFaults({ faults }: GuestState, words: string): void {
    const known = new Set(this.#before.faults.map(withoutPlaces));
    for (const fault of faults.filter((one) => !known.has(withoutPlaces(one)))) {
      const [code = ""] = fault.split(" ");
      if (ALLOWED[code]?.(fault, this.#made) !== true) expect.fail(`${words}: ${fault}`);
      this.allowed.add(code);
    }
  }

  /** Whatever there is, is as it was or as it will be. */
  #checkThings({ things }: GuestState, words: string): void {
    const [before, after] = [this.#before.things, this.#after.things];
    for (const name of new Set([...before.keys(), ...after.keys(), ...things.keys()])) {
      const found = things.get(name);
      if (found === before.get(name) || found === after.get(name)) continue;
      expect.fail(`${words}: ${name} is ${found}, not ${before.get(name)} or ${after.get(name)}`);
    }
  }

  /** Nothing is there before all that has to be there first, and an audit does not say otherwise. */
  #checkOrder(now: GuestState, words: string): void {
    const { changes } = this.#staging.ready;
    const isDone = (change: PlannedChange) => isAs(change, now, this.#after);
    const isBegun = (change: PlannedChange) => !isAs(change, now, this.#before);
    for (const change of changes.filter(isBegun)) {
      const first = changes.filter((other) => rankOf(other, changes) < rankOf(change, changes));
      const missing = first.filter((other) => !isDone(other)).map(nameOf);
      if (missing.length > 0) expect.fail(`${words}: ${nameOf(change)} is there before ${missing.join()}`);
    }
    const isComplete = changes.every(isDone);
    if (now.staging === "staged") expect(isComplete, `${words}: an audit says staged`).toBe(true);
    if (isComplete) expect(now.staging, words).toBe(this.#after.staging);
  }
}

/** The end of a file, where some structures stand, moves when it grows. */
const withoutPlaces = (fault: string) => fault.replaceAll(/ at 0x[0-9a-f]+/g, "");

/** What is on the disk first has the lower number: stage by stage, and of the last one file by file and then the hives. */
function rankOf(change: PlannedChange, changes: readonly PlannedChange[]): number {
  const stage = STAGES.indexOf(change.stage);
  if (change.stage !== "arming") return stage;
  return "hive" in change ? stage + 1 : stage + changes.indexOf(change) / changes.length;
}

function isAs(change: PlannedChange, now: GuestState, then: GuestState): boolean {
  const name = nameOf(change);
  return now.things.get(name) === then.things.get(name);
}
