// SPDX-License-Identifier: MIT
import { decodeUtf16 } from "../../bytes/index.ts";
import { VmguestError } from "../../errors.ts";
import { decodeCodePage } from "./code-pages.ts";
import { PropertyPlace, PropertySet, PropertySetHeader, PropertySetPlace } from "./layout.ts";

/** Name of the stream. */
export const SUMMARY_STREAM = "\u0005SummaryInformation";

/** Properties of a summary by number (Windows SDK, "Summary Property Descriptions"). */
export const SUMMARY = { codePage: 1, title: 2, subject: 3, template: 7, packageCode: 9 } as const;

/** Types of values (MS-OLEPS 2.15). */
const TYPE = { i2: 0x02, i4: 0x03, string: 0x1e, wideString: 0x1f } as const;
const FORMAT_ID = "f29f85e0-4ff9-1068-ab91-08002b27b3d9";
/** Summaries have some twenty properties. */
const MAX_PROPERTY_COUNT = 256;

/**
 * Reads the texts and numbers of a summary, by {@link SUMMARY}; values of other types are left out. Throws MSI_SUMMARY,
 * or OUT_OF_BOUNDS where a structure leaves the stream.
 */
export function readSummary(stream: Uint8Array): Map<number, string | number> {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.length);
  const { byteOrder, setCount } = new PropertySetHeader(view);
  const place = new PropertySetPlace(view, PropertySetHeader.sizeBytes);
  if (byteOrder !== 0xfffe || setCount === 0 || place.formatId !== FORMAT_ID) {
    throw damagedSummary("it is no summary of a document", 0);
  }
  const { propertyCount } = new PropertySet(view, place.offset);
  if (propertyCount > MAX_PROPERTY_COUNT)
    throw damagedSummary(`it has ${propertyCount} properties`, place.offset);
  const offsets = new Map<number, number>();
  for (let index = 0; index < propertyCount; index++) {
    const at = place.offset + PropertySet.sizeBytes + index * PropertyPlace.sizeBytes;
    const property = new PropertyPlace(view, at);
    offsets.set(property.id, place.offset + property.offset);
  }
  const codePageAt = offsets.get(SUMMARY.codePage);
  const codePage = codePageAt === undefined ? 0 : readValue(view, codePageAt, 0);
  const values = [...offsets].map(([id, at]) => [id, readValue(view, at, codePage)] as const);
  return new Map(values.filter((value): value is [number, string | number] => value[1] !== undefined));
}

function readValue(
  view: DataView,
  at: number,
  codePage: string | number | undefined,
): string | number | undefined {
  const read = (offset: number, length: number) => {
    if (offset + length > view.byteLength) throw damagedSummary("a value leaves the stream", at);
    return new DataView(view.buffer, view.byteOffset + offset, length);
  };
  const head = read(at, 8);
  const type = head.getUint32(0, true);
  const number = head.getUint32(4, true);
  if (type === TYPE.i2) return head.getUint16(4, true);
  if (type === TYPE.i4) return head.getInt32(4, true);
  if (type !== TYPE.string && type !== TYPE.wideString) return undefined;
  const value = read(at + 8, type === TYPE.string ? number : number * 2);
  const text =
    type === TYPE.string
      ? decodeCodePage(new Uint8Array(value.buffer, value.byteOffset, value.byteLength), Number(codePage))
      : decodeUtf16(value, 0, value.byteLength);
  return text.replace(/\0.*$/s, "");
}

function damagedSummary(message: string, offset: number): VmguestError {
  return new VmguestError("MSI_SUMMARY", message, { structure: "summary information", offset });
}
