// SPDX-License-Identifier: MIT
import { type Finding, finding, findingOf, VmguestError } from "../../errors.ts";
import { type HiberfileState, readHiberfileState } from "./hiberfile.ts";
import { RECORD, VOLUME_FLAGS } from "./layout.ts";
import { type LogState, readLogState } from "./log-state.ts";
import type { NtfsVersion, NtfsVolume } from "./ntfs-volume.ts";

/** Words of a report about a volume that is not in order. */
export type NtfsStateWord =
  | "dirty"
  | "chkdsk"
  | "flags"
  | "log-unclean"
  | "log-v2"
  | "log-unreadable"
  | "hibernated"
  | "hiberfile-unknown";

/** How the guest left its volume: what must be known before anything is written to it. */
export interface NtfsState {
  readonly version: NtfsVersion;
  /** Names of the flags that are set; a bit without a name as `0x0080`. */
  readonly flags: readonly string[];
  readonly logFile: LogState;
  readonly hiberfile: HiberfileState;
  /** Empty where all is well. */
  readonly state: readonly NtfsStateWord[];
  /** The same with codes and places, and what could not be read. */
  readonly findings: readonly Finding[];
}

const FLAG_NAMES: readonly (readonly [bit: number, name: string])[] = [
  [VOLUME_FLAGS.dirty, "dirty"],
  [VOLUME_FLAGS.resizeLog, "resize-log"],
  [VOLUME_FLAGS.upgrade, "upgrade"],
  [VOLUME_FLAGS.nt4, "nt4"],
  [VOLUME_FLAGS.deleteUsn, "delete-usn"],
  [VOLUME_FLAGS.repairObjectId, "repair-object-id"],
  [VOLUME_FLAGS.chkdsk, "chkdsk"],
  [VOLUME_FLAGS.modifiedByChkdsk, "modified-by-chkdsk"],
];

/** Flags of work that Windows began on the volume and has not finished. */
const UNFINISHED: readonly string[] = ["resize-log", "upgrade", "nt4", "delete-usn", "repair-object-id"];

/** Reads the state of a volume: its flags, the restart pages of $LogFile, the first page of hiberfil.sys. */
export function readNtfsState(volume: NtfsVolume): NtfsState {
  const flags = flagNames(volume.flags);
  const seen = new Observations();
  seen.flags(flags);
  const logFile = seen.attempt("unreadable", () =>
    readLogState(volume.openRecord(RECORD.logFile, "$LogFile").open()),
  );
  seen.logFile(logFile);
  const hiberfile = seen.attempt("unknown", () => readHiberfileState(volume));
  seen.hiberfile(hiberfile);
  return { version: volume.version, flags, logFile, hiberfile, state: seen.words, findings: seen.findings };
}

/** Collects words and findings in step. */
class Observations {
  readonly words: NtfsStateWord[] = [];
  readonly findings: Finding[] = [];

  flags(names: readonly string[]): void {
    const place = { path: "$Volume", structure: "$VOLUME_INFORMATION" };
    if (names.includes("dirty")) this.#add("dirty", finding("NTFS_DIRTY", "the dirty flag is set", place));
    if (names.includes("chkdsk")) {
      this.#add("chkdsk", finding("NTFS_CHKDSK_RUNNING", "a check of the volume was interrupted", place));
    }
    const unfinished = names.filter((name) => UNFINISHED.includes(name));
    if (unfinished.length > 0) {
      this.#add("flags", finding("NTFS_FLAGS", `the volume is flagged ${unfinished.join(", ")}`, place));
    }
  }

  logFile(state: LogState): void {
    const place = { path: "$LogFile", structure: "restart area" };
    if (state === "unclean") {
      this.#add("log-unclean", finding("NTFS_LOG_UNCLEAN", "the log is open: it was not dismounted", place));
    } else if (state === "v2") {
      this.#add("log-v2", finding("NTFS_LOG_V2", "the log has version 2.0", place));
    } else if (state === "unreadable") {
      this.#add("log-unreadable", finding("NTFS_LOG_UNREADABLE", "no restart page is valid", place));
    }
  }

  hiberfile(state: HiberfileState): void {
    const place = { path: "hiberfil.sys", offset: 0 };
    if (state === "hibernated") {
      this.#add("hibernated", finding("GUEST_HIBERNATED", "the file holds a memory image to resume", place));
    } else if (state === "unknown") {
      const message = "the file begins with neither zeros nor a known signature";
      this.#add("hiberfile-unknown", finding("GUEST_HIBERFILE_UNKNOWN", message, place));
    }
  }

  /** The result of `work`, or `otherwise` and a finding where the volume is too damaged for it. */
  attempt<T>(otherwise: T, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof VmguestError)) throw error;
      this.findings.push(findingOf(error));
      return otherwise;
    }
  }

  #add(word: NtfsStateWord, found: Finding): void {
    this.words.push(word);
    this.findings.push(found);
  }
}

function flagNames(flags: number): string[] {
  const names: string[] = [];
  for (let bit = 1; bit <= VOLUME_FLAGS.modifiedByChkdsk; bit *= 2) {
    if ((flags & bit) === 0) continue;
    const known = FLAG_NAMES.find(([value]) => value === bit);
    names.push(known?.[1] ?? `0x${bit.toString(16).padStart(4, "0")}`);
  }
  return names;
}
