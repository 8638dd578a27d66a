// SPDX-License-Identifier: MIT
export { crc32c } from "./crc32c.ts";
export * from "./field-types.ts";
export { dateToFiletime, filetimeToDate } from "./filetime.ts";
export { formatGuid, parseGuid, ZERO_GUID } from "./guid.ts";
export { type Field, type Struct, type StructClass, struct } from "./struct.ts";
export { decodeLatin1, decodeUtf16, decodeUtf16be, encodeUtf16 } from "./text.ts";
