// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { AttributeSet } from "./attribute.ts";
import type { FileNameCollation, FoldedName } from "./collation.ts";
import type { IndexEntry, IndexNode } from "./index-node.ts";
import { IndexTree } from "./index-tree.ts";
import { ATTRIBUTE, COLLATION } from "./layout.ts";

const INDEX_NAME = "$I30";
/** NTFS allows 2^32 files; a listing longer than this could only keep other images from being audited. */
const ENTRY_COUNT_MAX = 5_000_000;

export interface DirectoryIndexOptions {
  readonly attributes: AttributeSet;
  readonly collation: FileNameCollation;
  readonly clusterSizeBytes: number;
  /** Whether names that differ in case are different; asked when it matters. */
  readonly isCaseSensitive?: () => boolean;
  /** Path of the directory, for errors. */
  readonly path: string;
}

interface Descent {
  readonly exact: IndexEntry | undefined;
  readonly variant: IndexEntry | undefined;
}

/** The names in a directory. */
export class DirectoryIndex {
  readonly #options: DirectoryIndexOptions;
  readonly #tree: IndexTree;

  /** Throws NTFS_ATTRIBUTE_MISSING or NTFS_INDEX where the directory has no index of names. */
  constructor(options: DirectoryIndexOptions) {
    this.#options = options;
    this.#tree = new IndexTree({
      attributes: options.attributes,
      name: INDEX_NAME,
      kind: "names",
      indexedType: ATTRIBUTE.fileName,
      collation: COLLATION.fileName,
      clusterSizeBytes: options.clusterSizeBytes,
      path: options.path,
    });
  }

  /**
   * The entry named exactly so, or else the first one that is the same to Windows, unless the directory distinguishes
   * case. A name is found by descending the tree; the rest of the directory is not read.
   */
  find(name: string): IndexEntry | undefined {
    const { collation } = this.#options;
    const target = collation.fold(name);
    const { exact, variant } = this.#descend(target, ({ view, nameAt }) =>
      collation.compareRaw(target, view, nameAt),
    );
    if (exact !== undefined || variant === undefined || this.#options.isCaseSensitive?.()) return exact;
    return this.#descend(target, () => -1).variant;
  }

  /** All entries but the end entries, in the order of the tree. */
  *entries(): Generator<IndexEntry, undefined> {
    let count = 0;
    for (const entry of this.#walk(this.#tree.root, 0, new Set())) {
      if (++count > ENTRY_COUNT_MAX) {
        const message = `the directory has more than ${ENTRY_COUNT_MAX} entries`;
        throw new VmguestError("LIMIT_EXCEEDED", message, { path: this.#options.path });
      }
      yield entry;
    }
  }

  /**
   * One way down the tree, to the entry with which `breakTie` is 0 or else to where it would stand. `variant` is the
   * last entry passed that is the same but for case.
   *
   * Such entries stand next to each other, so the way passes at least one of them, if there are any; with a tie always
   * broken to the left, the last one passed is the first of them.
   */
  #descend(target: FoldedName, breakTie: (entry: IndexEntry) => number): Descent {
    const visited = new Set<number>();
    let variant: IndexEntry | undefined;
    let node = this.#tree.root;
    for (let depth = 1; ; depth++) {
      let childVcn: number | undefined;
      for (const entry of node.entries()) {
        let order = entry.isEnd ? -1 : this.#compare(target, entry);
        if (order === 0) {
          variant = entry;
          order = breakTie(entry);
          if (order === 0) return { exact: entry, variant };
        }
        if (order < 0) {
          childVcn = entry.childVcn;
          break;
        }
      }
      if (childVcn === undefined) return { exact: undefined, variant };
      node = this.#tree.child(childVcn, depth, visited);
    }
  }

  #compare(target: FoldedName, { view, nameAt, nameLengthUnits }: IndexEntry): number {
    return this.#options.collation.compareFolded(target, view, nameAt, nameLengthUnits);
  }

  *#walk(node: IndexNode, depth: number, visited: Set<number>): Generator<IndexEntry, undefined> {
    for (const entry of node.entries()) {
      const { childVcn } = entry;
      if (childVcn !== undefined)
        yield* this.#walk(this.#tree.child(childVcn, depth + 1, visited), depth + 1, visited);
      if (!entry.isEnd) yield entry;
    }
  }
}
