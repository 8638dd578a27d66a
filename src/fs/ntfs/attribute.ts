// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import { type AttributeEntry, attributeEntries, type ClusterSpace } from "./attribute-list.ts";
import type { AttributeRecord } from "./attribute-record.ts";
import { ClusterMap, type ClusterMapOptions, type Extent } from "./cluster-map.ts";
import { type ClusterExtent, ClusterSource } from "./cluster-source.ts";
import { CompressedSource } from "./compressed-source.ts";
import type { FileRecord, RecordSource } from "./file-record.ts";
import { ATTRIBUTE_FLAGS } from "./layout.ts";
import { naming } from "./naming.ts";
import { ResidentSource } from "./resident-source.ts";

const LZNT1 = 1;
/** Windows compresses in units of 16 clusters of at most 4 KiB. Anything far above could only be meant to hurt. */
const UNIT_SIZE_MAX = 1024 * 1024;
const UNIT_EXPONENT_MAX = 8;

/** One attribute of a file with all its extents. */
export class Attribute {
  readonly #entries: readonly AttributeEntry[];
  readonly #space: ClusterSpace;
  readonly #mapOptions: ClusterMapOptions;
  /** The extent that begins at VCN 0: it alone carries sizes and flags that count. */
  readonly first: AttributeRecord;
  #map: ClusterMap | undefined;

  /** `entries` are those of one type and name, and the first of them begins at VCN 0. */
  constructor(entries: readonly AttributeEntry[], space: ClusterSpace, mapOptions: ClusterMapOptions = {}) {
    const [head] = entries;
    if (head === undefined) throw new TypeError("an attribute has at least one extent");
    this.#entries = entries;
    this.#space = space;
    this.#mapOptions = mapOptions;
    this.first = head.load();
  }

  get sizeBytes(): number {
    return this.first.isResident ? this.first.value.byteLength : this.first.sizes.dataBytes;
  }

  /**
   * The value as a source; `path` is what errors call it. Throws NTFS_ENCRYPTED or NTFS_COMPRESSION where the clusters
   * do not hold the value in a way that can be read.
   */
  open(path: string): ByteSource {
    const { first } = this;
    if (first.isEncrypted) throw new VmguestError("NTFS_ENCRYPTED", "the data is encrypted (EFS)", { path });
    if (first.isResident) {
      // Windows sets the compression flag on resident values too, but stores them as they are.
      return new ResidentSource(first);
    }
    const { dataBytes, initializedBytes } = first.sizes;
    const extent: ClusterExtent = {
      volume: this.#space.volume,
      clusterSizeBytes: this.#space.clusterSizeBytes,
      map: this.#clusterMap(path),
      sizeBytes: dataBytes,
      initializedBytes,
      name: path,
    };
    if (!first.isCompressed) return new ClusterSource(extent);
    return new CompressedSource(extent, this.#unitClusters(path));
  }

  #unitClusters(path: string): number {
    const { first } = this;
    const method = first.flags & ATTRIBUTE_FLAGS.compressionMask;
    const exponent = first.compressionUnit;
    const unitClusters = 2 ** exponent;
    const unitSizeBytes = unitClusters * this.#space.clusterSizeBytes;
    const isKnown = method === LZNT1 && exponent > 0 && exponent <= UNIT_EXPONENT_MAX;
    if (isKnown && unitSizeBytes <= UNIT_SIZE_MAX) return unitClusters;
    const message = `compression method ${method} in units of 2^${exponent} clusters is not known`;
    throw new VmguestError("NTFS_COMPRESSION", message, { path });
  }

  #clusterMap(path: string): ClusterMap {
    this.#map ??= new ClusterMap(this.#extents(path), this.first.where, this.#mapOptions);
    return this.#map;
  }

  /** The extents in order, each loading its record on demand, once it is sure that they follow each other. */
  #extents(path: string): Extent[] {
    const endVcn = this.first.sizes.allocatedBytes / this.#space.clusterSizeBytes;
    if (!Number.isInteger(endVcn))
      throw this.first.damage("NTFS_SIZES", "is not allocated in whole clusters");
    return this.#entries.map((entry, index) => {
      const extent = { lowestVcn: entry.lowestVcn, endVcn: this.#entries[index + 1]?.lowestVcn ?? endVcn };
      if (this.#entries.length > 1 && extent.lowestVcn >= extent.endVcn) {
        throw this.first.damage("NTFS_ATTRIBUTE_LIST", "its extents are not in order");
      }
      return { ...extent, loadRuns: () => naming(path, () => this.#loadRuns(entry, extent)) };
    });
  }

  #loadRuns(entry: AttributeEntry, { lowestVcn, endVcn }: Omit<Extent, "loadRuns">) {
    const extent = entry.load();
    if (extent.isResident || extent.endVcn !== endVcn) {
      throw extent.damage("NTFS_RUNLIST", `does not map VCN ${lowestVcn} up to ${endVcn}, as it should`);
    }
    return extent.decodeRuns(this.#space.clusterCount);
  }
}

/** The attributes of one file, wherever they stand. */
export class AttributeSet {
  readonly #base: FileRecord;
  readonly #space: ClusterSpace;
  /** Extents by type, and then by name. */
  readonly #entries = new Map<number, Map<string, AttributeEntry[]>>();
  readonly #opened = new Map<AttributeEntry, Attribute>();

  /** Reads the attribute list of `base`, where it has one, and no extension record yet. */
  constructor(base: FileRecord, records: RecordSource, space: ClusterSpace) {
    this.#base = base;
    this.#space = space;
    for (const entry of attributeEntries(base, records, space)) {
      const byName = this.#entries.get(entry.type) ?? new Map<string, AttributeEntry[]>();
      this.#entries.set(entry.type, byName);
      const extents = byName.get(entry.name);
      if (extents === undefined) byName.set(entry.name, [entry]);
      else extents.push(entry);
    }
  }

  /** The attribute of this type and exact name. */
  find(type: number, name = "", mapOptions: ClusterMapOptions = {}): Attribute | undefined {
    const extents = this.#entries.get(type)?.get(name);
    const [first] = extents ?? [];
    if (extents === undefined || first === undefined) return undefined;
    const known = this.#opened.get(first);
    if (known !== undefined) return known;
    if (first.lowestVcn !== 0) {
      const message = `attribute 0x${type.toString(16)} begins at VCN ${first.lowestVcn}`;
      throw this.#base.damage("NTFS_ATTRIBUTE", message);
    }
    const attribute = new Attribute(extents, this.#space, mapOptions);
    this.#opened.set(first, attribute);
    return attribute;
  }

  /** The same, but throws NTFS_ATTRIBUTE_MISSING. */
  require(type: number, name = ""): Attribute {
    const found = this.find(type, name);
    if (found !== undefined) return found;
    const message = `has no attribute 0x${type.toString(16)}${name === "" ? "" : ` named ${name}`}`;
    throw this.#base.damage("NTFS_ATTRIBUTE_MISSING", message);
  }

  /** Names of the attributes of a type, without reading their records. */
  namesOf(type: number): string[] {
    return [...(this.#entries.get(type)?.keys() ?? [])];
  }

  /** Values of all attributes of a resident type that may occur more than once without a name ($FILE_NAME). */
  valuesOf(type: number): DataView[] {
    return (this.#entries.get(type)?.get("") ?? []).map((entry) => entry.load().value);
  }
}
