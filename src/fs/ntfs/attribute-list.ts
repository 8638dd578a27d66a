// SPDX-License-Identifier: MIT
import { decodeUtf16 } from "../../bytes/index.ts";
import { locate, type VmguestError } from "../../errors.ts";
import { type ByteSource, MemorySource } from "../../io/index.ts";
import type { AttributeRecord } from "./attribute-record.ts";
import { ClusterMap } from "./cluster-map.ts";
import { ClusterSource } from "./cluster-source.ts";
import type { FileRecord, RecordSource } from "./file-record.ts";
import { ATTRIBUTE, AttributeListEntry } from "./layout.ts";

/** The limit that Windows keeps; with entries of at least 32 bytes it also bounds the extents of a file to 8,192. */
const LIST_SIZE_MAX = 256 * 1024;

/** Where the clusters of a volume are, as far as opening an attribute needs to know. */
export interface ClusterSpace {
  readonly volume: ByteSource;
  readonly clusterSizeBytes: number;
  readonly clusterCount: number;
}

/** One extent of one attribute of a file, in whatever record it stands; that record is read when it is needed. */
export interface AttributeEntry {
  readonly type: number;
  readonly name: string;
  readonly lowestVcn: number;
  load(): AttributeRecord;
}

/**
 * All extents of all attributes of a file, in the order of the file's attribute list, or of its record where it has
 * no list. Extension records are not read here: an entry reads its own, and checks that it belongs to the file.
 */
export function attributeEntries(
  base: FileRecord,
  records: RecordSource,
  space: ClusterSpace,
): AttributeEntry[] {
  const list = base.attributes.find(({ type }) => type === ATTRIBUTE.attributeList);
  if (list === undefined) {
    return base.attributes.map((attribute) => ({
      type: attribute.type,
      name: attribute.name,
      get lowestVcn() {
        return attribute.lowestVcn;
      },
      load: () => attribute,
    }));
  }
  const source = openList(list, space);
  const view = source.read(0, source.sizeBytes);
  const entries: AttributeEntry[] = [];
  for (let at = 0; at < view.byteLength; ) {
    const { entry, lengthBytes } = entryAt(view, at, { list, base, records });
    // The list's entry about itself would lead nowhere; what the records say of the list has been read already.
    if (entry.type !== ATTRIBUTE.attributeList) entries.push(entry);
    at += lengthBytes;
  }
  return entries;
}

/** The list lies in the base record, or in clusters that the base record alone maps: it cannot need itself. */
function openList(list: AttributeRecord, space: ClusterSpace): ByteSource {
  if (list.isResident) {
    const { buffer, byteOffset, byteLength } = list.value;
    return new MemorySource(new Uint8Array(buffer, byteOffset, byteLength));
  }
  const { dataBytes, initializedBytes } = list.sizes;
  if (dataBytes > LIST_SIZE_MAX) {
    throw list.damage("NTFS_ATTRIBUTE_LIST", `${dataBytes} bytes are too many for an attribute list`);
  }
  if (list.flags !== 0 || list.lowestVcn !== 0 || list.endVcn * space.clusterSizeBytes < dataBytes) {
    throw list.damage("NTFS_ATTRIBUTE_LIST", "the attribute list is not whole, or not stored plainly");
  }
  const extent = {
    lowestVcn: 0,
    endVcn: list.endVcn,
    loadRuns: () => list.decodeRuns(space.clusterCount),
  };
  const { where } = list;
  return new ClusterSource({
    ...space,
    map: new ClusterMap([extent], where),
    sizeBytes: dataBytes,
    initializedBytes,
    name: where.structure ?? "attribute list",
  });
}

interface ListContext {
  readonly list: AttributeRecord;
  readonly base: FileRecord;
  readonly records: RecordSource;
}

/** The entry at `at`. Every one moves at least 26 bytes on, which bounds the caller's loop. */
function entryAt(
  view: DataView,
  at: number,
  context: ListContext,
): { entry: AttributeEntry; lengthBytes: number } {
  const damage = (message: string) =>
    context.list.damage("NTFS_ATTRIBUTE_LIST", `entry at 0x${at.toString(16)}: ${message}`);
  const left = view.byteLength - at;
  if (left < AttributeListEntry.sizeBytes) throw damage(`only ${left} bytes are left`);
  const stored = new AttributeListEntry(view, at);
  const { type, length } = stored;
  const lowestVcn = locate(context.list.where, () => stored.lowestVcn);
  const nameSizeBytes = stored.nameLength * 2;
  if (length < AttributeListEntry.sizeBytes || length > left || length % 8 !== 0) {
    throw damage(`says it is ${length} bytes long, where ${left} are left`);
  }
  if (nameSizeBytes > 0 && stored.nameOffset + nameSizeBytes > length) {
    throw damage("the name reaches past its end");
  }
  const name = decodeUtf16(view, at + stored.nameOffset, nameSizeBytes);
  const reference = { record: stored.record, sequence: stored.sequence, id: stored.id };
  const load = (): AttributeRecord => {
    const record = extensionRecord(context, reference, damage);
    const found = record.attributes.find(
      (attribute) =>
        attribute.type === type &&
        attribute.id === reference.id &&
        attribute.name === name &&
        attribute.lowestVcn === lowestVcn,
    );
    if (found !== undefined) return found;
    throw damage(
      `record ${reference.record} has no attribute 0x${type.toString(16)} with its name, id and VCN`,
    );
  };
  return { entry: { type, name, lowestVcn, load }, lengthBytes: length };
}

/** The record an entry refers to, once it has proved to be in use, unchanged, and a part of this file. */
function extensionRecord(
  { base, records }: ListContext,
  reference: { readonly record: number; readonly sequence: number },
  damage: (message: string) => VmguestError,
): FileRecord {
  const { record: recordNumber, sequence } = reference;
  const isOwn = recordNumber === base.recordNumber;
  const record = isOwn ? base : records.record(recordNumber);
  if (!record.isInUse || record.header.sequence !== sequence) {
    throw damage(
      `record ${recordNumber} is not in use with sequence ${sequence} (it has ${record.header.sequence})`,
    );
  }
  const { baseRecord, baseSequence } = record.header;
  if (isOwn || (baseRecord === base.recordNumber && baseSequence === base.header.sequence)) return record;
  throw damage(`record ${recordNumber} extends record ${baseRecord}, not ${base.recordNumber}`);
}
