// SPDX-License-Identifier: MIT
import { type Finding, finding, VmguestError } from "../errors.ts";
import type { ByteSource } from "../io/index.ts";
import { checkBaseBlock, findBin } from "./base-block.ts";
import { CellStore } from "./cells.ts";
import { Key } from "./key.ts";
import { BASE_BLOCK_SIZE, type BaseBlock } from "./layout.ts";
import { type Recovery, type RecoveryState, recover } from "./recovery/recover.ts";

/** What belongs to a hive beside its file. */
export interface HiveOptions {
  /** The transaction logs beside the hive: X.LOG, or X.LOG1 and X.LOG2 in this order. Empty ones are fine. */
  readonly logs?: readonly ByteSource[];
}

/**
 * A registry hive, read cell by cell: opening it costs two pages, and finding a key two or three per level of its path.
 *
 * The hive is seen as Windows would see it after loading it, with its transaction logs applied where it was not
 * written completely. Nothing is ever changed.
 */
export class Hive {
  /** Of the format: 1.3 to 1.6. */
  readonly version: { readonly major: number; readonly minor: number };
  /** FILETIME of the last write; Windows 8.1 and later do not keep it up to date. */
  readonly lastWritten: bigint;
  /** `unrecovered`: not written completely, and without a log that can be applied. The newest changes may be missing. */
  readonly recovery: RecoveryState;
  readonly findings: readonly Finding[];
  /** The bytes of the hive with the logs applied, base block included. */
  readonly image: ByteSource;
  readonly root: Key;

  private constructor({ image, state, findings }: Recovery, block: BaseBlock, root: Key) {
    this.version = { major: block.majorVersion, minor: block.minorVersion };
    this.lastWritten = block.lastWritten;
    this.recovery = state;
    this.findings = findings;
    this.image = image;
    this.root = root;
  }

  /**
   * Opens a hive and its root key.
   *
   * Throws REGF_NOT, REGF_VERSION, REGF_BASE_BLOCK, REGF_BIN (the first one), or what opening a key throws. A file that
   * ends before its last bin is opened all the same, with a finding REGF_BIN.
   */
  static open(source: ByteSource, options: HiveOptions = {}): Hive {
    const recovery = recover(source, options.logs ?? []);
    const { image, block, findings } = recovery;
    checkBaseBlock(block);
    if (findBin(image, 0) === undefined) {
      throw new VmguestError("REGF_BIN", "there is no valid bin after the base block", {
        structure: "bin header",
        offset: BASE_BLOCK_SIZE,
      });
    }
    const cells = new CellStore(image, block.binsSize, block.minorVersion);
    const root = Key.open(cells, block.rootCell);
    return new Hive({ ...recovery, findings: [...findings, ...findTruncation(image, block)] }, block, root);
  }

  /** The key at a path from the root, in any letter case, without the name of the root; the empty path is the root. */
  find(path: string): Key | undefined {
    return this.root.find(path);
  }

  /** The same for a key that must be there; throws NOT_FOUND where it is not. */
  require(path: string): Key {
    const key = this.find(path);
    if (key !== undefined) return key;
    throw new VmguestError("NOT_FOUND", `the hive has no key ${path}`, { structure: "key" });
  }
}

function findTruncation(image: ByteSource, { binsSize }: BaseBlock): Finding[] {
  const end = BASE_BLOCK_SIZE + binsSize;
  if (end <= image.sizeBytes) return [];
  const message = `the file ends at 0x${image.sizeBytes.toString(16)}, but its bins reach to 0x${end.toString(16)}`;
  return [finding("REGF_BIN", message, { structure: "base block", offset: 0 })];
}
