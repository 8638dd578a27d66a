// SPDX-License-Identifier: MIT
import { encodeUtf16 } from "../../../src/bytes/index.ts";
import {
  KIB,
  METADATA_FLAGS,
  MetadataTableEntry,
  MetadataTableHeader,
  ParentLocatorEntry,
  ParentLocatorHeader,
  RegionTableEntry,
  RegionTableHeader,
  VHDX_PARENT_LOCATOR_TYPE,
} from "../../../src/disk/vhdx/layout.ts";

/** A region table over its 64 KiB. */
export class RegionTable {
  readonly header: InstanceType<typeof RegionTableHeader>;

  constructor(view: DataView) {
    this.header = new RegionTableHeader(view);
  }

  entry(index: number): InstanceType<typeof RegionTableEntry> {
    const at = RegionTableHeader.sizeBytes + index * RegionTableEntry.sizeBytes;
    return new RegionTableEntry(this.header.view, at);
  }

  add(fields: { id: string; fileOffset: number; lengthBytes: number; flags: number }): void {
    Object.assign(this.entry(this.header.entryCount), fields);
    this.header.entryCount++;
  }
}

const ITEMS_OFFSET = 64 * KIB;
export const METADATA_TABLE_AND_ITEMS = ITEMS_OFFSET + 64 * KIB;

/** A metadata table and the first 64 KiB of its items. */
export class MetadataTable {
  readonly header: InstanceType<typeof MetadataTableHeader>;

  constructor(view: DataView) {
    this.header = new MetadataTableHeader(view);
  }

  entry(index: number): InstanceType<typeof MetadataTableEntry> {
    const at = MetadataTableHeader.sizeBytes + index * MetadataTableEntry.sizeBytes;
    return new MetadataTableEntry(this.header.view, at);
  }

  /** The bytes of the item of an entry. */
  item(index: number): DataView {
    const { view } = this.header;
    const { offset, lengthBytes } = this.entry(index);
    return new DataView(view.buffer, view.byteOffset + offset, lengthBytes);
  }

  /** Adds an item behind the last one and gives its bytes. */
  add(itemId: string, lengthBytes: number, flags: number): DataView {
    const index = this.header.entryCount;
    const last = index === 0 ? undefined : this.entry(index - 1);
    const offset = last === undefined ? ITEMS_OFFSET : last.offset + last.lengthBytes;
    Object.assign(this.entry(index), { itemId, offset, lengthBytes, flags });
    this.header.entryCount++;
    return this.item(index);
  }

  /** Takes an entry out of the table, the way to an item that is missing. */
  remove(index: number): void {
    const entry = this.entry(index);
    entry.itemId = "00000000-0000-0000-0000-00000000000a";
    entry.flags = METADATA_FLAGS.isUser;
  }
}

/** The bytes of a parent locator item. */
export function makeParentLocator(keys: Readonly<Record<string, string>>): Uint8Array {
  const pairs = Object.entries(keys);
  const texts = pairs.flat().map(encodeUtf16);
  const tableEnd = ParentLocatorHeader.sizeBytes + pairs.length * ParentLocatorEntry.sizeBytes;
  const bytes = new Uint8Array(texts.reduce((sum, text) => sum + text.length, tableEnd));
  const view = new DataView(bytes.buffer);
  Object.assign(new ParentLocatorHeader(view), {
    locatorType: VHDX_PARENT_LOCATOR_TYPE,
    keyValueCount: pairs.length,
  });
  let end = tableEnd;
  const place = (text: Uint8Array): number => {
    bytes.set(text, end);
    end += text.length;
    return end - text.length;
  };
  pairs.forEach((pair, index) => {
    const [key, value] = pair.map(encodeUtf16) as [Uint8Array, Uint8Array];
    Object.assign(new ParentLocatorEntry(view, ParentLocatorHeader.sizeBytes + index * 12), {
      keyOffset: place(key),
      valueOffset: place(value),
      keyLengthBytes: key.length,
      valueLengthBytes: value.length,
    });
  });
  return bytes;
}
