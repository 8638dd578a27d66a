// SPDX-License-Identifier: MIT
import { encodeUtf16 } from "../../../src/bytes/index.ts";
import {
  ATTRIBUTE,
  FILE_NAME_FLAGS,
  RECORD,
  RECORD_FLAGS,
  ReparsePoint,
  StandardInformation,
  StandardInformationTail,
  VolumeInformation,
} from "../../../src/fs/ntfs/layout.ts";
import { encodeAttribute, type LabAttribute } from "./attributes.ts";
import { type ClusterWriter, toBytes } from "./cluster-writer.ts";
import { encodeIndex, type IndexFormat, type LabIndex, type LabIndexEntry } from "./index-tree.ts";
import { compareNames, encodeFileName, LAB_TIME } from "./names.ts";
import type { FileOptions, NtfsOptions } from "./options.ts";
import { encodeFile, type RecordFormat, roomInRecord, type SpreadOptions } from "./records.ts";
import type { Run } from "./runs.ts";
import { encodeSecurity } from "./security.ts";
import { type LabFile, type LabName, toOptions } from "./tree.ts";

const INDEX_NAME = "$I30";
/** Runs in one extent where nothing else is asked for: about half of a 1 KiB record. */
const RUNS_PER_EXTENT = 60;
const SECURITY_ID = 0x100;
const FIRST_EXTENSION_OF_MFT = 16;

/** Turns planned files into attributes and records. */
export class FileEncoder {
  readonly #clusters: ClusterWriter;
  readonly #format: RecordFormat;
  readonly #options: NtfsOptions;
  readonly #indexRuns = new Map<string, Run[]>();
  #nextRecord: number;

  constructor(clusters: ClusterWriter, format: RecordFormat, options: NtfsOptions, nextRecord: number) {
    this.#clusters = clusters;
    this.#format = format;
    this.#options = options;
    this.#nextRecord = nextRecord;
  }

  /** The first record number that no file has taken. */
  get nextRecord(): number {
    return this.#nextRecord;
  }

