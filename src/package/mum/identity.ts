// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { ASSEMBLY_NAMESPACE, attributeOf, childrenOf } from "./assembly.ts";
import type { XmlElement } from "./xml.ts";

/** What component based servicing tells assemblies apart by: packages, components and drivers alike. */
export interface AssemblyIdentity {
  readonly name: string;
  /** Four numbers below 65,536, `6.3.9600.19456`. */
  readonly version: string;
  /** As written: `amd64`, `x86`, `wow64`, `msil`, `*`. */
  readonly architecture: string;
  /** As written: `neutral`, `en-US`, `*`. */
  readonly language: string;
  /** Sixteen hexadecimal digits in lower case; Microsoft's is `31bf3856ad364e35`. */
  readonly publicKeyToken: string;
  /** `release` */
  readonly buildType: string | null;
  /** `nonSxS` */
  readonly versionScope: string | null;
  /** `driverUpdate`, or null for everything else. */
  readonly type: string | null;
}

const VERSION = /^\d{1,5}(\.\d{1,5}){3}$/;
const MAX_VERSION_PART = 0xffff;
const PUBLIC_KEY_TOKEN = /^[0-9a-f]{16}$/i;

/** Reads the attributes of an `assemblyIdentity`; throws MANIFEST_IDENTITY where one is missing or has another form. */
export function readIdentity(element: XmlElement): AssemblyIdentity {
  const required = (name: string): string => {
    const value = attributeOf(element, name);
    if (value === null || value === "") throw damagedIdentity(`${element.name} has no ${name}`);
    return value;
  };
  const name = required("name");
  const version = required("version");
  const publicKeyToken = required("publicKeyToken");
  if (!isVersion(version))
    throw damagedIdentity(`${name} has version ${JSON.stringify(version)}, not a.b.c.d`);
  if (!PUBLIC_KEY_TOKEN.test(publicKeyToken)) {
    throw damagedIdentity(
      `${name} has public key token ${JSON.stringify(publicKeyToken)}, not 16 hexadecimal digits`,
    );
  }
  return {
    name,
    version,
    architecture: required("processorArchitecture"),
    language: required("language"),
    publicKeyToken: publicKeyToken.toLowerCase(),
    buildType: attributeOf(element, "buildType"),
    versionScope: attributeOf(element, "versionScope"),
    type: attributeOf(element, "type"),
  };
}

/** The identities directly below an element, in order. */
export function readIdentities(element: XmlElement, namespace = ASSEMBLY_NAMESPACE): AssemblyIdentity[] {
  return childrenOf(element, "assemblyIdentity", namespace).map(readIdentity);
}

/** The one identity directly below an element; throws MANIFEST_IDENTITY where there is none, or more. */
export function requireIdentity(element: XmlElement, namespace = ASSEMBLY_NAMESPACE): AssemblyIdentity {
  const [identity, ...others] = readIdentities(element, namespace);
  if (identity !== undefined && others.length === 0) return identity;
  throw damagedIdentity(`${element.name} has ${identity === undefined ? "no" : "more than one"} identity`);
}

function isVersion(text: string): boolean {
  return VERSION.test(text) && text.split(".").every((part) => Number(part) <= MAX_VERSION_PART);
}

function damagedIdentity(message: string): VmguestError {
  return new VmguestError("MANIFEST_IDENTITY", message, { structure: "assemblyIdentity" });
}

/**
 * The name that component based servicing gives a package, in the registry and as the stem of its files:
 * `name~token~architecture~language~version`, the language empty where it is neutral.
 */
export function packageFullName(identity: AssemblyIdentity): string {
  const { name, publicKeyToken, architecture, language, version } = identity;
  return [name, publicKeyToken, architecture, language === "neutral" ? "" : language, version].join("~");
}
