// SPDX-License-Identifier: MIT
import { decodeUtf16be } from "../../../bytes/index.ts";
import { VmguestError } from "../../../errors.ts";
import type { ByteSource } from "../../../io/index.ts";
import { ExtentMap, ExtentSource } from "../extent-source.ts";
import { checkPart } from "../part.ts";
import type { DiscChild, DiscEntryType, DiscNode } from "../tree.ts";
import { decodeBytes } from "./byte-text.ts";
import { type PlacedRecord, readDirectory, readSelf } from "./directory.ts";
import { DirectoryRecord, RECORD_FLAGS } from "./layout.ts";
import { readRecordTime } from "./record-time.ts";
import { type RockRidge, readRockRidge, type SystemUse } from "./rock-ridge.ts";

/** What the nodes of one tree share. */
export interface IsoVolume {
  readonly source: ByteSource;
  readonly blockSizeBytes: number;
  readonly isJoliet: boolean;
  /** Number of the disc where it is one of a set; files on the others cannot be read. */
  readonly discNumber: number | undefined;
  /** How Rock Ridge is read, where the tree has it. */
  readonly rockRidge: SystemUse | undefined;
}

interface IsoFacts {
  readonly type: DiscEntryType;
  readonly sizeBytes: number;
  readonly modified: string | null;
  /** Offset of the first extent. */
  readonly place: number;
  /** One for each extent of the file. */
  readonly records: readonly PlacedRecord[];
  readonly isCompressed: boolean;
}

/** A file or directory of ISO 9660, with or without Joliet and Rock Ridge. */
export class IsoNode implements DiscNode {
  readonly type: DiscEntryType;
  readonly sizeBytes: number;
  readonly modified: string | null;
  readonly place: number;
  readonly #volume: IsoVolume;
  readonly #facts: IsoFacts;

  private constructor(volume: IsoVolume, facts: IsoFacts) {
    this.type = facts.type;
    this.sizeBytes = facts.sizeBytes;
    this.modified = facts.modified;
    this.place = facts.place;
    this.#volume = volume;
    this.#facts = facts;
  }

  /** The directory at an offset of the image: the root, and those that Rock Ridge moved. */
  static directory(
    volume: IsoVolume,
    place: number,
    sizeBytes: number,
    modified: string | null = null,
  ): IsoNode {
    const facts = {
      type: "directory",
      sizeBytes,
      modified,
      place,
      records: [],
      isCompressed: false,
    } as const;
    return new IsoNode(volume, facts);
  }

  /** The file or directory that one record describes, or several that follow each other. */
  static of(volume: IsoVolume, records: readonly PlacedRecord[], rockRidge: RockRidge | undefined): IsoNode {
    const [first] = records as readonly [PlacedRecord];
    const { fields } = first;
    const modified =
      rockRidge?.modified ?? readRecordTime(fields.view, fields.at + DirectoryRecord.offsetOf.recorded);
    if (rockRidge?.childBlock !== undefined) return movedDirectory(volume, rockRidge.childBlock, modified);
    return new IsoNode(volume, {
      type: typeOf(fields, rockRidge),
      sizeBytes: records.reduce((sum, { fields: { dataSizeBytes } }) => sum + dataSizeBytes, 0),
      modified,
      place: extentOffset(volume, fields),
      records,
      isCompressed: rockRidge?.isCompressed ?? false,
    });
  }

  *children(): Generator<DiscChild> {
    const { source, rockRidge: use } = this.#volume;
    let parts: PlacedRecord[] = [];
    for (const record of readDirectory(source, this.place, this.sizeBytes)) {
      const { flags } = record.fields;
      // The resource fork of a file of Mac OS, or the like; the file itself follows.
      if ((flags & RECORD_FLAGS.associated) !== 0) continue;
      checkSameName(parts, record);
      parts.push(record);
      if ((flags & RECORD_FLAGS.continues) !== 0) continue;
      const [first = record] = parts;
      const rockRidge = use === undefined ? undefined : readRockRidge(use, first.systemUse, first.offset);
      if (rockRidge?.isRelocated !== true) yield this.#child(parts, rockRidge);
      parts = [];
    }
    const [unfinished] = parts;
    if (unfinished !== undefined) throw brokenParts("the last extent of a file is missing", unfinished);
  }

