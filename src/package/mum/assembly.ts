// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { parseXml, type XmlElement } from "./xml.ts";

/** Namespace of everything in package and component manifests but hashes. */
export const ASSEMBLY_NAMESPACE = "urn:schemas-microsoft-com:asm.v3";

/** `DCM` and its kin: what WinSxS stores in place of files since Windows 8, a difference from another (`PA30`). */
const COMPRESSED = /^DC[A-Z]\W|^PA3[01]/;

/**
 * The root of a manifest: element `assembly` of the namespace above. Throws MANIFEST_COMPRESSED where Windows has
 * stored the manifest as a difference, MANIFEST_NOT where it is some other XML, and what {@link parseXml} throws.
 */
export function parseAssembly(bytes: Uint8Array): XmlElement {
  const opening = String.fromCharCode(...bytes.subarray(0, 4));
  if (COMPRESSED.test(opening)) {
    const message = `the manifest begins with ${JSON.stringify(opening)}, not with XML`;
    throw new VmguestError("MANIFEST_COMPRESSED", message, { structure: "manifest", offset: 0 });
  }
  const root = parseXml(bytes);
  if (isNamed(root, "assembly")) return root;
  const message = `the root is ${root.name} of namespace ${JSON.stringify(root.namespace)}, not assembly`;
  throw new VmguestError("MANIFEST_NOT", message, { structure: "manifest" });
}

/** Whether an element has this name, by namespace and whatever its prefix. */
export function isNamed(element: XmlElement, name: string, namespace = ASSEMBLY_NAMESPACE): boolean {
  return element.name === name && element.namespace === namespace;
}

/** The elements of that name directly below, in order. */
export function childrenOf(element: XmlElement, name: string, namespace = ASSEMBLY_NAMESPACE): XmlElement[] {
  return element.children.filter((child) => isNamed(child, name, namespace));
}

/** An attribute without prefix, or null. */
export function attributeOf(element: XmlElement, name: string): string | null {
  return element.attributes.get(name) ?? null;
}