  /** Attributes of what a file or directory holds. */
  contentOf(file: LabFile): LabAttribute[] {
    const { streams = {}, reparse } = file.options;
    const named = Object.entries(streams).map(([name, stream]) =>
      this.#clusters.attribute(ATTRIBUTE.data, name, toOptions(stream)),
    );
    const reparsePoint = reparse === undefined ? [] : [encodeReparsePoint(reparse)];
    const { ownDescriptor: value } = file.options;
    const descriptor = value === undefined ? [] : [{ type: ATTRIBUTE.securityDescriptor, value }];
    const content = file.isDirectory
      ? this.#directory(file)
      : [this.#clusters.attribute(ATTRIBUTE.data, "", file.options)];
    return [...content, ...named, ...reparsePoint, ...descriptor];
  }

  /** The records of a file: with its standard information and names, and its extensions where it needs them. */
  encode(file: LabFile, content: readonly LabAttribute[], flags: number): Map<number, Uint8Array> {
    const attributes: LabAttribute[] = [
      { type: ATTRIBUTE.standardInformation, value: encodeStandardInformation(file.options) },
      ...file.names.map((name) => ({
        type: ATTRIBUTE.fileName,
        value: encodeFileName(keyOf(name, file)),
        isIndexed: true,
      })),
      ...content,
    ];
    const head = {
      recordNumber: file.recordNumber,
      sequence: file.sequence,
      flags: RECORD_FLAGS.inUse | (file.isDirectory ? RECORD_FLAGS.directory : 0) | flags,
      linkCount: file.names.length,
    };
    const size = attributes.reduce((total, attribute) => total + encodeAttribute(attribute, 0).length, 0);
    const isSpread = file.options.attributeList !== undefined || this.#isMftSpread(file);
    const isTooLong = size > roomInRecord(this.#format.recordSizeBytes);
    return encodeFile(head, attributes, this.#format, isSpread || isTooLong ? this.#spread(file) : undefined);
  }

  volumeContent(): LabAttribute[] {
    const { label = "", version: [majorVersion, minorVersion] = [3, 1], volumeFlags = 0 } = this.#options;
    const information = new VolumeInformation(new DataView(new ArrayBuffer(VolumeInformation.sizeBytes)));
    Object.assign(information, { majorVersion, minorVersion, flags: volumeFlags });
    return [
      { type: ATTRIBUTE.volumeName, value: encodeUtf16(label) },
      { type: ATTRIBUTE.volumeInformation, value: new Uint8Array(information.view.buffer) },
      { type: ATTRIBUTE.data, value: new Uint8Array(0) },
    ];
  }

  /** $Secure: the stream of descriptors, and the index by number; the one by hash stays empty. */
  secureContent(): LabAttribute[] {
    const { descriptors = new Map(), securityFanOut } = this.#options;
    const { stream, entries } = encodeSecurity(descriptors);
    const index = (name: string, collation: number, sorted: readonly LabIndexEntry[]): LabAttribute[] => {
      const format = {
        ...this.#indexFormat(rootRoom(this.#format) / 2, securityFanOut),
        indexedType: 0,
        collation,
      };
      const { root, blocks } = encodeIndex(sorted, format);
      return [
        { type: ATTRIBUTE.indexRoot, name, value: root },
        ...this.#indexBlocks({ path: `$Secure:${name}`, options: {} }, { root, blocks }, name),
      ];
    };
    return [
      this.#clusters.attribute(ATTRIBUTE.data, "$SDS", { content: stream }),
      ...index("$SDH", 0x12, []),
      ...index("$SII", 0x10, entries),
    ];
  }

  mftContent(
    runs: readonly Run[],
    recordCount: number,
    records: ReadonlyMap<number, Uint8Array>,
  ): LabAttribute[] {
    const { recordSizeBytes } = this.#format;
    const bitmap = new Uint8Array(Math.ceil(recordCount / 64) * 8);
    const inUse = [...records.keys(), RECORD.mft, RECORD.mftMirror, RECORD.bitmap, RECORD.badClusters];
    const extensions = this.#options.mftAttributeList === undefined ? 0 : runs.length - 1;
    for (let index = 0; index < extensions; index++) inUse.push(FIRST_EXTENSION_OF_MFT + index);
    for (const recordNumber of inUse) {
      bitmap[recordNumber >> 3] = (bitmap[recordNumber >> 3] ?? 0) | (1 << (recordNumber & 7));
    }
    return [
      {
        type: ATTRIBUTE.data,
        runs,
        clusterSizeBytes: this.#clusters.clusterSizeBytes,
        dataBytes: recordCount * recordSizeBytes,
      },
      this.#clusters.attribute(ATTRIBUTE.bitmap, "", { content: bitmap, storage: "clusters" }),
    ];
  }

  /** Byte offsets on the volume of a directory's index blocks. */
  indexBlockOffsets(path: string): number[] {
    const { clusterSizeBytes } = this.#clusters;
    const blockSizeBytes = this.#indexFormat(0).blockSizeBytes;
    const starts = (this.#indexRuns.get(path) ?? []).flatMap(({ lcn = 0, lengthClusters }) =>
      Array.from({ length: lengthClusters }, (_, index) => (lcn + index) * clusterSizeBytes),
    );
    if (clusterSizeBytes < blockSizeBytes) {
      return starts.filter((_, index) => (index * clusterSizeBytes) % blockSizeBytes === 0);
    }
    return starts.flatMap((start) =>
      Array.from({ length: clusterSizeBytes / blockSizeBytes }, (_, index) => start + index * blockSizeBytes),
    );
  }

  #directory(file: LabFile): LabAttribute[] {
    const sorted = file.children
      .map(({ name, file: child }) => ({
        name: name.name,
        key: encodeFileName(keyOf(name, child)),
        recordNumber: child.recordNumber,
        sequence: child.sequence,
      }))
      .toSorted((one, other) => compareNames(one.name, other.name));
    const index = encodeIndex(sorted, this.#indexFormat(rootRoom(this.#format), file.options.fanOut));
    return [
      { type: ATTRIBUTE.indexRoot, name: INDEX_NAME, value: index.root },
      ...this.#indexBlocks(file, index),
    ];
  }

  #indexBlocks(
    { path, options }: Pick<LabFile, "path" | "options">,
    { blocks }: LabIndex,
    name = INDEX_NAME,
  ): LabAttribute[] {
    if (blocks.length === 0) return [];
    const runs = this.#clusters.store(blocks, options.pieceClusters);
    this.#indexRuns.set(path, runs);
    const blockCount = blocks.length / this.#indexFormat(0).blockSizeBytes;
    const bitmap = new Uint8Array(Math.ceil(blockCount / 64) * 8);
    for (let block = 0; block < blockCount; block++)
      bitmap[block >> 3] = (bitmap[block >> 3] ?? 0) | (1 << (block & 7));
    return [
      {
        type: ATTRIBUTE.indexAllocation,
        name,
        runs,
        clusterSizeBytes: this.#clusters.clusterSizeBytes,
        dataBytes: blocks.length,
      },
      { type: ATTRIBUTE.bitmap, name, value: bitmap },
    ];
  }

  #indexFormat(rootRoomBytes: number, fanOut?: number): IndexFormat {
    const format = {
      blockSizeBytes: this.#options.indexBlockSizeBytes ?? 4096,
      clusterSizeBytes: this.#clusters.clusterSizeBytes,
      rootRoomBytes: Math.max(rootRoomBytes, 64),
    };
    return fanOut === undefined ? format : { ...format, fanOut };
  }

  #isMftSpread({ recordNumber }: LabFile): boolean {
    return recordNumber === RECORD.mft && this.#options.mftAttributeList !== undefined;
  }

