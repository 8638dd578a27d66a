// SPDX-License-Identifier: MIT
import { type CodeEntry, corrupt, damaged, notice, unsafe, unsupported } from "./entry.ts";

const FETCH = "Copy or download the package again.";
const ALL_PARTS = "Put all cabinets of the set into one folder, under the names they were made with.";

/** Cabinets and what is compressed in them. */
export const CABINET_CODES = {
  CAB_NOT: unsupported(
    "the file is no cabinet (it does not begin with MSCF, or is of another version than 1)",
  ),
  CAB_HEADER: corrupt("the header of a cabinet contradicts itself", FETCH),
  CAB_TRUNCATED: corrupt("a cabinet ends before what it describes", FETCH),
  CAB_MEMBER: corrupt("an entry in a cabinet's list of members is damaged", FETCH),
  CAB_MEMBER_RANGE: corrupt("a member reaches past the end of its folder's data", FETCH),
  CAB_BLOCK: corrupt("a block of compressed data has sizes that are not possible", FETCH),
  CAB_CHECKSUM: corrupt("a block of data does not match its checksum", FETCH),
  CAB_METHOD: unsupported("the data is compressed by a method that does not exist"),
  LZX_CORRUPT: corrupt("data compressed by LZX is damaged", FETCH),
  MSZIP_CORRUPT: corrupt("data compressed by MSZIP is damaged", FETCH),
  QUANTUM_CORRUPT: corrupt("data compressed by Quantum is damaged", FETCH),
  CAB_SET_INCOMPLETE: corrupt("a cabinet of the set is missing", ALL_PARTS),
  CAB_SET_MISMATCH: corrupt("two cabinets that name each other do not belong together", ALL_PARTS),
  CAB_MEMBER_LOST: damaged("a member of a damaged cabinet was saved only in part, or not at all", FETCH),
  CAB_NAME_UNSAFE: unsafe("the name of a member must not be used as a path on the host"),
  CAB_NAME_ENCODING: damaged(
    "the name of a member is marked as UTF-8 and is not; it was read as windows-1252",
  ),
  CAB_GAP: notice(
    "a cabinet has bytes between its list of members and its data, where more entries may be hidden",
  ),
  CAB_APPENDED: notice("bytes that are no signature follow a cabinet"),
  CAB_SIGNATURE_PLACE: damaged(
    "a cabinet's header announces a signature that is not where it should be",
    FETCH,
  ),
  CAB_LIMIT: unsupported(
    "unpacking would take more than the limits allow: the sign of a decompression bomb",
    "Raise the limit where the package is known to be that large.",
  ),
} as const satisfies Record<string, CodeEntry>;
