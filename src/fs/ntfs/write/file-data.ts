// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";
import { type ByteSource, MemorySource, readBytes } from "../../../io/index.ts";
import { ATTRIBUTE, FileName, NAMESPACE, RECORD_FLAGS } from "../layout.ts";
import { align8, encodeResident } from "./attribute-encoder.ts";
import type { ClusterFile } from "./cluster-file.ts";
import type { RecordEditor } from "./record-editor.ts";
import { countClusters, type Run } from "./run-encoder.ts";
import type { Workspace } from "./workspace.ts";

/** Contents are copied in pieces of this size. */
const COPY_STEP_BYTES = 1024 * 1024;

/** What can be put into a file. */
export type Content = Uint8Array | ByteSource;

/** How long the unnamed data of a file is, and how much of the volume it takes: what directories repeat. */
export interface DataSizes {
  readonly dataBytes: number;
  readonly allocatedBytes: number;
}

export function sourceOf(content: Content): ByteSource {
  return content instanceof Uint8Array ? new MemorySource(content) : content;
}

/** A content with zeros behind it. */
function padded(content: Uint8Array, sizeBytes: number): ByteSource {
  return {
    sizeBytes,
    read(offset, length) {
      const bytes = new Uint8Array(length);
      bytes.set(content.subarray(offset, offset + length));
      return new DataView(bytes.buffer);
    },
  };
}

/** Throws NTFS_WRITE_TARGET unless the file is a plain one: one FILE record, one name, data stored as it is. */
export function requirePlainFile(editor: RecordEditor, path: string): void {
  const refuse = (message: string) => new VmguestError("NTFS_WRITE_TARGET", message, { path });
  if ((editor.header.flags & RECORD_FLAGS.directory) !== 0) {
    throw new VmguestError("NTFS_IS_A_DIRECTORY", "is a directory", { path });
  }
  if (editor.find(ATTRIBUTE.attributeList) !== undefined) throw refuse("the file takes several FILE records");
  if (editor.find(ATTRIBUTE.reparsePoint) !== undefined) throw refuse("the file is a reparse point");
  const longNames = editor.names.filter((value) => namespaceOf(value) !== NAMESPACE.dos);
  if (longNames.length !== 1) throw refuse(`the file has ${longNames.length} names`);
  const data = editor.find(ATTRIBUTE.data);
  if (data === undefined) throw refuse("the file has no unnamed data");
  if (data.flags !== 0) throw refuse("the data is compressed, sparse or encrypted");
}

/** The data of a file, where it lies in clusters. */
export function clustersOf(space: Workspace, editor: RecordEditor): ClusterFile | undefined {
  const data = editor.find(ATTRIBUTE.data);
  if (data === undefined || data.isResident) return undefined;
  return space.fileOf(editor.snapshot(), { type: ATTRIBUTE.data });
}

/** The sizes that a record gives of its file's data. */
export function sizesOf(editor: RecordEditor): DataSizes {
  const data = editor.find(ATTRIBUTE.data);
  if (data === undefined) return { dataBytes: 0, allocatedBytes: 0 };
  if (data.isResident) return residentSizes(data.value.byteLength);
  return data.sizes;
}

/** Bytes from the start of a file that were written; behind them it reads as zeros, whatever its clusters hold. */
export function writtenBytesOf(editor: RecordEditor): number {
  const data = editor.find(ATTRIBUTE.data);
  if (data === undefined) return 0;
  return data.isResident ? data.value.byteLength : data.sizes.initializedBytes;
}

/**
 * Puts content into the record of a file: into the record itself where it fits, else into clusters that are taken for it.
 * The record is not written here.
 */
export function putContent(space: Workspace, editor: RecordEditor, content: ByteSource): DataSizes {
  const { sizeBytes } = content;
  editor.remove(ATTRIBUTE.data);
  const room = editor.freeBytes;
  if (
    sizeBytes < room &&
    encodeResident({ type: ATTRIBUTE.data, id: 0 }, new Uint8Array(sizeBytes)).length <= room
  ) {
    editor.setResident(ATTRIBUTE.data, "", readBytes(content, 0, sizeBytes).slice());
    return residentSizes(sizeBytes);
  }
  const { clusterSizeBytes } = space.geometry;
  const runs = space.clusters.take(Math.ceil(sizeBytes / clusterSizeBytes));
  const file = space.emptyFile.extended(runs);
  for (let at = 0; at < sizeBytes; at += COPY_STEP_BYTES) {
    file.writeThrough(at, readBytes(content, at, Math.min(COPY_STEP_BYTES, sizeBytes - at)));
  }
  zero(file, sizeBytes, file.sizeBytes);
  return putRuns(space, editor, file.runs, sizeBytes);
}

/** Makes the data of a file so long, all of it written. The record is not written here. */
export function extendContent(space: Workspace, editor: RecordEditor, sizeBytes: number): DataSizes {
  const data = editor.find(ATTRIBUTE.data);
  const file = clustersOf(space, editor);
  if (data === undefined || file === undefined) {
    const value = data?.value ?? new DataView(new ArrayBuffer(0));
    const content = new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice();
    return putContent(space, editor, padded(content, sizeBytes));
  }
  const { clusterSizeBytes } = space.geometry;
  const missing = Math.ceil(Math.max(0, sizeBytes - file.sizeBytes) / clusterSizeBytes);
  const longer = file.extended(space.clusters.take(missing, file.nextLcn));
  // What was never written reads as zeros so far, and as what is in the clusters from now on.
  zero(longer, data.sizes.initializedBytes, longer.sizeBytes);
  return putRuns(space, editor, longer.runs, sizeBytes);
}

/** Says in a record that its file's data lies in these clusters, all of it written. */
function putRuns(space: Workspace, editor: RecordEditor, runs: readonly Run[], dataBytes: number): DataSizes {
  const { clusterSizeBytes } = space.geometry;
  editor.setNonResident(ATTRIBUTE.data, "", { runs, clusterSizeBytes, dataBytes });
  return { dataBytes, allocatedBytes: countClusters(runs) * clusterSizeBytes };
}

/** Fills what nobody can read yet with zeros. */
function zero(file: ClusterFile, from: number, to: number): void {
  const zeros = new Uint8Array(Math.min(COPY_STEP_BYTES, Math.max(0, to - from)));
  for (let at = from; at < to; at += zeros.length)
    file.writeThrough(at, zeros.subarray(0, Math.min(zeros.length, to - at)));
}

function residentSizes(dataBytes: number): DataSizes {
  return { dataBytes, allocatedBytes: align8(dataBytes) };
}

function namespaceOf(value: Uint8Array): number {
  return new FileName(new DataView(value.buffer, value.byteOffset, value.byteLength)).namespace;
}
