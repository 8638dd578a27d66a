// SPDX-License-Identifier: MIT
import { ATTRIBUTE, type FileRecord, RECORD } from "../../fs/structures/index.ts";
import type { ByteSource } from "../../io/index.ts";
import { proveBits } from "./bits.ts";
import { SECTOR_BYTES } from "./changed-sectors.ts";
import { proveContent, proveTail } from "./content-proof.ts";
import { proveDirectory } from "./directory-proof.ts";
import { INDEX_NAME, readTree } from "./directory-tree.ts";
import type { Intent } from "./intent.ts";
import { proveBlank, proveMade } from "./made-record.ts";
import { Places } from "./places.ts";
import { bytesOf, isSame, proofError } from "./proof-error.ts";
import {
  dataSizesOf,
  differencesOf,
  fault,
  proveEncoding,
  proveNameSizes,
  proveTimes,
  recordError,
} from "./record-difference.ts";
import { type Parts, partsOf } from "./roles.ts";
import type { VolumeState } from "./volume-state.ts";

export interface VolumeProofRequest {
  readonly before: VolumeState;
  readonly after: VolumeState;
  readonly intent: Intent;
  /** FILETIME of the change. */
  readonly time: bigint;
  /** Sectors of the volume that differ, by their offsets on it. */
  readonly sectors: Iterable<number>;
  /** Fails for a sector that nobody accounts for. */
  readonly refuse: (volumeOffset: number) => never;
}

/** Accounts for everything that differs on a volume but the inside of hives; gives the records that differ. */
export function proveVolume(request: VolumeProofRequest): readonly string[] {
  return new VolumeProof(request).run();
}

class VolumeProof {
  readonly #request: VolumeProofRequest;
  readonly #before: VolumeState;
  readonly #after: VolumeState;
  readonly #parts: Parts;
  readonly #places: Places;
  readonly #records = new Set<number>();
  readonly #clusterBits = new Set<number>();
  readonly #recordBits = new Set<number>();
  readonly #blocks = new Map<number, Set<number>>();
  readonly #taken = new Set<number>();
  readonly #freed = new Set<number>();

