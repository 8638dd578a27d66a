// SPDX-License-Identifier: MIT
import { ATTRIBUTE } from "../layout.ts";

/** Where the value of an attribute may lie: in the record alone, in clusters alone, or in either. */
export type Residence = "record" | "clusters" | "either";

/** The attributes NTFS defines ($AttrDef of Windows XP and later), by type. */
export const ATTRIBUTE_RULES: ReadonlyMap<number, Residence> = new Map<number, Residence>([
  [ATTRIBUTE.standardInformation, "record"],
  [ATTRIBUTE.attributeList, "either"],
  [ATTRIBUTE.fileName, "record"],
  [ATTRIBUTE.objectId, "record"],
  [ATTRIBUTE.securityDescriptor, "either"],
  [ATTRIBUTE.volumeName, "record"],
  [ATTRIBUTE.volumeInformation, "record"],
  [ATTRIBUTE.data, "either"],
  [ATTRIBUTE.indexRoot, "record"],
  [ATTRIBUTE.indexAllocation, "clusters"],
  [ATTRIBUTE.bitmap, "either"],
  [ATTRIBUTE.reparsePoint, "either"],
  [ATTRIBUTE.eaInformation, "record"],
  [ATTRIBUTE.ea, "either"],
  // Property sets of Windows 2000; no later version makes them, but none minds them.
  [0xf0, "either"],
  [ATTRIBUTE.loggedUtilityStream, "either"],
]);

/** From here on types are free for whoever defines them in $AttrDef. */
export const FIRST_USER_TYPE = 0x1000;
