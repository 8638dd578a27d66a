// SPDX-License-Identifier: MIT
import { ascii, bytes, type Struct, struct, u8, u16, u32 } from "../../bytes/index.ts";

const signedHeaderFields = {
  signature: ascii(0, 4, "`MSCF`"),
  reserved1: u32(4, "0; not covered by the digest"),
  cabinetSize: u32(8, "bytes of the cabinet, so where the signature begins"),
  described: bytes(12, 18, "offsets, version and counts: see the cabinet format"),
  flags: u16(30, "4: the reserved sizes and the reserved area follow"),
  setId: u16(32, "number that the cabinets of a set have in common"),
  setIndex: u16(34, "position in the set; not covered"),
  headerReserveSize: u16(36, "20; not covered"),
  folderReserveSize: u8(38, "0; not covered"),
  dataReserveSize: u8(39, "0; not covered"),
  marker: u32(40, "0x00100000; not covered"),
  signatureOffset: u32(44, "where the signature begins; not covered"),
  signatureSize: u32(48, "its size with the zeros that fill it up to a multiple of 8; not covered"),
  reserved2: u32(52, "0; not covered"),
  reserved3: u32(56, "0"),
};

/** Header of a cabinet that is signed, or prepared for it; what its digest covers is in docs/formats/authenticode.md. */
export const SignedHeader = struct("signed cabinet header", 60, signedHeaderFields);
export type SignedHeader = Struct<typeof signedHeaderFields>;

/** `SignedHeader.flags`. */
export const CABINET_FLAGS = { hasPrevious: 1, hasNext: 2, hasReserve: 4 } as const;

/** `SignedHeader.marker`. */
export const SIGNATURE_MARKER = 0x0010_0000;
