// SPDX-License-Identifier: MIT
import { decodeUtf16 } from "../../bytes/index.ts";
import { VmguestError } from "../../errors.ts";
import { FIXED_FILE_INFO_SIGNATURE, FixedFileInfo, VersionNode } from "./layout.ts";

/** What a version resource says. */
export interface VersionInfo {
  readonly fixed: FixedFileInfo;
  /** Byte offset of `fixed` in the file. */
  readonly fixedOffset: number;
  /** `FileVersion` of the first string table that has one. */
  readonly fileVersionText: string | undefined;
}

/** A node of the resource: where its value begins and where it ends, as offsets into the resource. */
interface Node {
  readonly key: string;
  readonly valueStart: number;
  readonly valueSize: number;
  readonly end: number;
}

/**
 * Parses a version resource; `offset` is where it lies in the file.
 *
 * The numbers must be there, or PE_NO_VERSION is thrown. Texts are for people: where a node of them is damaged, it and
 * what follows are taken as missing. Every node is larger than nothing and inside its parent, so the walk ends.
 */
export function parseVersionInfo(resource: DataView, offset: number): VersionInfo {
  const where = { structure: "version resource", offset };
  const root = readNode(resource, 0, resource.byteLength);
  if (root?.key !== "VS_VERSION_INFO") {
    throw new VmguestError("PE_NO_VERSION", "it does not begin with VS_VERSION_INFO", where);
  }
  if (root.valueSize < FixedFileInfo.sizeBytes || root.valueStart + FixedFileInfo.sizeBytes > root.end) {
    throw new VmguestError("PE_NO_VERSION", "it has no VS_FIXEDFILEINFO", where);
  }
  const fixed = new FixedFileInfo(resource, root.valueStart);
  if (fixed.signature !== FIXED_FILE_INFO_SIGNATURE) {
    throw new VmguestError(
      "PE_NO_VERSION",
      `VS_FIXEDFILEINFO begins with 0x${fixed.signature.toString(16)}`,
      where,
    );
  }
  const children = align(root.valueStart + root.valueSize);
  const fileVersionText = findText(resource, children, root.end, "FileVersion");
  return { fixed, fixedOffset: offset + root.valueStart, fileVersionText };
}

/** Looks through the levels of texts: StringFileInfo, one table for each language, strings. */
function findText(resource: DataView, start: number, end: number, key: string): string | undefined {
  for (const block of nodes(resource, start, end)) {
    if (block.key !== "StringFileInfo") continue;
    for (const table of nodes(resource, block.valueStart, block.end)) {
      for (const text of nodes(resource, table.valueStart, table.end)) {
        // Linkers disagree on whether valueSize counts bytes or units, so the text ends at its NUL.
        if (text.key === key) return readText(resource, text.valueStart, text.end);
      }
    }
  }
  return undefined;
}

function* nodes(resource: DataView, start: number, end: number): Generator<Node> {
  let at = start;
  while (at < end) {
    const node = readNode(resource, at, end);
    if (node === undefined) return;
    yield node;
    at = align(node.end);
  }
}

/** The node at `at`, or undefined where it is not one that lies inside `end`. */
function readNode(resource: DataView, at: number, end: number): Node | undefined {
  if (at + VersionNode.sizeBytes > end) return undefined;
  const { sizeBytes, valueSize } = new VersionNode(resource, at);
  const nodeEnd = at + sizeBytes;
  if (sizeBytes < VersionNode.sizeBytes || nodeEnd > end) return undefined;
  const keyStart = at + VersionNode.sizeBytes;
  const key = readText(resource, keyStart, nodeEnd);
  const valueStart = align(keyStart + (key.length + 1) * 2);
  return { key, valueStart, valueSize, end: nodeEnd };
}

/** UTF-16 text up to its NUL, or to `end`. */
function readText(resource: DataView, start: number, end: number): string {
  let stop = start;
  while (stop + 1 < end && resource.getUint16(stop, true) !== 0) stop += 2;
  return decodeUtf16(resource, start, Math.max(0, stop - start));
}

/** Everything in a version resource begins at a multiple of 4. */
function align(offset: number): number {
  return Math.ceil(offset / 4) * 4;
}
