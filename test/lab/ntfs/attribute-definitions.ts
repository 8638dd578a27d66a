// SPDX-License-Identifier: MIT
import { encodeUtf16 } from "../../../src/bytes/index.ts";
import { ATTRIBUTE } from "../../../src/fs/ntfs/layout.ts";

const TABLE_SIZE_BYTES = 2560;
const ENTRY_SIZE_BYTES = 160;
const TYPE_AT = 128;

/** Name and type of each attribute; the rest of an entry is left zero. */
const DEFINITIONS: readonly (readonly [name: string, type: number])[] = [
  ["$STANDARD_INFORMATION", ATTRIBUTE.standardInformation],
  ["$ATTRIBUTE_LIST", ATTRIBUTE.attributeList],
  ["$FILE_NAME", ATTRIBUTE.fileName],
  ["$OBJECT_ID", ATTRIBUTE.objectId],
  ["$SECURITY_DESCRIPTOR", ATTRIBUTE.securityDescriptor],
  ["$VOLUME_NAME", ATTRIBUTE.volumeName],
  ["$VOLUME_INFORMATION", ATTRIBUTE.volumeInformation],
  ["$DATA", ATTRIBUTE.data],
  ["$INDEX_ROOT", ATTRIBUTE.indexRoot],
  ["$INDEX_ALLOCATION", ATTRIBUTE.indexAllocation],
  ["$BITMAP", ATTRIBUTE.bitmap],
  ["$REPARSE_POINT", ATTRIBUTE.reparsePoint],
];

/** The table in $AttrDef, as far as anybody reads it. */
export function encodeAttributeDefinitions(): Uint8Array {
  const bytes = new Uint8Array(TABLE_SIZE_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [index, [name, type]] of DEFINITIONS.entries()) {
    bytes.set(encodeUtf16(name), index * ENTRY_SIZE_BYTES);
    view.setUint32(index * ENTRY_SIZE_BYTES + TYPE_AT, type, true);
  }
  return bytes;
}
