// SPDX-License-Identifier: MIT
import { AttributeSet } from "../attribute.ts";
import { DirectoryIndex } from "../directory-index.ts";
import type { IndexEntry } from "../index-node.ts";
import { ATTRIBUTE } from "../layout.ts";
import { directoriesOf, isStale, keyOf } from "./directory-check.ts";
import { readFileName, type StoredName } from "./file-name.ts";
import { RECORD_STATE } from "./record-table.ts";
import type { VolumeCheck } from "./volume-check.ts";

/** Files whose names are looked at closely; where there are more, the volume needs chkdsk, not a longer list. */
const SUSPECT_COUNT_MAX = 10_000;
const FILE = RECORD_STATE.inUse | RECORD_STATE.base;

/**
 * Looks closely at the files whose names in their records and in directories do not add up: which name is missing in
 * which of the two. On a sound volume there is none of them, and nothing is read.
 */
export class LinkCheck {
  readonly #check: VolumeCheck;

  constructor(check: VolumeCheck) {
    this.#check = check;
  }

  run(): void {
    const suspects = this.#suspects();
    for (const recordNumber of suspects) this.#checkNames(recordNumber);
    if (suspects.size === 0) return;
    const { records } = this.#check;
    for (const directory of directoriesOf(this.#check)) {
      if (records.mayReferTo(directory, suspects)) this.#checkEntries(directory, suspects);
    }
  }

  #suspects(): Set<number> {
    const { records } = this.#check;
    const suspects = new Set<number>();
    for (let recordNumber = 0; recordNumber < records.count; recordNumber++) {
      if (!records.is(recordNumber, FILE) || records.is(recordNumber, RECORD_STATE.damaged)) continue;
      if (!records.namesAgree(recordNumber)) suspects.add(recordNumber);
      if (suspects.size < SUSPECT_COUNT_MAX) continue;
      const message = `more than ${SUSPECT_COUNT_MAX} files have names that their directories do not; only the first are told`;
      this.#check.add("LIMIT_EXCEEDED", message, { path: "$MFT" });
      break;
    }
    return suspects;
  }

  /** Each name of a file must lead to a directory, and that directory must list it. */
  #checkNames(recordNumber: number): void {
    const check = this.#check;
    const where = { path: "$MFT", structure: `FILE record ${recordNumber}` };
    for (const stored of this.#namesOf(recordNumber)) {
      const { parentRecord, parentSequence, name } = stored;
      if (!this.#isDirectory(parentRecord, parentSequence)) {
        if (!this.#isUnknown(parentRecord)) {
          const message = `the name ${name} is in record ${parentRecord} with sequence ${parentSequence}, which is no such directory`;
          check.addOf(recordNumber, "NTFS_NAME_PARENT", message, where);
        }
        continue;
      }
      if (this.#isUnknown(parentRecord) || this.#lists(stored, recordNumber)) continue;
      const message = `its directory does not list the name ${name}`;
      check.addOf(recordNumber, "NTFS_NAME_UNINDEXED", message, where);
    }
  }

  /** Each entry that refers to a suspect must be one of its names. */
  #checkEntries(directory: number, suspects: ReadonlySet<number>): void {
    for (const entry of this.#entriesOf(directory)) {
      const { recordNumber } = entry;
      const key = keyOf(entry);
      if (key === undefined || !suspects.has(recordNumber) || isStale(this.#check, entry)) continue;
      const namesakes = this.#namesOf(recordNumber).filter(
        (stored) => stored.parentRecord === directory && stored.name === key.name,
      );
      const where = { path: "$MFT", structure: `FILE record ${directory}` };
      if (namesakes.length === 0) {
        const message = `the entry ${key.name} refers to record ${recordNumber}, which has no such name here`;
        this.#check.addOf(directory, "NTFS_ENTRY_UNMATCHED", message, where);
      } else if (namesakes.every(({ namespace }) => namespace !== key.namespace)) {
        const message = `the entry ${key.name} is in namespace ${key.namespace}, the name in record ${recordNumber} is not`;
        this.#check.addOf(directory, "NTFS_ENTRY_NAMESPACE", message, where);
      }
    }
  }

  #isDirectory(recordNumber: number, sequence: number): boolean {
    const { records } = this.#check;
    const isSame = sequence === 0 || records.sequences[recordNumber] === sequence;
    return records.is(recordNumber, FILE | RECORD_STATE.directory) && isSame;
  }

  /** A record that could not be read says nothing against a name. */
  #isUnknown(recordNumber: number): boolean {
    const { records, context } = this.#check;
    const isLeftOut = recordNumber >= records.count && recordNumber < context.mft.recordCount;
    const state = records.state[recordNumber] ?? 0;
    return isLeftOut || (state & (RECORD_STATE.damaged | RECORD_STATE.indexDamaged)) !== 0;
  }

  #lists({ parentRecord, name }: StoredName, recordNumber: number): boolean {
    return this.#check.quietly(true, () => {
      const entry = this.#indexOf(parentRecord).find(name);
      return entry?.name === name && entry.recordNumber === recordNumber;
    });
  }

  #namesOf(recordNumber: number): StoredName[] {
    return this.#check.quietly([], () =>
      this.#attributesOf(recordNumber)
        .valuesOf(ATTRIBUTE.fileName)
        .map((value) => readFileName(value))
        .filter((name) => name !== undefined),
    );
  }

  *#entriesOf(directory: number): Generator<IndexEntry, undefined> {
    const entries = this.#check.quietly(undefined, () => this.#indexOf(directory).entries());
    for (;;) {
      const next = this.#check.quietly(undefined, () => entries?.next());
      if (next === undefined || next.done === true) return;
      yield next.value;
    }
  }

  #indexOf(directory: number): DirectoryIndex {
    return new DirectoryIndex({
      attributes: this.#attributesOf(directory),
      collation: this.#check.context.collation,
      clusterSizeBytes: this.#check.geometry.clusterSizeBytes,
      path: `FILE record ${directory}`,
    });
  }

  #attributesOf(recordNumber: number): AttributeSet {
    const { mft, space } = this.#check.context;
    return new AttributeSet(this.#check.recordInOrder(recordNumber), mft, space);
  }
}
