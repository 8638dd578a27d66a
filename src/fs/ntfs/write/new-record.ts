// SPDX-License-Identifier: MIT
import { encodeUtf16 } from "../../../bytes/index.ts";
import {
  ATTRIBUTE,
  COLLATION,
  FILE_NAME_FLAGS,
  FIXUP_STRIDE_BYTES,
  FileName,
  IndexRoot,
  NAMESPACE,
  StandardInformation,
  StandardInformationTail,
} from "../layout.ts";
import type { DataSizes } from "./file-data.ts";
import type { RecordEditor } from "./record-editor.ts";
import { encodeRoot } from "./tree-node.ts";

const INDEX_NAME = "$I30";

/** What all names of a new file repeat. */
export interface NameFacts {
  readonly parent: { readonly recordNumber: number; readonly sequence: number };
  readonly time: bigint;
  /** FILE_ATTRIBUTE_* bits, without the directory bit. */
  readonly attributes: number;
  readonly isDirectory: boolean;
  readonly sizes: DataSizes;
}

/** A $FILE_NAME, as it stands in the record and, the same bytes, in the directory. */
function encodeName(name: string, namespace: number, facts: NameFacts): Uint8Array {
  const { parent, time, attributes, isDirectory, sizes } = facts;
  const bytes = new Uint8Array(FileName.sizeBytes + name.length * 2);
  Object.assign(new FileName(new DataView(bytes.buffer)), {
    parentRecord: parent.recordNumber,
    parentSequence: parent.sequence,
    created: time,
    modified: time,
    changed: time,
    accessed: time,
    allocatedSize: sizes.allocatedBytes,
    dataSize: sizes.dataBytes,
    flags: attributes + (isDirectory ? FILE_NAME_FLAGS.directory : 0),
    nameLength: name.length,
    namespace,
  });
  bytes.set(encodeUtf16(name), FileName.sizeBytes);
  return bytes;
}

/** Which names a new file has besides what they repeat. */
export interface NameChoice extends NameFacts {
  /** Whether the name is 8.3 itself. */
  readonly isShort: boolean;
  /** The 8.3 name beside it; undefined where it has none. */
  readonly shortName: string | undefined;
}

/** The names of a new file: one, or a long and a short one. */
export function encodeNames(name: string, choice: NameChoice): Uint8Array[] {
  const { isShort, shortName } = choice;
  if (isShort) return [encodeName(name, NAMESPACE.win32AndDos, choice)];
  // Where Windows makes no short names, it gives long ones the namespace that has none.
  if (shortName === undefined) return [encodeName(name, NAMESPACE.posix, choice)];
  return [encodeName(name, NAMESPACE.win32, choice), encodeName(shortName, NAMESPACE.dos, choice)];
}

/** Adds the $STANDARD_INFORMATION of 72 bytes that files with shared permissions have. */
export function addStandardInformation(
  editor: RecordEditor,
  { time, attributes, securityId }: { time: bigint; attributes: number; securityId: number },
): void {
  const { sizeBytes } = StandardInformation;
  const view = new DataView(new ArrayBuffer(sizeBytes + StandardInformationTail.sizeBytes));
  Object.assign(new StandardInformation(view), {
    created: time,
    modified: time,
    changed: time,
    accessed: time,
    attributes,
  });
  new StandardInformationTail(view, sizeBytes).securityId = securityId;
  editor.setResident(ATTRIBUTE.standardInformation, "", new Uint8Array(view.buffer));
}

/** Adds an index without entries: an empty directory. */
export function addEmptyIndex(editor: RecordEditor, blockSizeBytes: number, clusterSizeBytes: number): void {
  const head = new DataView(new ArrayBuffer(IndexRoot.sizeBytes));
  const vcnSizeBytes = clusterSizeBytes <= blockSizeBytes ? clusterSizeBytes : FIXUP_STRIDE_BYTES;
  Object.assign(new IndexRoot(head), {
    indexedType: ATTRIBUTE.fileName,
    collation: COLLATION.fileName,
    blockSize: blockSizeBytes,
    clustersPerBlock: blockSizeBytes / vcnSizeBytes,
  });
  const root = { block: undefined, parent: undefined, entries: [], children: [], updateSequence: 0, lsn: 0n };
  const value = encodeRoot(root, { blockSizeBytes, vcnSizeBytes }, new Uint8Array(head.buffer));
  editor.setResident(ATTRIBUTE.indexRoot, INDEX_NAME, value);
}
