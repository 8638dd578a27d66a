// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { attributeOf, childrenOf, parseAssembly } from "./assembly.ts";
import { type AssemblyIdentity, readIdentities, requireIdentity } from "./identity.ts";
import type { XmlElement } from "./xml.ts";

const HASH_NAMESPACE = "urn:schemas-microsoft-com:asm.v2";
const SIGNATURE_NAMESPACE = "http://www.w3.org/2000/09/xmldsig#";
/** The digest is over the file as it is. */
const IDENTITY_TRANSFORM = "urn:schemas-microsoft-com:HashTransforms.Identity";

/** Bytes of a digest by the fragment of its method's URI; the stronger the later. */
const DIGEST_SIZES: ReadonlyMap<string, number> = new Map([
  ["sha1", 20],
  ["sha256", 32],
  ["sha384", 48],
  ["sha512", 64],
]);

/** What a manifest states about the bytes of a file. */
export interface FileDigest {
  /** `sha1`, `sha256`, `sha384`, `sha512`, or what the manifest says where that is none of them. */
  readonly algorithm: string;
  /** Lower-case hexadecimal; null where it is not a digest of the plain file by one of these algorithms. */
  readonly digest: string | null;
}

/**
 * A file that a component brings; in a package it lies in the folder named as the manifest is, without `.manifest`, and
 * may be spelled in other cases there.
 * The digest is the strongest of `digests`; `none` and null where nothing is stated.
 */
export interface ComponentFile extends FileDigest {
  readonly name: string;
  readonly sourceName: string | null;
  /** Where Microsoft's build took it from. */
  readonly importPath: string | null;
  /** Where it goes in the guest, `$(runtime.drivers)\`; null for what the driver store keeps. */
  readonly destinationPath: string | null;
  readonly digests: readonly FileDigest[];
}

/** What the manifest of a component or driver says, as far as it can be checked against a package. */
export interface ComponentManifest {
  readonly identity: AssemblyIdentity;
  /** Whether this is a driver, which its INF installs. */
  readonly isDriver: boolean;
  /** Whether a package can name it (`deployment`); other components come as dependencies of such. */
  readonly isDeployment: boolean;
  readonly files: readonly ComponentFile[];
  /** The components that it needs; of resources the language is `*`. */
  readonly dependencies: readonly AssemblyIdentity[];
}

/**
 * Reads a component manifest, the `.manifest` beside the folder of a component's files.
 *
 * Throws MANIFEST_NOT, MANIFEST_IDENTITY, MANIFEST_COMPRESSED (as they are in a WinSxS folder), MANIFEST_DIGEST where a
 * digest does not fit its algorithm, and what reading the XML throws.
 */
export function readComponentManifest(bytes: Uint8Array): ComponentManifest {
  const root = parseAssembly(bytes);
  if (childrenOf(root, "package").length > 0) {
    throw new VmguestError("MANIFEST_NOT", "the assembly is a package", { structure: "assembly" });
  }
  const identity = requireIdentity(root);
  return {
    identity,
    isDriver: identity.type === "driverUpdate",
    isDeployment: childrenOf(root, "deployment").length > 0,
    files: childrenOf(root, "file").map(readFile),
    dependencies: childrenOf(root, "dependency")
      .flatMap((dependency) => childrenOf(dependency, "dependentAssembly"))
      .flatMap((element) => readIdentities(element)),
  };
}

function readFile(file: XmlElement): ComponentFile {
  const name = attributeOf(file, "name");
  if (name === null || name === "") {
    throw new VmguestError("MANIFEST_NOT", "a file has no name", { structure: "file" });
  }
  const digests = childrenOf(file, "hash", HASH_NAMESPACE).map((hash) => readDigest(hash, name));
  return {
    name,
    sourceName: attributeOf(file, "sourceName"),
    importPath: attributeOf(file, "importPath"),
    destinationPath: attributeOf(file, "destinationPath"),
    ...strongest(digests),
    digests,
  };
}

function strongest(digests: readonly FileDigest[]): FileDigest {
  const rank = [...DIGEST_SIZES.keys()];
  const [best] = digests
    .filter(({ digest }) => digest !== null)
    .toSorted((a, b) => rank.indexOf(b.algorithm) - rank.indexOf(a.algorithm));
  return best ?? digests[0] ?? { algorithm: "none", digest: null };
}

function readDigest(hash: XmlElement, file: string): FileDigest {
  const [method] = childrenOf(hash, "DigestMethod", SIGNATURE_NAMESPACE);
  const [value] = childrenOf(hash, "DigestValue", SIGNATURE_NAMESPACE);
  const uri = method === undefined ? null : attributeOf(method, "Algorithm");
  if (uri === null || value === undefined) throw damagedDigest(file, "lacks its method or its value");
  const fragment = uri.slice(uri.lastIndexOf("#") + 1);
  const sizeBytes = DIGEST_SIZES.get(fragment);
  if (sizeBytes === undefined) return { algorithm: uri, digest: null };
  const digest = decodeBase64(value.text.trim());
  if (digest?.length !== sizeBytes)
    throw damagedDigest(file, `is not one of ${fragment}: ${value.text.trim()}`);
  return { algorithm: fragment, digest: isOfPlainFile(hash) ? digest.toString("hex") : null };
}

function isOfPlainFile(hash: XmlElement): boolean {
  return childrenOf(hash, "Transforms", SIGNATURE_NAMESPACE)
    .flatMap((transforms) => childrenOf(transforms, "Transform", SIGNATURE_NAMESPACE))
    .every((transform) => attributeOf(transform, "Algorithm") === IDENTITY_TRANSFORM);
}

/** The bytes, or undefined where the text is not exactly what encoding them gives. */
function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : undefined;
}

function damagedDigest(file: string, fault: string): VmguestError {
  return new VmguestError("MANIFEST_DIGEST", `the digest of ${file} ${fault}`, { structure: "hash" });
}
