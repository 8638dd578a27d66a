// SPDX-License-Identifier: MIT
import { type Finding, VmguestError } from "../../../errors.ts";
import type { Phase, WritableSource } from "../../../io/index.ts";
import { ATTRIBUTE, FileName, RECORD_FLAGS, StandardInformation } from "../layout.ts";
import { openNtfs } from "../ntfs-volume.ts";
import type { BitStore } from "./bit-store.ts";
import type {
  ChangeOptions,
  ContentOptions,
  CreateOptions,
  MadeFile,
  VolumeRange,
} from "./change-options.ts";
import type { Directory } from "./directory.ts";
import {
  type Content,
  clustersOf,
  type DataSizes,
  extendContent,
  putContent,
  requirePlainFile,
  sizesOf,
  sourceOf,
  writtenBytesOf,
} from "./file-data.ts";
import { isShortName, makeShortName, requireLegalName } from "./names.ts";
import { addEmptyIndex, addStandardInformation, encodeNames } from "./new-record.ts";
import { Paths } from "./paths.ts";
import { requireWritable } from "./preflight.ts";
import { RecordEditor } from "./record-editor.ts";
import { SecurityChoice } from "./security-choice.ts";
import { claimVolume } from "./sole-writer.ts";
import { encodeEntry, keyOf } from "./tree-node.ts";
import { type NtfsWriterOptions, openParts } from "./volume-parts.ts";
import type { Workspace } from "./workspace.ts";

/** FILE_ATTRIBUTE_* bits that a new file may be given: read-only, hidden, system, archive, not indexed. */
const ATTRIBUTES_ALLOWED = 0x2027;
const ARCHIVE = 0x20;

/**
 * Changes files of an NTFS volume. Everything goes to the {@link WritableSource} in the phases that keep the volume sound
 * at every moment of writing them to the disk (docs/ntfs-write.md); an operation that throws has changed nothing.
 *
 * The caller may set fences between operations. Nobody else may write to the metadata of the volume, not even another
 * writer. Paths are relative to the volume's root, and lead through no links.
 */
export class NtfsWriter {
  readonly #space: Workspace;
  readonly #bitmap: BitStore;
  readonly #paths: Paths;
  readonly #security: SecurityChoice;

  private constructor(volume: WritableSource, options: NtfsWriterOptions) {
    const opened = openNtfs(volume);
    requireWritable(opened);
    const { space, bitmap } = openParts(opened, volume, options);
    claimVolume(volume, options.volumeOffset ?? 0);
    this.#space = space;
    this.#bitmap = bitmap;
    this.#paths = new Paths(space);
    this.#security = new SecurityChoice(space);
  }

  /**
   * Throws what makes it unsafe to write to the volume: NTFS_DIRTY, NTFS_LOG_UNCLEAN, GUEST_HIBERNATED and their kin, and
   * TypeError where the volume has a writer on this overlay already.
   */
  static open(volume: WritableSource, options: NtfsWriterOptions = {}): NtfsWriter {
    return new NtfsWriter(volume, options);
  }

  /**
   * Whether the volume is sound at every moment of writing the changes so far. False where the order of writing does not
   * do, as something has to be written in one go that lies in two pages of the disk; {@link findings} says what.
   */
  get isSoundThroughout(): boolean {
    return this.findings.length === 0;
  }

  /** NTFS_WRITE_TEARABLE for each thing that a power failure could leave half written. */
  get findings(): readonly Finding[] {
    return this.#space.tears.findings;
  }

  /** Throws NTFS_WRITE_NAME, NTFS_WRITE_EXISTS, NOT_FOUND for the directory it is to stand in, or why it has no room. */
  createDirectory(path: string, options: CreateOptions): MadeFile {
    return this.#run(() => this.#create(path, options, undefined));
  }

  /** Throws the same as {@link createDirectory}. */
  createFile(path: string, content: Content, options: CreateOptions): MadeFile {
    return this.#run(() => this.#create(path, options, content));
  }

  /**
   * Gives a plain file another content, by leading its record to new clusters: a reader finds all of the old one or all of
   * the new one. Throws NTFS_WRITE_TARGET for a file that is not plain, or has hard links.
   */
  replaceContent(path: string, content: Content, options: ContentOptions): void {
    this.#run(() => {
      const { editor } = this.#fileAt(path);
      const before = clustersOf(this.#space, editor);
      const sizes = putContent(this.#space, editor, sourceOf(content));
      if (before !== undefined) this.#space.clusters.give(before.runs);
      this.#writeSizes(editor, sizes, options);
    });
  }

