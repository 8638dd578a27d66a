// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { ByteSource, Change } from "../../io/index.ts";
import { checksumOf } from "../base-block.ts";
import { BASE_BLOCK_SIZE, BinHeader, KeyNode } from "../layout.ts";
import { type Admitted, admit, findFault } from "./admission.ts";
import { CellSpace } from "./cell-space.ts";
import { type EditStep, pagesThatDiffer, stepsOf, sumOf } from "./commit-steps.ts";
import { EditedImage } from "./edited-image.ts";
import { KeyCells } from "./key-cells.ts";
import { keyError } from "./key-values.ts";
import { type Freshness, freshnessAbove } from "./log-sequence.ts";
import { checkValueName, namesIn } from "./names.ts";
import { valueError } from "./value-encoding.ts";

/** The reader takes no more for one value, and Windows recommends to keep to 2 KiB. */
const DATA_SIZE_MAX = 16 * 1024 * 1024;

/** What an editor has to know beside the hive. */
export interface HiveEditorOptions {
  /** The transaction logs beside the hive: X.LOG, or X.LOG1 and X.LOG2 in this order. Empty ones are fine. */
  readonly logs: readonly ByteSource[];
  /** FILETIME of the edit: the time of the keys that it changes. */
  readonly now: bigint;
  /** Set where the hive is, byte for byte, what {@link HiveEditor.finish} gave. */
  readonly isChecked?: boolean;
  /** Set by a caller who checks the whole hive as it will be before anything is written: `finish` then does not. */
  readonly isCheckedLater?: boolean;
}

/** What an edit comes to. */
export interface HiveEdit {
  /** The pages of the hive file that differ, whole ones of 4096 bytes by ascending offset. */
  readonly changes: readonly Change[];
  /** The same in the order in which they may be written: at any time between two of them the hive is sound. */
  readonly steps: readonly EditStep[];
  /** Of the hive file with the changes in it. */
  readonly sizeBytes: number;
  /** Of the bins that were added. The file grows by less where it has unused space at its end. */
  readonly growthBytes: number;
  /**
   * Whether the hive is also sound in the middle of a step, whichever of its pages are written. False where a change
   * could not be put into one page.
   */
  readonly isSoundThroughout: boolean;
}

/**
 * Edits a registry hive in memory: nothing is written, the changes are given back to be written.
 *
 * Paths lead from the root of the hive, without its name, with backslashes between the names; names are found in any
 * letter case. An edit that is refused changes nothing; only one that finds the hive full (HIVE_EDIT_SIZE) uses the
 * editor up, as `finish` does.
 */
export class HiveEditor {
  readonly #file: ByteSource;
  readonly #admitted: Admitted;
  readonly #freshness: Freshness;
  readonly #image: EditedImage;
  readonly #space: CellSpace;
  readonly #keys: KeyCells;
  readonly #isCheckedLater: boolean;
  #hasChanges = false;
  #isUsable = true;

  private constructor(file: ByteSource, admitted: Admitted, options: HiveEditorOptions) {
    const { logs, now, isCheckedLater = false } = options;
    this.#isCheckedLater = isCheckedLater;
    this.#file = file;
    this.#admitted = admitted;
    this.#freshness = freshnessAbove(admitted.image, admitted.block, logs, now);
    this.#image = new EditedImage(admitted.image);
    this.#space = new CellSpace(this.#image);
    this.#keys = new KeyCells(this.#space, now);
  }

  /**
   * Opens a hive for editing. A hive that was not written completely is recovered from its logs first, and the edit
   * then includes the recovery.
   *
   * All of the hive is read and checked. Throws REGF_NOT, REGF_VERSION, REGF_BASE_BLOCK; HIVE_EDIT_VERSION before
   * Windows NT 4.0; HIVE_EDIT_SIZE above 512 MiB; HIVE_EDIT_UNRECOVERED where the logs do not help beyond doubt;
   * HIVE_EDIT_DAMAGED for a hive with faults.
   */
  static open(hive: ByteSource, options: HiveEditorOptions): HiveEditor {
    return new HiveEditor(hive, admit(hive, options.logs, options.isChecked === true), options);
  }

  /** By how much the edits so far make the bins grow. */
  get growthBytes(): number {
    return this.#image.binsSize - this.#admitted.block.binsSize;
  }