  #child(records: readonly PlacedRecord[], rockRidge: RockRidge | undefined): DiscChild {
    const [{ offset, name }] = records as readonly [PlacedRecord];
    const volume = this.#volume;
    return {
      name: rockRidge?.name ?? decodeName(name, volume.isJoliet),
      offset,
      node: () => IsoNode.of(volume, records, rockRidge),
    };
  }

  content(): ByteSource {
    const { source } = this.#volume;
    if (this.#facts.isCompressed)
      throw unsupported("the file is compressed (zisofs)", this.#facts.records[0]);
    const map = new ExtentMap();
    for (const record of this.#facts.records) {
      const { fields, offset } = record;
      if (fields.dataSizeBytes === 0) continue;
      if (fields.unitBlocks !== 0 || fields.gapBlocks !== 0)
        throw unsupported("the file is interleaved", record);
      const { discNumber = fields.volumeNumber } = this.#volume;
      if (fields.volumeNumber !== discNumber) {
        throw unsupported(`the file is on disc ${fields.volumeNumber} of the set`, record);
      }
      const extent = extentOffset(this.#volume, fields);
      checkPart(source, `extent of the record at 0x${offset.toString(16)}`, extent, fields.dataSizeBytes);
      map.add(extent, fields.dataSizeBytes);
    }
    return new ExtentSource(source, map);
  }
}

/** A directory that stands elsewhere tells its size itself. */
function movedDirectory(volume: IsoVolume, block: number, modified: string | null): IsoNode {
  const place = block * volume.blockSizeBytes;
  const { fields } = readSelf(volume.source, place);
  return IsoNode.directory(volume, place, fields.dataSizeBytes, modified);
}

function extentOffset({ blockSizeBytes }: IsoVolume, { block, attributeBlocks }: DirectoryRecord): number {
  return (block + attributeBlocks) * blockSizeBytes;
}

/** Whether it is a directory, the record says; Rock Ridge tells the others apart. */
function typeOf({ flags }: DirectoryRecord, rockRidge: RockRidge | undefined): DiscEntryType {
  if ((flags & RECORD_FLAGS.directory) !== 0) return "directory";
  const type = rockRidge?.type ?? "file";
  return type === "directory" ? "file" : type;
}

function checkSameName([first]: readonly PlacedRecord[], record: PlacedRecord): void {
  if (first === undefined) return;
  const isSame =
    first.name.length === record.name.length && first.name.every((byte, at) => byte === record.name[at]);
  if (!isSame) throw brokenParts("the extents of a file do not follow each other", record);
}

/**
 * A name without what ISO 9660 puts behind it: the version, `;1`, and the dot of a name without extension. Joliet has
 * neither, but some programs write the version there too.
 */
function decodeName(bytes: Uint8Array, isJoliet: boolean): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (isJoliet) return decodeUtf16be(view, 0, bytes.length).replace(/;\d+$/, "");
  const name = decodeBytes(bytes).replace(/;\d+$/, "");
  return name.endsWith(".") && name.length > 1 ? name.slice(0, -1) : name;
}

function brokenParts(message: string, { offset }: PlacedRecord): VmguestError {
  return new VmguestError("ISO_DIRECTORY", message, { structure: DirectoryRecord.structName, offset });
}

function unsupported(message: string, record: PlacedRecord | undefined): VmguestError {
  const offset = record === undefined ? {} : { offset: record.offset };
  return new VmguestError("ISO_UNSUPPORTED", message, { structure: DirectoryRecord.structName, ...offset });
}
