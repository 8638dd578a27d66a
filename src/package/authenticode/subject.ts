// SPDX-License-Identifier: MIT
import { toHex } from "./certificate.ts";
import {
  type DerElement,
  decodeObjectIdentifier,
  elementsOf,
  expectTag,
  readOnlyElement,
  TAG,
} from "./der.ts";
import { OID } from "./identifiers.ts";
import type { IndirectData } from "./indirect-data.ts";

/** A sort of file that a signature inside it can be about. */
export type SubjectKind = "cabinet" | "msi";

/** Class of Windows Installer's interface for signatures, 000C10F1-0000-0000-C000-000000000046. */
const MSI_INTERFACE = "f1100c0000000000c000000000000046";
/** Class of a moniker that holds attributes (wintrust.h, SpcSerializedObjectAttributesClassId). */
const ATTRIBUTES_CLASS = "a6b586d5b4a12466ae05a217da8e60d6";

/**
 * Whether what was signed is the digest of such a file. What is digested differs by the sort of file, so the bytes
 * behind one digest may be those of an MSI and of a cabinet alike.
 *
 * A cabinet is told by its own type, or, in what Microsoft has signed since 2012, by a link to an attribute that
 * is known from cabinets alone. Throws SIGNATURE_MALFORMED.
 */
export function isAbout(kind: SubjectKind, { type, value }: IndirectData): boolean {
  if (kind === "msi") return type === OID.interfaceInfo && interfaceOf(value) === MSI_INTERFACE;
  return type === OID.cabinetData || (type === OID.link && hasEnhancedDigest(value));
}

/** SpcSipInfo: a version, the class of the interface, reserved numbers. */
function interfaceOf(value: DerElement | undefined): string {
  const [, classId] = elementsOf(expectTag(value, TAG.sequence, "SpcSipInfo"));
  return toHex(expectTag(classId, TAG.octetString, "class of SpcSipInfo"));
}

/** Whether an SpcLink is a moniker, `[1]`, and there is an enhanced digest among the attributes that it holds. */
function hasEnhancedDigest(value: DerElement | undefined): boolean {
  if (value?.tag !== TAG.context1) return false;
  const [classId, serialized] = elementsOf(value.content);
  if (toHex(expectTag(classId, TAG.octetString, "class of the moniker")) !== ATTRIBUTES_CLASS) return false;
  const set = readOnlyElement(expectTag(serialized, TAG.octetString, "data of the moniker"));
  for (const attribute of elementsOf(expectTag(set, TAG.set, "attributes of the moniker"))) {
    const [type] = elementsOf(expectTag(attribute, TAG.sequence, "attribute of the moniker"));
    if (decodeObjectIdentifier(expectTag(type, TAG.objectIdentifier, "type")) === OID.enhancedDigest)
      return true;
  }
  return false;
}
