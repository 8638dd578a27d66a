// SPDX-License-Identifier: MIT
import { bytes, reserved, type Struct, size64, struct, u8, u16, u32 } from "../../../bytes/index.ts";

/* What $Secure holds, and the security descriptors themselves (MS-DTYP 2.4). Part of docs/formats/ntfs.md. */

const securityPlace = {
  hash: u32(0x00, "of the descriptor"),
  securityId: u32(0x04, "by which files refer to it"),
  offset: size64(0x08, "where the entry stands in $SDS"),
  length: u32(0x10, "bytes of the entry with this header"),
};
/** Header of an entry of $SDS, and the data of an entry of $SII. */
export const SecurityPlace = struct("$SDS entry header", 20, securityPlace);
export type SecurityPlace = Struct<typeof securityPlace>;

const securityDescriptorHeader = {
  revision: u8(0x00, "1"),
  resourceManager: u8(0x01, "0 on files"),
  control: u16(0x02, "SECURITY_CONTROL"),
  ownerOffset: u32(0x04, "where the owner's SID stands, or 0"),
  groupOffset: u32(0x08, "where the group's SID stands, or 0"),
  saclOffset: u32(0x0c, "where the list of what is audited stands, or 0"),
  daclOffset: u32(0x10, "where the list of who may do what stands, or 0"),
};
/** A self-relative security descriptor (MS-DTYP 2.4.6). */
export const SecurityDescriptorHeader = struct("security descriptor", 20, securityDescriptorHeader);
export type SecurityDescriptorHeader = Struct<typeof securityDescriptorHeader>;

export const SECURITY_CONTROL = { hasDacl: 0x0004 } as const;

const aclHeader = {
  revision: u8(0x00, "2, or 4 with entries for objects"),
  reserved: reserved(0x01, 1),
  size: u16(0x02, "bytes of the list with this header"),
  entryCount: u16(0x04, "entries, one after the other"),
  reserved2: reserved(0x06, 2),
};
/** An access control list (MS-DTYP 2.4.5). */
export const AclHeader = struct("ACL", 8, aclHeader);
export type AclHeader = Struct<typeof aclHeader>;

const aceHeader = {
  type: u8(0x00, "0 allows, 1 denies; others have a form of their own"),
  flags: u8(0x01, "how the entry is inherited"),
  size: u16(0x02, "bytes to the next entry"),
  mask: u32(0x04, "rights; a SID follows in the types 0, 1, 2 and 17"),
};
/** An access control entry (MS-DTYP 2.4.4). */
export const AceHeader = struct("ACE", 8, aceHeader);
export type AceHeader = Struct<typeof aceHeader>;

const sidHeader = {
  revision: u8(0x00, "1"),
  subAuthorityCount: u8(0x01, "up to 15 numbers of 32 bits, which follow"),
  authority: bytes(0x02, 6, "identifier authority, big-endian"),
};
/** A security identifier (MS-DTYP 2.4.2). */
export const SidHeader = struct("SID", 8, sidHeader);
export type SidHeader = Struct<typeof sidHeader>;
