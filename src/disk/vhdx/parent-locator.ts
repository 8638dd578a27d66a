// SPDX-License-Identifier: MIT
import { decodeUtf16, formatGuid, parseGuid, ZERO_GUID } from "../../bytes/index.ts";
import { VmguestError } from "../../errors.ts";
import { type ByteSource, SliceSource } from "../../io/index.ts";
import { quoteName } from "../differencing.ts";
import type { ParentReference } from "../disk.ts";
import { ParentLocatorEntry, ParentLocatorHeader, VHDX_PARENT_LOCATOR_TYPE } from "./layout.ts";
import type { FileRange } from "./ranges.ts";

/** The format defines five keys; many times that is damage. */
const KEY_COUNT_MAX = 64;

/** The keys that name the parent's file, in the order in which they are to be tried (2.6.2.6.3). */
const PATH_KEYS = ["relative_path", "volume_path", "absolute_win32_path"];

/** The keys that name what the parent's DataWriteGuid must be: one of them (2.6.2.6.3). */
const LINKAGE_KEYS = ["parent_linkage", "parent_linkage2"];

/** The parent as a differencing disk describes it; none of the paths has been looked at. */
export function readParentReference(file: ByteSource, item: FileRange): ParentReference {
  const locator = readParentLocator(file, item);
  const names = PATH_KEYS.flatMap((key) => locator.get(key) ?? []);
  if (names.length === 0) throw damaged(item, "it names no path");
  const identities = LINKAGE_KEYS.flatMap((key) => locator.get(key) ?? [])
    .map((text) => guidOf(text, item))
    // What Hyper-V writes for a second linkage that there is not.
    .filter((guid) => guid !== ZERO_GUID);
  if (identities.length === 0) throw damaged(item, "it does not tell the identity of the parent");
  const where = { structure: item.what, offset: item.offset };
  return { names, identities, modifiedSeconds: undefined, where };
}

function guidOf(text: string, item: FileRange): string {
  if (!LINKAGE.test(text)) throw damaged(item, `the parent's identity ${quoteName(text)} is no GUID`);
  const bytes = parseGuid(text);
  return formatGuid(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

/** A GUID in its usual form, in braces or not. */
const LINKAGE = /^\{?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$/i;

/** All keys and values of the locator (2.6.2.6). */
function readParentLocator(file: ByteSource, item: FileRange): Map<string, string> {
  if (item.lengthBytes < ParentLocatorHeader.sizeBytes) throw damaged(item, "it has no room for its header");
  const source = new SliceSource(file, item.offset, item.lengthBytes);
  const { locatorType, keyValueCount } = new ParentLocatorHeader(
    source.read(0, ParentLocatorHeader.sizeBytes),
  );
  if (locatorType !== VHDX_PARENT_LOCATOR_TYPE) throw damaged(item, `its type ${locatorType} is not known`);
  const tableEnd = ParentLocatorHeader.sizeBytes + keyValueCount * ParentLocatorEntry.sizeBytes;
  if (keyValueCount > KEY_COUNT_MAX || tableEnd > item.lengthBytes) {
    throw damaged(item, `it claims to have ${keyValueCount} keys`);
  }
  const view = source.read(0, item.lengthBytes);
  const locator = new Map<string, string>();
  for (let at = ParentLocatorHeader.sizeBytes; at < tableEnd; at += ParentLocatorEntry.sizeBytes) {
    const entry = new ParentLocatorEntry(view, at);
    const key = textAt(view, entry.keyOffset, entry.keyLengthBytes, item);
    if (locator.has(key)) throw damaged(item, `it has the key ${JSON.stringify(key)} twice`);
    locator.set(key, textAt(view, entry.valueOffset, entry.valueLengthBytes, item));
  }
  return locator;
}

function textAt(view: DataView, offset: number, lengthBytes: number, item: FileRange): string {
  const fits =
    offset > 0 && lengthBytes > 0 && lengthBytes % 2 === 0 && offset + lengthBytes <= view.byteLength;
  if (fits) return decodeUtf16(view, offset, lengthBytes);
  throw damaged(item, `a text of ${lengthBytes} bytes at 0x${offset.toString(16)} does not fit into it`);
}

function damaged(item: FileRange, message: string): VmguestError {
  return new VmguestError("VHDX_PARENT_LOCATOR", message, {
    structure: ParentLocatorHeader.structName,
    offset: item.offset,
  });
}