  constructor(request: VolumeProofRequest) {
    this.#request = request;
    this.#before = request.before;
    this.#after = request.after;
    const { geometry } = this.#after.volume;
    if (JSON.stringify(this.#before.volume.geometry, plainly) !== JSON.stringify(geometry, plainly)) {
      throw proofError("STAGE_PROOF_UNEXPLAINED", "the geometry of the volume differs", {
        structure: "boot sector",
      });
    }
    this.#parts = partsOf(this.#before, this.#after, request.intent);
    this.#places = new Places(this.#before.source, this.#after.source, geometry.clusterSizeBytes);
  }

  run(): string[] {
    this.#addPlaces();
    for (const sector of this.#request.sectors) {
      if (!this.#places.claim(sector)) this.#request.refuse(sector);
    }
    for (let number = this.#before.recordCount; number < this.#after.recordCount; number++)
      this.#records.add(number);
    for (const recordNumber of this.#records) this.#proveRecord(recordNumber);
    for (const recordNumber of this.#parts.directories.keys()) this.#proveDirectory(recordNumber);
    this.#proveContents();
    this.#proveBits();
    return [...this.#records].sort((a, b) => a - b).map((recordNumber) => this.#describe(recordNumber));
  }

  #addPlaces(): void {
    const after = this.#after;
    const { recordSizeBytes } = after.volume.geometry;
    const toRecords = (offset: number) => {
      for (let at = 0; at < Math.max(recordSizeBytes, SECTOR_BYTES); at += recordSizeBytes) {
        this.#records.add(Math.floor((offset + at) / recordSizeBytes));
        if (recordSizeBytes >= SECTOR_BYTES) break;
      }
    };
    const own = after.record(RECORD.mft);
    this.#addStream("$MFT", own, ATTRIBUTE.data, toRecords);
    this.#addStream("$MFT:$BITMAP", own, ATTRIBUTE.bitmap, (offset) => this.#recordBits.add(offset));
    this.#addStream("$MFTMirr", after.record(RECORD.mftMirror), ATTRIBUTE.data, (offset) =>
      this.#proveMirror(Math.floor(offset / recordSizeBytes)),
    );
    const bits = (offset: number) => this.#clusterBits.add(offset);
    this.#addStream("$Bitmap", after.record(RECORD.bitmap), ATTRIBUTE.data, bits);
    for (const [recordNumber, { path }] of this.#parts.directories) {
      const record = after.record(recordNumber);
      const tree = readTree(after, record);
      const blocks = new Set<number>();
      this.#blocks.set(recordNumber, blocks);
      const toBlock = (offset: number) => blocks.add(Math.floor(offset / tree.format.blockSizeBytes));
      this.#addStream(`${path}:$INDEX_ALLOCATION`, record, ATTRIBUTE.indexAllocation, toBlock, INDEX_NAME);
      // All of the bitmap is looked at whatever differs.
      this.#addStream(`${path}:$BITMAP`, record, ATTRIBUTE.bitmap, () => undefined, INDEX_NAME);
    }
    // All of their contents is compared whatever differs.
    for (const [recordNumber, { path }] of this.#parts.contents) {
      this.#addStream(path, after.record(recordNumber), ATTRIBUTE.data, () => undefined);
    }
  }

  #addStream(
    owner: string,
    record: FileRecord,
    type: number,
    claim: (offset: number) => void,
    name = "",
  ): void {
    const runs = this.#after.runsOf(record, type, name);
    if (runs.length === 0) return;
    const { sizeBytes } = this.#after.attributesOf(record).require(type, name);
    this.#places.add({ owner, runs, sizeBytes, claim });
  }

  #proveRecord(recordNumber: number): void {
    const { made, directories, contents } = this.#parts;
    const after = this.#after.record(recordNumber);
    this.#proveMirror(recordNumber);
    const plan = made.get(recordNumber);
    const isNew = recordNumber >= this.#before.recordCount;
    if (plan !== undefined) {
      proveMade(this.#before, this.#after, after, { ...plan, time: this.#request.time });
      this.#countClusters(undefined, after);
    } else if (isNew) {
      proveBlank(after);
    } else if (recordNumber === RECORD.mft || directories.has(recordNumber) || contents.has(recordNumber)) {
      const before = this.#before.record(recordNumber);
      this.#proveChanged(before, after);
      this.#countClusters(before, after);
    } else {
      throw recordError(after, "differs, and is of nothing that was planned");
    }
  }

  #proveChanged(before: FileRecord, after: FileRecord): void {
    const { recordNumber } = after;
    const { time } = this.#request;
    const { clusterCount, clusterSizeBytes } = this.#after.volume.geometry;
    const content = this.#parts.contents.get(recordNumber);
    const isDirectory = this.#parts.directories.has(recordNumber);
    const isReplaced = content?.intent !== undefined;
    const changes = differencesOf(before, after, {
      ...(isReplaced && { exchanged: ATTRIBUTE.data }),
      newIdsMax: isDirectory ? 2 : isReplaced ? 1 : 0,
    });
    for (const change of changes) {
      const { type, name } = change.after;
      if (type === ATTRIBUTE.standardInformation && recordNumber !== RECORD.mft) proveTimes(change, time);
      else if (type === ATTRIBUTE.fileName && content !== undefined)
        proveNameSizes(change, dataSizesOf(after));
      else if (isPartOfChange(type, name, { recordNumber, isDirectory, hasContent: content !== undefined })) {
        proveEncoding(change.after, clusterCount, clusterSizeBytes);
      } else throw fault(change.after, "differs, which nothing was planned for");
    }
    if (
      isDirectory &&
      after.header.nextAttributeId - before.header.nextAttributeId !== addedTo(before, after)
    ) {
      throw recordError(after, "more identifiers of attributes were given out than are in use");
    }
  }

  #countClusters(before: FileRecord | undefined, after: FileRecord): void {
    const old = new Set(before === undefined ? [] : this.#before.clustersOf(before));
    const next = new Set(this.#after.clustersOf(after));
    for (const cluster of next) {
      if (old.has(cluster)) continue;
      if (this.#taken.has(cluster)) throw recordError(after, `shares cluster ${cluster} with another file`);
      this.#taken.add(cluster);
    }
    for (const cluster of old) if (!next.has(cluster)) this.#freed.add(cluster);
  }

  #proveDirectory(recordNumber: number): void {
    const { made, resized, directories } = this.#parts;
    const isMade = made.has(recordNumber);
    const record = this.#after.record(recordNumber);
    const before = isMade ? undefined : this.#before.record(recordNumber);
    const rootOf = (one: FileRecord) =>
      one.attributes.find(({ type, name }) => type === ATTRIBUTE.indexRoot && name === INDEX_NAME)?.value;
    const rootAfter = rootOf(record);
    if (rootAfter === undefined) throw recordError(record, "is a directory without an index root");
    const own = [...made].filter(([, { parent }]) => parent.recordNumber === recordNumber);
    proveDirectory({
      where: {
        path: directories.get(recordNumber)?.path ?? "",
        structure: `index of FILE record ${recordNumber}`,
      },
      before: before && readTree(this.#before, before),
      after: readTree(this.#after, record),
      rootBefore: before && rootOf(before),
      rootAfter,
      made: new Map(own.map(([file]) => [file, this.#namesOf(file)])),
      resized: new Map(
        resized.filter((file) => this.#records.has(file)).map((file) => [file, this.#sizesOf(file)]),
      ),
      time: this.#request.time,
      changedBlocks: this.#blocks.get(recordNumber) ?? new Set(),
    });
  }

  #namesOf(recordNumber: number) {
    const { attributes, header } = this.#after.record(recordNumber);
    const names = attributes
      .filter(({ type }) => type === ATTRIBUTE.fileName)
      .map(({ value }) => bytesOf(value));
    return { sequence: header.sequence, names };
  }

  #sizesOf(recordNumber: number) {
    return dataSizesOf(this.#after.record(recordNumber));
  }

  #proveContents(): void {
    const after = this.#after;
    const { clusterSizeBytes } = after.volume.geometry;
    for (const [recordNumber, { path, intent }] of this.#parts.contents) {
      if (intent?.content === undefined) continue;
      const record = after.record(recordNumber);
      const file: ByteSource = after.volume.openRecord(recordNumber, path).open();
      proveContent(path, file, intent.content);
      const runs = after.runsOf(record, ATTRIBUTE.data);
      proveTail(path, after.source, runs, { sizeBytes: file.sizeBytes, clusterSizeBytes });
    }
  }

  #proveBits(): void {
    const [before, after] = [this.#before, this.#after];
    proveBits({
      where: { path: "$Bitmap", structure: "bitmap of clusters" },
      before: before.clusterBits,
      after: after.clusterBits,
      taken: this.#taken,
      freed: this.#freed,
      sectors: this.#clusterBits,
    });
    proveBits({
      where: { path: "$MFT:$BITMAP", structure: "bitmap of FILE records" },
      before: before.recordBits,
      after: after.recordBits,
      taken: new Set(this.#parts.made.keys()),
      freed: new Set(),
      sectors: this.#recordBits,
    });
  }

  /** A record that has a copy in $MFTMirr is the same there. */
  #proveMirror(recordNumber: number): void {
    const { recordSizeBytes } = this.#after.volume.geometry;
    const mirror = this.#after.volume.openRecord(RECORD.mftMirror, "$MFTMirr").open();
    const offset = recordNumber * recordSizeBytes;
    if (offset + recordSizeBytes > mirror.sizeBytes) return;
    if (isSame(bytesOf(mirror.read(offset, recordSizeBytes)), this.#after.recordBytes(recordNumber))) return;
    const where = { path: "$MFTMirr", structure: `FILE record ${recordNumber}`, offset };
    throw proofError("STAGE_PROOF_RECORD", "the copy is not that of the record", where);
  }

  #describe(recordNumber: number): string {
    const { made, directories, contents } = this.#parts;
    const path = directories.get(recordNumber)?.path ?? contents.get(recordNumber)?.path;
    const name = path === undefined ? "" : `: ${path === "" ? "the root" : path}`;
    if (made.has(recordNumber)) return `${recordNumber}${name} (new)`;
    if (recordNumber === RECORD.mft) return `${recordNumber}: $MFT`;
    return path === undefined ? `${recordNumber} (free)` : `${recordNumber}${name}`;
  }
}

/** Whether an attribute may be another because of what was planned for its file. */
function isPartOfChange(
  type: number,
  name: string,
  {
    recordNumber,
    isDirectory,
    hasContent,
  }: { recordNumber: number; isDirectory: boolean; hasContent: boolean },
): boolean {
  if (recordNumber === RECORD.mft)
    return name === "" && (type === ATTRIBUTE.data || type === ATTRIBUTE.bitmap);
  if (isDirectory && name === INDEX_NAME) {
    return type === ATTRIBUTE.indexRoot || type === ATTRIBUTE.indexAllocation || type === ATTRIBUTE.bitmap;
  }
  return hasContent && type === ATTRIBUTE.data && name === "";
}

function addedTo(before: FileRecord, after: FileRecord): number {
  return after.attributes.length - before.attributes.length;
}

const plainly = (_: string, value: unknown) => (typeof value === "bigint" ? value.toString() : value);
