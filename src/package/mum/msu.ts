// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { attributeOf, childrenOf, isNamed } from "./assembly.ts";
import { type AssemblyIdentity, requireIdentity } from "./identity.ts";
import { parseXml } from "./xml.ts";

/** The file has fourteen lines. */
const MAX_PROPERTIES_SIZE_BYTES = 64 * 1024;
const UNATTEND_NAMESPACE = "urn:schemas-microsoft-com:unattend";

/** What `*-pkgProperties.txt` says of the MSU that holds it. Everything is for people; null is not said. */
export interface MsuProperties {
  /** `KB2465285` */
  readonly kb: string | null;
  /** `amd64`, `x86`, ... */
  readonly architecture: string | null;
  /** `Windows 6.1` */
  readonly appliesTo: string | null;
  /** `Windows 7.0 Client SP1`, ... */
  readonly applicability: readonly string[];
  /** `Hotfix`, `Security Update`, ... */
  readonly packageType: string | null;
  /** `2010/12/22` */
  readonly buildDate: string | null;
  readonly language: string | null;
  /** All properties, by their names as written. */
  readonly properties: ReadonlyMap<string, string>;
}

/** Reads the `*-pkgProperties.txt` of an MSU: lines `Name="value"`. Throws MSU_PROPERTIES or LIMIT_EXCEEDED. */
export function readMsuProperties(bytes: Uint8Array): MsuProperties {
  if (bytes.length > MAX_PROPERTIES_SIZE_BYTES) {
    const message = `the properties have ${bytes.length} bytes, more than ${MAX_PROPERTIES_SIZE_BYTES}`;
    throw new VmguestError("LIMIT_EXCEEDED", message, { structure: "MSU properties" });
  }
  const properties = new Map<string, string>();
  // All that Microsoft writes there is ASCII; anything else becomes a replacement character.
  for (const line of new TextDecoder().decode(bytes).split(/\r?\n/)) {
    if (line.trim() === "") continue;
    const [, name, value] = /^([^="]{1,100})="(.*)"\s*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) {
      throw new VmguestError("MSU_PROPERTIES", `${JSON.stringify(line.slice(0, 80))} is not Name="value"`, {
        structure: "MSU properties",
      });
    }
    properties.set(name.trim(), value);
  }
  const kb = properties.get("KB Article Number");
  return {
    kb: kb === undefined || !/^\d+$/.test(kb) ? null : `KB${kb}`,
    architecture: properties.get("Processor Architecture") ?? null,
    appliesTo: properties.get("Applies to") ?? null,
    applicability: (properties.get("ApplicabilityInfo") ?? "").split(";").filter((name) => name !== ""),
    packageType: properties.get("Package Type") ?? null,
    buildDate: properties.get("Build Date") ?? null,
    language: properties.get("Language") ?? null,
    properties,
  };
}

/** One package that an MSU has installed. */
export interface MsuInstallation {
  /** `install` or `remove` */
  readonly action: string | null;
  readonly identity: AssemblyIdentity;
  /** File name of the cabinet inside the MSU, without the folder that Windows fills in. */
  readonly cabinet: string | null;
}

/**
 * Reads the answer file (`*.xml`) of an MSU, which names the cabinet to install. Throws MANIFEST_NOT where it is not one,
 * MANIFEST_IDENTITY, and what reading the XML throws.
 */
export function readMsuInstallations(bytes: Uint8Array): MsuInstallation[] {
  const root = parseXml(bytes);
  if (!isNamed(root, "unattend", UNATTEND_NAMESPACE)) {
    throw new VmguestError("MANIFEST_NOT", `the root is ${root.name}, not unattend`, {
      structure: "unattend",
    });
  }
  return childrenOf(root, "servicing", UNATTEND_NAMESPACE)
    .flatMap((servicing) => childrenOf(servicing, "package", UNATTEND_NAMESPACE))
    .map((element) => {
      const [source] = childrenOf(element, "source", UNATTEND_NAMESPACE);
      const location = source === undefined ? null : attributeOf(source, "location");
      return {
        action: attributeOf(element, "action"),
        identity: requireIdentity(element, UNATTEND_NAMESPACE),
        cabinet: location === null ? null : location.slice(location.lastIndexOf("\\") + 1),
      };
    });
}