  /**
   * Sets a value of a key, the empty name being the default value; one that is there keeps its spelling. Setting what is
   * set already changes nothing.
   *
   * Throws NOT_FOUND where there is no such key, HIVE_EDIT_NAME, HIVE_EDIT_VALUE, HIVE_EDIT_KEY_KIND, HIVE_EDIT_SIZE.
   */
  setValue(keyPath: string, name: string, type: number, data: Uint8Array): void {
    checkValueName(name);
    if (!Number.isInteger(type) || type < 0 || type > 0xffff_ffff) {
      throw valueError(`${type} is not the number of a type`);
    }
    if (data.length > DATA_SIZE_MAX) {
      throw valueError(`${data.length} bytes of data are more than ${DATA_SIZE_MAX}`);
    }
    const key = this.#requireKey(keyPath);
    const content = { type, data };
    const found = this.#keys.values.find(this.#keys.view(key), name);
    if (found !== undefined && this.#keys.values.hasContent(found, content)) return;
    this.#change(() => {
      const node = this.#keys.edit(key);
      if (found === undefined) this.#keys.values.add(key, node, name, content);
      else this.#keys.values.change(key, node, found, content);
    });
  }

  /** Deletes a value; false where there is none of this name. Throws NOT_FOUND for the key, HIVE_EDIT_KEY_KIND. */
  deleteValue(keyPath: string, name: string): boolean {
    const key = this.#requireKey(keyPath);
    const found = this.#keys.values.find(this.#keys.view(key), name);
    if (found === undefined) return false;
    this.#change(() => this.#keys.values.remove(this.#keys.edit(key), found));
    return true;
  }

  /**
   * Creates a key and those above it that are missing, with the security of the lowest one that is there; false where
   * the key is there already. Throws HIVE_EDIT_NAME, HIVE_EDIT_KEY_KIND, HIVE_EDIT_SIZE.
   */
  createKey(path: string): boolean {
    const names = namesIn(path);
    const { key, depth } = this.#descend(names);
    const missing = names.slice(depth);
    if (missing.length === 0) return false;
    this.#change(() => {
      let parent = key;
      for (const name of missing) parent = this.#keys.create(parent, name);
    });
    return true;
  }

  /**
   * Deletes a key with its values; false where there is none at the path. Throws HIVE_EDIT_KEY_NOT_EMPTY where it has
   * subkeys and `recursive` is not set, HIVE_EDIT_KEY_KEPT, HIVE_EDIT_KEY_KIND.
   */
  deleteKey(path: string, options: { readonly recursive?: boolean } = {}): boolean {
    const names = namesIn(path);
    const name = names.at(-1);
    const root = this.#image.baseBlock.rootCell;
    if (name === undefined)
      throw keyError("HIVE_EDIT_KEY_KEPT", root, "the root of a hive cannot be deleted");
    const parent = this.#descend(names.slice(0, -1));
    if (parent.depth < names.length - 1) return false;
    const key = this.#keys.subkeys.find(this.#keys.view(parent.key), name);
    if (key === undefined) return false;
    const { subkeyCount } = this.#keys.view(key);
    if (subkeyCount > 0 && options.recursive !== true) {
      throw keyError("HIVE_EDIT_KEY_NOT_EMPTY", key, `the key has ${subkeyCount} subkeys`);
    }
    const tree = this.#keys.treeOf(key);
    this.#change(() => this.#keys.remove(parent.key, name, tree));
    return true;
  }

  /**
   * The changes of all edits. Where nothing was edited there are none, and a hive that needs its logs stays so.
   *
   * The result is checked as a whole once more, unless the caller is going to. A TypeError says that it has a fault, which
   * would be a mistake of ours.
   */
  finish(): HiveEdit {
    this.#requireUsable();
    this.#isUsable = false;
    if (!this.#hasChanges) {
      return {
        changes: [],
        steps: [],
        sizeBytes: this.#file.sizeBytes,
        growthBytes: 0,
        isSoundThroughout: true,
      };
    }
    const linked = this.#image.snapshot();
    this.#keys.security.settle();
    this.#space.settle();
    const released = this.#image.snapshot();
    this.#seal();
    const fault = this.#isCheckedLater ? undefined : findFault(this.#image);
    if (fault !== undefined)
      throw new TypeError(`the edited hive has a fault: ${fault.message} [${fault.code}]`);

    const steps = [
      ...this.#recoverySteps(),
      ...stepsOf({
        before: this.#admitted.image,
        linked,
        released,
        sealed: this.#image.snapshot(),
        earlyRanges: this.#space.earlyRanges,
        binOf: (cell) => this.#image.binOf(cell),
      }),
    ];
    return {
      changes: sumOf(this.#file, steps),
      steps,
      sizeBytes: Math.max(this.#file.sizeBytes, this.#image.sizeBytes),
      growthBytes: this.growthBytes,
      isSoundThroughout: !this.#space.isTearable,
    };
  }

  #recoverySteps(): EditStep[] {
    const { image, isRecovered } = this.#admitted;
    if (!isRecovered) return [];
    const base = image.read(0, BASE_BLOCK_SIZE);
    const bytes = new Uint8Array(base.buffer, base.byteOffset, BASE_BLOCK_SIZE).slice();
    return [
      { name: "replay", changes: pagesThatDiffer(this.#file, image) },
      { name: "recover", changes: [{ offset: 0, bytes }] },
    ];
  }

  #seal(): void {
    const { baseBlock } = this.#image;
    const { sequence, lastWritten } = this.#freshness;
    baseBlock.primarySequence = sequence;
    baseBlock.secondarySequence = sequence;
    if (lastWritten !== undefined) {
      baseBlock.lastWritten = lastWritten;
      const bin = this.#image.editBin(0);
      new BinHeader(new DataView(bin.buffer, bin.byteOffset)).timestamp = lastWritten;
    }
    baseBlock.checksum = checksumOf(baseBlock);
  }

  #requireKey(path: string): number {
    const names = namesIn(path);
    const { key, depth } = this.#descend(names);
    if (depth === names.length) return key;
    throw new VmguestError("NOT_FOUND", `the hive has no key ${path}`, { structure: KeyNode.structName });
  }

  /** As far as the keys of a path are there: the last one, and how many levels below the root it is. */
  #descend(names: readonly string[]): { readonly key: number; readonly depth: number } {
    this.#requireUsable();
    let key = this.#image.baseBlock.rootCell;
    let node = this.#keys.view(key);
    for (const [depth, name] of names.entries()) {
      const subkey = this.#keys.subkeys.find(node, name);
      if (subkey === undefined) return { key, depth };
      key = subkey;
      node = this.#keys.view(key);
    }
    return { key, depth: names.length };
  }

  /** Makes a change that, once begun, must come to its end: an error in its course makes the editor useless. */
  #change(work: () => void): void {
    this.#isUsable = false;
    work();
    this.#isUsable = true;
    this.#hasChanges = true;
  }

  #requireUsable(): void {
    if (!this.#isUsable) throw new TypeError("the editor is used up: open the hive again");
  }
}