  #spread(file: LabFile): SpreadOptions {
    const isMft = file.recordNumber === RECORD.mft;
    const storage = isMft ? this.#options.mftAttributeList : file.options.attributeList;
    let extensionOfMft = FIRST_EXTENSION_OF_MFT;
    return {
      takeRecordNumber: () => (isMft ? extensionOfMft++ : this.#nextRecord++),
      sequence: 3,
      runsPerExtent: isMft ? 1 : (file.options.runsPerExtent ?? RUNS_PER_EXTENT),
      listAttribute: (list) =>
        this.#clusters.attribute(ATTRIBUTE.attributeList, "", {
          content: list,
          storage: storage === "clusters" ? "clusters" : "resident",
        }),
      staysInBase: (attribute) =>
        attribute.type <= ATTRIBUTE.fileName ||
        (isMft && !("lowestVcn" in attribute && (attribute.lowestVcn ?? 0) > 0)) ||
        attribute.type === ATTRIBUTE.indexRoot,
    };
  }
}

/** A root index of this many bytes leaves room for the other attributes of the record. */
function rootRoom({ recordSizeBytes }: RecordFormat): number {
  return Math.floor(recordSizeBytes * 0.4);
}

function keyOf({ name, namespace, parent }: LabName, file: LabFile) {
  return {
    name,
    namespace,
    parent,
    flags: (file.isDirectory ? FILE_NAME_FLAGS.directory : 0) + attributeBits(file.options),
    sizeBytes: toBytes(file.options.content ?? "").length,
  };
}

/** FILE_ATTRIBUTE_* bits: archive, and those that go with the way the data is stored. */
function attributeBits({ attributes = 0x20, storage, reparse }: FileOptions): number {
  const stored = storage === "sparse" ? 0x200 : storage === "compressed" ? 0x800 : 0;
  return (attributes | stored | (reparse === undefined ? 0 : 0x400)) >>> 0;
}

function encodeStandardInformation(options: FileOptions): Uint8Array {
  const view = new DataView(
    new ArrayBuffer(StandardInformation.sizeBytes + StandardInformationTail.sizeBytes),
  );
  Object.assign(new StandardInformation(view), {
    created: LAB_TIME,
    modified: LAB_TIME + 1n,
    changed: LAB_TIME + 2n,
    accessed: LAB_TIME + 3n,
    attributes: attributeBits(options),
    version: options.isCaseSensitive === true ? 1 : 0,
  });
  Object.assign(new StandardInformationTail(view, StandardInformation.sizeBytes), {
    securityId: options.securityId ?? SECURITY_ID,
  });
  return new Uint8Array(view.buffer);
}

function encodeReparsePoint({
  tag,
  data = new Uint8Array(0),
}: NonNullable<FileOptions["reparse"]>): LabAttribute {
  const bytes = new Uint8Array(ReparsePoint.sizeBytes + data.length);
  Object.assign(new ReparsePoint(new DataView(bytes.buffer)), { tag, dataLength: data.length });
  bytes.set(data, ReparsePoint.sizeBytes);
  return { type: ATTRIBUTE.reparsePoint, value: bytes };
}
