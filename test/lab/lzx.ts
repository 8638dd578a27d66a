export { LzxBitWriter } from "./lzx/bit-writer.ts";
export { type LabLzxOptions, type LzxBlockKind, lzx } from "./lzx/encoder.ts";
