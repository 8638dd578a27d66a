// SPDX-License-Identifier: MIT
import { AttributeSet } from "../attribute.ts";
import type { IndexEntry } from "../index-node.ts";
import { FILE_NAME_FLAGS, FileName } from "../layout.ts";
import { readFileName, type StoredName } from "./file-name.ts";
import { IndexWalk } from "./index-walk.ts";
import { NO_SIZE, RECORD_STATE } from "./record-table.ts";
import type { VolumeCheck } from "./volume-check.ts";

const DIRECTORY = RECORD_STATE.inUse | RECORD_STATE.base | RECORD_STATE.directory;

/** Record numbers of the directories whose index is to be walked. */
export function* directoriesOf(check: VolumeCheck): Generator<number, undefined> {
  const { records } = check;
  for (let recordNumber = 0; recordNumber < records.count; recordNumber++) {
    const isWalkable = records.is(recordNumber, DIRECTORY) && !records.is(recordNumber, RECORD_STATE.damaged);
    if (isWalkable && !records.is(recordNumber, RECORD_STATE.indexDamaged)) yield recordNumber;
  }
}

/** The index of one directory, and what its entries say of the records they refer to. */
export class DirectoryCheck {
  readonly #check: VolumeCheck;
  readonly #recordNumber: number;
  readonly #sequence: number;
  /** Entries whose sizes are those of another time. */
  #staleSizes = 0;
  #previous: IndexEntry | undefined;
  #isOrdered = true;

  constructor(check: VolumeCheck, recordNumber: number) {
    this.#check = check;
    this.#recordNumber = recordNumber;
    this.#sequence = check.records.sequences[recordNumber] ?? 0;
  }

  run(): void {
    const check = this.#check;
    const { mft, space } = check.context;
    const walk = check.attempt(() => {
      const attributes = new AttributeSet(check.recordInOrder(this.#recordNumber), mft, space);
      return new IndexWalk(check, this.#recordNumber, attributes);
    }, this.#recordNumber);
    for (const entry of walk?.entries() ?? []) this.#entry(entry);
    if (walk?.isWhole !== true || !this.#isOrdered)
      check.records.mark(this.#recordNumber, RECORD_STATE.indexDamaged);
    if (this.#staleSizes > 0) {
      const message = `${this.#staleSizes} entries carry other sizes than their files`;
      check.addOf(this.#recordNumber, "NTFS_ENTRY_SIZES", message, this.#where);
    }
  }

  #entry(entry: IndexEntry): void {
    this.#checkOrder(entry);
    this.#check.records.noteTarget(this.#recordNumber, entry.recordNumber);
    const target = checkTarget(this.#check, entry, this.#recordNumber);
    const key = keyOf(entry);
    if (target === undefined || key === undefined) return;
    const { records } = this.#check;
    records.takeName(target, {
      ...key,
      parentRecord: this.#recordNumber,
      parentSequence: this.#sequence,
    });
    this.#checkKey(target, key);
  }

  #checkOrder(entry: IndexEntry): void {
    const previous = this.#previous;
    this.#previous = entry;
    if (previous === undefined) return;
    const { collation } = this.#check.context;
    // Without an upper-case table there is no order; the check of the metadata files reports it.
    const order = this.#check.quietly(-1, () => collation.compareStored(previous, entry));
    if (order < 0) return;
    this.#isOrdered = false;
    const code = order === 0 ? "NTFS_INDEX_DUPLICATE" : "NTFS_INDEX_ORDER";
    const message = `${entry.name} stands ${order === 0 ? "there twice" : "in the wrong place"}`;
    this.#check.addOf(this.#recordNumber, code, message, this.#where);
  }

  #checkKey(target: number, key: StoredName): void {
    const check = this.#check;
    const { records } = check;
    if (key.parentRecord !== this.#recordNumber || key.parentSequence !== this.#sequence) {
      const message = `the entry ${key.name} says its parent is record ${key.parentRecord} with sequence ${key.parentSequence}`;
      check.addOf(this.#recordNumber, "NTFS_ENTRY_PARENT", message, this.#where);
    }
    const isDirectory = (key.flags & FILE_NAME_FLAGS.directory) !== 0;
    // The root's entry about itself is as it was when the volume was formatted.
    const isJudged = target !== this.#recordNumber && !records.is(target, RECORD_STATE.indexDamaged);
    if (isJudged && isDirectory !== records.is(target, RECORD_STATE.directory)) {
      const message = `the entry ${key.name} and record ${target} do not agree on being a directory`;
      check.addOf(this.#recordNumber, "NTFS_NAME_DIRECTORY_FLAG", message, this.#where);
    }
    const size = records.dataSizes[target] ?? NO_SIZE;
    if (size !== NO_SIZE && size !== key.dataSizeBytes) this.#staleSizes++;
  }

  get #where() {
    return { path: "$MFT", structure: `FILE record ${this.#recordNumber}` };
  }
}

/** The record an entry refers to; undefined where that was reported, or can not be told. */
export function checkTarget(check: VolumeCheck, entry: IndexEntry, directory: number): number | undefined {
  const { records } = check;
  const { recordNumber, sequence } = entry;
  const where = { path: "$MFT", structure: `FILE record ${directory}` };
  if (recordNumber >= records.count) {
    if (recordNumber < check.context.mft.recordCount) return undefined;
    const message = `the entry ${entry.name} refers to record ${recordNumber}, which does not exist`;
    check.addOf(directory, "NTFS_ENTRY_TARGET", message, where);
    return undefined;
  }
  if (records.is(recordNumber, RECORD_STATE.damaged)) return undefined;
  if (!records.is(recordNumber, RECORD_STATE.inUse | RECORD_STATE.base)) {
    const message = `the entry ${entry.name} refers to record ${recordNumber}, which is no file in use`;
    check.addOf(directory, "NTFS_ENTRY_TARGET", message, where);
    return undefined;
  }
  if (isStale(check, entry)) {
    const message = `the entry ${entry.name} refers to record ${recordNumber} with sequence ${sequence}, which has ${records.sequences[recordNumber]} now`;
    check.addOf(directory, "NTFS_STALE_ENTRY", message, where);
  }
  return recordNumber;
}

/** Sequence 0 in a reference means any. */
export function isStale({ records }: VolumeCheck, { recordNumber, sequence }: IndexEntry): boolean {
  return sequence !== 0 && sequence !== records.sequences[recordNumber];
}

/** The $FILE_NAME in a directory entry; reading the entry has made sure that it fits. */
export function keyOf({ view, nameAt }: IndexEntry): StoredName | undefined {
  return readFileName(view, nameAt - FileName.sizeBytes);
}
