// SPDX-License-Identifier: MIT
import { type Finding, finding, locate, VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import { type Found, joinPath, namedChildren, walk } from "./directory-walk.ts";
import { FindingList } from "./finding-list.ts";
import { foldCase, pathParts } from "./names.ts";
import { openTree } from "./open-tree.ts";
import type { DiscEntryType, DiscKind, DiscNode, DiscTree } from "./tree.ts";

/** A file or directory of a disc. */
export interface DiscEntry {
  /** From the root, with `/`; every part of it is safe: not empty, `.` or `..`, without separators and NUL. */
  readonly path: string;
  readonly isDirectory: boolean;
  readonly type: DiscEntryType;
  /** Bytes of a file; 0 for everything else. */
  readonly sizeBytes: number;
  /**
   * ISO 8601: in UTC with `Z`, or as the clock of the recording computer stood, without it, where the disc does not say
   * its zone; null where it is no date.
   */
  readonly modified: string | null;
}

/**
 * The image of an optical disc, read in place: ISO 9660 with Joliet or Rock Ridge, and UDF 1.02 to 2.60.
 *
 * A disc may have several file systems with the same files. The one that is used is the first that can be read of UDF,
 * Joliet, Rock Ridge and plain ISO 9660, whose names are the worst; `findings` says where one had to be passed over.
 */
export class DiscImage {
  readonly kind: DiscKind;
  /** Name of the volume. */
  readonly label: string;
  readonly #tree: DiscTree;
  readonly #findings: FindingList;
  /** What the entries that were given out stand for. */
  readonly #nodes = new WeakMap<DiscEntry, DiscNode>();

  /**
   * Opens an image. Reads its descriptors and the root directory. Throws DISC_NOT where it is something else, and the
   * error of the preferred file system where none on it can be read.
   */
  static open(source: ByteSource): DiscImage {
    const findings = new FindingList();
    const tree = openTree(source, (found) => findings.add(found));
    if (tree.endOffset > source.sizeBytes) {
      const message = `the volume ends at 0x${tree.endOffset.toString(16)}, but the image has ${source.sizeBytes} bytes`;
      findings.add(finding("DISC_TRUNCATED", message, { structure: "volume", offset: source.sizeBytes }));
    }
    return new DiscImage(tree, findings);
  }

  private constructor(tree: DiscTree, findings: FindingList) {
    this.kind = tree.kind;
    this.label = tree.label;
    this.#tree = tree;
    this.#findings = findings;
  }

  /** What was damaged or strange in all that was read so far: the first hundred of it. */
  get findings(): readonly Finding[] {
    return this.#findings.all;
  }

  /**
   * Everything on the disc, or below one directory: depth first, in stored order, read as it is asked for. What is
   * damaged is left out, with a finding.
   */
  *list(below?: DiscEntry): Generator<DiscEntry> {
    const start = below === undefined ? { path: "", node: this.#tree.root } : this.#found(below);
    if (start.node.type !== "directory") return;
    for (const found of walk(start, this.#note)) yield this.#entry(found);
  }

  /**
   * The file or directory at a path from the root; `/` and `\` both separate. Reads the directories on the way and
   * nothing else.
   *
   * Names are compared in upper case, character by character; one that is spelled exactly so comes first. Undefined
   * where there is none; throws where a directory on the way is damaged before the name is met.
   */
  find(path: string): DiscEntry | undefined {
    let found: Found = { path: "", node: this.#tree.root };
    const parts = pathParts(path);
    if (parts.length === 0) return undefined;
    for (const part of parts) {
      if (found.node.type !== "directory") return undefined;
      const child = this.#findChild(found, part);
      if (child === undefined) return undefined;
      found = child;
    }
    return this.#entry(found);
  }

  #findChild({ path, node }: Found, wanted: string): Found | undefined {
    return locate({ path }, () => {
      const folded = foldCase(wanted);
      let similar: Found | undefined;
      try {
        for (const { name, child } of namedChildren(node, path, this.#note)) {
          if (name === wanted) return { path: joinPath(path, name), node: child.node() };
          if (similar === undefined && foldCase(name) === folded) {
            similar = { path: joinPath(path, name), node: child.node() };
          }
        }
      } catch (error) {
        // Damage behind the entry that was found is no reason to withhold it.
        if (similar === undefined) throw error;
      }
      return similar;
    });
  }

  /** The bytes of a file, in place. Throws DISC_NOT_A_FILE, DISC_TRUNCATED, UDF_ALLOCATION, ISO_UNSUPPORTED, ... */
  open(entry: DiscEntry): ByteSource {
    const { path, node } = this.#found(entry);
    if (node.type !== "file") {
      throw new VmguestError("DISC_NOT_A_FILE", `the entry is a ${node.type}`, { path });
    }
    return locate({ path }, () => node.content());
  }

  #found(entry: DiscEntry): Found {
    const node = this.#nodes.get(entry);
    if (node !== undefined) return { path: entry.path, node };
    throw new VmguestError("USAGE", "the entry was not given out by this image", { path: entry.path });
  }

  #entry({ path, node }: Found): DiscEntry {
    const { type, modified } = node;
    const sizeBytes = type === "file" ? node.sizeBytes : 0;
    const entry = { path, isDirectory: type === "directory", type, sizeBytes, modified };
    this.#nodes.set(entry, node);
    return entry;
  }

  readonly #note = (found: Finding) => this.#findings.add(found);
}