  /**
   * Changes bytes of a plain file where they are. Throws NTFS_WRITE_RANGE where they were never written.
   *
   * Every 4 KiB of the file, counted from its start, reach the disk whole or not at all, or {@link findings} names the file.
   */
  overwrite(path: string, offset: number, bytes: Uint8Array, phase: Phase): void {
    this.#run(() => {
      const { editor } = this.#fileAt(path);
      const file = clustersOf(this.#space, editor);
      const writtenBytes = writtenBytesOf(editor);
      if (offset < 0 || offset + bytes.length > writtenBytes) {
        const message = `bytes up to 0x${(offset + bytes.length).toString(16)} were to be changed, but 0x${writtenBytes.toString(16)} are written`;
        throw new VmguestError("NTFS_WRITE_RANGE", message, { path, offset });
      }
      if (file !== undefined) {
        const { tears, draft } = this.#space;
        tears.noteOverwrite(file, { offset, bytes, round: draft.overlay.round }, { path });
        file.write(offset, bytes, phase);
        return;
      }
      editor.updateValue(ATTRIBUTE.data, (value) => {
        new Uint8Array(value.buffer, value.byteOffset, value.byteLength).set(bytes, offset);
      });
      this.#space.records.write(editor, phase);
    });
  }

  /**
   * Where the bytes of a plain file lie on the volume, in their order. What is in the file's record has no place of its
   * own, and what was never written or is past the end has none; it is left out.
   */
  locate(path: string, offset: number, length: number): readonly VolumeRange[] {
    return this.#run(() => {
      const { editor } = this.#fileAt(path);
      const file = clustersOf(this.#space, editor);
      const from = Math.max(0, offset);
      const until = Math.min(offset + length, writtenBytesOf(editor));
      if (file === undefined || until <= from) return [];
      const stretches = [...file.stretches(from, until - from)];
      return stretches.map((stretch) => ({ volumeOffset: stretch.offset, length: stretch.length }));
    });
  }

  /**
   * Makes a plain file that long, with zeros behind what it has, all of it written. A file that is so already stays as it
   * is, its times too. Throws NTFS_WRITE_RANGE where it is longer.
   */
  extend(path: string, sizeBytes: number, options: ContentOptions): void {
    this.#run(() => {
      const { editor } = this.#fileAt(path);
      const { dataBytes } = sizesOf(editor);
      if (sizeBytes < dataBytes) {
        const message = `the file has ${dataBytes} bytes, and was to be cut to ${sizeBytes}`;
        throw new VmguestError("NTFS_WRITE_RANGE", message, { path });
      }
      if (writtenBytesOf(editor) === sizeBytes) return;
      this.#writeSizes(editor, extendContent(this.#space, editor, sizeBytes), options);
    });
  }

  /** Deletes a file that the caller made. Throws NTFS_WRITE_NOT_MADE where the path leads to any other. */
  deleteFile(path: string, made: MadeFile, options: ChangeOptions): void {
    this.#run(() => {
      const { editor, parent } = this.#fileAt(path);
      this.#delete(editor, parent, { path, made, ...options });
    });
  }

  /** Deletes an empty directory that the caller made. Throws NTFS_WRITE_NOT_EMPTY, NTFS_WRITE_NOT_MADE. */
  deleteDirectory(path: string, made: MadeFile, options: ChangeOptions): void {
    this.#run(() => {
      const directory = this.#paths.directory(path);
      const { editor, parent } = this.#paths.find(path);
      if (directory.names.first(1).length > 0) {
        throw new VmguestError("NTFS_WRITE_NOT_EMPTY", "the directory is not empty", { path });
      }
      this.#delete(editor, parent, { path, made, ...options });
    });
  }

  #create(path: string, options: CreateOptions, content: Content | undefined): MadeFile {
    const { time, securityLike } = options;
    const { records, context, geometry } = this.#space;
    const { parentPath, name } = this.#paths.split(path);
    requireLegalName(name, path);
    const parent = this.#paths.directory(parentPath);
    const isTaken = (candidate: string) => parent.find(candidate) !== undefined;
    if (isTaken(name)) throw new VmguestError("NTFS_WRITE_EXISTS", "the name is taken already", { path });
    const isDirectory = content === undefined;
    const isShort = isShortName(name);
    const makesShort = !isShort && options.makesShortName !== false;
    const shortName = makesShort ? makeShortName(name, context.collation, isTaken) : undefined;
    const securityId =
      securityLike === undefined
        ? this.#security.forNew(parent, isDirectory, path)
        : this.#security.like(this.#paths.find(securityLike).editor.recordNumber, securityLike);
    const attributes = (options.attributes ?? (isDirectory ? 0 : ARCHIVE)) & ATTRIBUTES_ALLOWED;

    const taken = records.take();
    const flags = RECORD_FLAGS.inUse + (isDirectory ? RECORD_FLAGS.directory : 0);
    const editor = RecordEditor.blank({ ...taken, flags }, taken.previous);
    addStandardInformation(editor, { time, attributes, securityId });
    const facts = { parent, time, attributes, isDirectory };
    const namesWith = (sizes: DataSizes) => encodeNames(name, { shortName, isShort, ...facts, sizes });
    for (const value of namesWith({ dataBytes: 0, allocatedBytes: 0 })) editor.addName(value);
    let sizes = { dataBytes: 0, allocatedBytes: 0 };
    if (content === undefined) {
      addEmptyIndex(editor, parent.format.blockSizeBytes, geometry.clusterSizeBytes);
    } else {
      sizes = putContent(this.#space, editor, sourceOf(content));
      setSizes(editor, sizes);
    }
    records.write(editor, "records");
    for (const key of namesWith(sizes)) parent.names.insert(encodeEntry(taken, key));
    parent.write(time);
    return { recordNumber: taken.recordNumber, sequence: taken.sequence, shortName };
  }

  /** Writes a record whose data has other sizes now, and says so in the directory too. */
  #writeSizes(editor: RecordEditor, sizes: DataSizes, { time, phase = "records" }: ContentOptions): void {
    editor.updateValue(ATTRIBUTE.standardInformation, (value) => {
      Object.assign(new StandardInformation(value), { modified: time, changed: time });
    });
    setSizes(editor, sizes);
    this.#space.records.write(editor, phase);
    for (const [directory, name] of this.#paths.namesOf(editor)) {
      const entry = directory.names.require(name).slice();
      Object.assign(keyOf(entry), {
        dataSize: sizes.dataBytes,
        allocatedSize: sizes.allocatedBytes,
        modified: time,
        changed: time,
      });
      directory.names.replace(entry);
      directory.write();
    }
  }

  #delete(
    editor: RecordEditor,
    parent: Directory,
    { path, made, time }: { path: string; made: MadeFile } & ChangeOptions,
  ): void {
    const { recordNumber } = editor;
    if (recordNumber !== made.recordNumber || editor.sequence !== made.sequence) {
      throw new VmguestError("NTFS_WRITE_NOT_MADE", "is not the one that was made", { path });
    }
    const record = editor.snapshot();
    // $ObjId and $Reparse refer to files that have these, and are not changed here.
    if (editor.find(ATTRIBUTE.objectId) !== undefined || editor.find(ATTRIBUTE.reparsePoint) !== undefined) {
      throw new VmguestError("NTFS_WRITE_TARGET", "an index of the volume refers to the file", { path });
    }
    const directories = new Set([parent]);
    for (const [directory, name] of this.#paths.namesOf(editor)) {
      directory.names.remove(name);
      directories.add(directory);
    }
    for (const directory of directories) directory.write(time);
    for (const { isResident, type, name } of record.attributes) {
      if (!isResident) this.#space.clusters.give(this.#space.fileOf(record, { type, name }).runs);
    }
    this.#space.records.free(recordNumber);
    this.#paths.forget(recordNumber);
  }

  #fileAt(path: string): { editor: RecordEditor; parent: Directory } {
    const found = this.#paths.find(path);
    requirePlainFile(found.editor, path);
    return found;
  }

  /** Runs one operation, all of it or nothing. */
  #run<T>(work: () => T): T {
    const { draft, records, tears } = this.#space;
    try {
      const result = work();
      draft.commit();
      for (const part of [this.#bitmap, records, tears, this.#paths]) part.commit();
      return result;
    } catch (error) {
      draft.discard();
      for (const part of [this.#bitmap, records, tears, this.#paths]) part.discard();
      throw error;
    }
  }
}

/** Repeats the sizes of the data in the names of the record, as the directory has them. */
function setSizes(editor: RecordEditor, { dataBytes, allocatedBytes }: DataSizes): void {
  editor.updateNames((value) => {
    Object.assign(new FileName(value), { dataSize: dataBytes, allocatedSize: allocatedBytes });
  });
}
