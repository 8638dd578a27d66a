// SPDX-License-Identifier: MIT
import { createHash } from "node:crypto";
import { locate, VmguestError } from "../errors.ts";
import { PAYLOAD_SIZE_MAX } from "../guest/index.ts";
import { type ByteSource, copyBytes, MemorySource } from "../io/index.ts";
import {
  findOffers,
  type OfferedPackage,
  openOffer,
  type PackageVerification,
  packageFullName,
  type SignatureReport,
  type SignatureVerdict,
  type TrustOptions,
  verifyPackage,
} from "../package/index.ts";

export interface PayloadOptions {
  /** Opens a file of the host that an offer names. */
  readonly openFile: (path: string) => ByteSource;
  readonly trust?: TrustOptions;
}

/** The bytes of a package that may be put into a guest: what is staged are these, and none that are read again. */
export interface VerifiedPayload {
  readonly offer: OfferedPackage;
  readonly bytes: Uint8Array;
  readonly sizeBytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  /** As the component store spells it: `name~token~architecture~language~version`. */
  readonly identity: string;
  /** `microsoft`, or what it is under a root that the user gave. */
  readonly signature: SignatureVerdict;
  /** Name of the root that the user gave and that the package needs; null where Microsoft's own will do. */
  readonly trustRoot: string | null;
}

/**
 * Reads the package that an offer names into memory, once, and verifies these very bytes: that they are the integration
 * services that were offered, signed as a part of Windows by Microsoft or under a root that the user gave, in one cabinet
 * whose catalogs and files all hold.
 *
 * @throws STAGE_PACKAGE_KIND, STAGE_PACKAGE_SIZE above 64 MiB, STAGE_PACKAGE_UNTRUSTED, STAGE_PACKAGE_CHANGED, and what
 * opening and reading the package throws.
 */
export function verifiedPayload(
  offer: OfferedPackage,
  { openFile, trust = {} }: PayloadOptions,
): VerifiedPayload {
  const [image = "", ...inside] = offer.place;
  const where = { image, ...(inside.length > 0 && { path: inside.join(": ") }) };
  return locate(where, () => {
    if (offer.kind !== "cab" || !offer.isIntegrationServices) {
      const found = offer.kind === "cab" ? "none of integration services" : "an MSI";
      throw new VmguestError(
        "STAGE_PACKAGE_KIND",
        `a cabinet with integration services is wanted: it is ${found}`,
      );
    }
    const bytes = readAll(openOffer(offer, openFile));
    const verified = verifyPackage(new MemorySource(bytes), { trust });
    const doubts = doubtsOf(verified);
    if (doubts.length > 0) throw new VmguestError("STAGE_PACKAGE_UNTRUSTED", doubts.join("; "));
    return {
      offer,
      bytes,
      sizeBytes: bytes.length,
      sha256: sha256Of(bytes),
      ...describe(verified, sameOffer(offer, bytes, trust)),
    };
  });
}

function readAll(source: ByteSource): Uint8Array {
  const { sizeBytes } = source;
  if (sizeBytes <= PAYLOAD_SIZE_MAX) return copyBytes(source, 0, sizeBytes);
  const message = `it has ${sizeBytes} bytes, and ${PAYLOAD_SIZE_MAX} are the limit`;
  throw new VmguestError("STAGE_PACKAGE_SIZE", message);
}

const sha256Of = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Why the bytes must not be staged; empty where nothing speaks against it. */
function doubtsOf({
  kind,
  isTrusted,
  reasons,
  signature,
  catalogs,
  problems,
}: PackageVerification): string[] {
  if (kind !== "cab") return ["it is no cabinet"];
  if (!isTrusted) return reasons.length > 0 ? [...reasons] : ["it is not trusted"];
  const doubts: string[] = [];
  if (!signature.isWindowsComponent) doubts.push("it is not signed as a part of Windows");
  // The guest's own servicing goes by the catalogs, and would refuse the package behind our back.
  if (catalogs.length === 0) doubts.push("it has no catalog of its files");
  for (const { name, signature } of catalogs) {
    if (!signature.isTrusted) doubts.push(`nobody vouches for its catalog ${name}`);
  }
  for (const { severity, message, where } of problems) {
    if (severity === "error") doubts.push(where.path === undefined ? message : `${where.path}: ${message}`);
  }
  return doubts.slice(0, DOUBT_COUNT_MAX);
}

/** Doubts that are told: a package may have thousands of files. */
const DOUBT_COUNT_MAX = 5;

/** What the bytes in hand say of themselves, by which the package was chosen for the guest. */
function sameOffer(offer: OfferedPackage, bytes: Uint8Array, trust: TrustOptions): OfferedPackage {
  const input = { file: offer.name, open: () => new MemorySource(bytes) };
  const [found] = findOffers([input], { trust }).offers;
  if (found !== undefined && factsOf(found) === factsOf(offer)) return found;
  const message = "what it says of itself is not what it said when it was offered";
  throw new VmguestError("STAGE_PACKAGE_CHANGED", message);
}

const factsOf = ({ place, name, signature, ...facts }: OfferedPackage): string => JSON.stringify(facts);

function describe({ signature, catalogs }: PackageVerification, { identity }: OfferedPackage) {
  if (identity === null) throw new VmguestError("STAGE_PACKAGE_KIND", "it does not say which package it is");
  const signatures = [signature, ...catalogs.map((catalog) => catalog.signature)];
  return {
    identity: packageFullName(identity),
    signature: signature.verdict,
    trustRoot: signatures.map(givenRootOf).find((root) => root !== null) ?? null,
  };
}

/** The root of the user by which a signature is trusted that is not Microsoft's. */
function givenRootOf({ verdict, signers }: SignatureReport): string | null {
  if (verdict === "microsoft") return null;
  return signers.find(({ isValid, anchor }) => isValid && anchor?.origin === "given")?.anchor?.name ?? null;
}
