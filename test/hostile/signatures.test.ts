// SPDX-License-Identifier: MIT
import { describe, expect, test } from "vitest";
import { buildIcPackage, type LabIcPackage } from "../lab/ic-package.ts";
import { octetString, sequence } from "../lab/signing/der.ts";
import {
  appendSignature,
  buildAuthenticode,
  buildCatalog,
  buildCertificate,
  cabinetDigest,
  DEFAULT_BAG,
  EKU,
  type LabCatalog,
  type Signing,
  signCabinet,
  THROW_AWAY,
} from "../lab/signing/index.ts";
import { ONE_COMPONENT, rootFile, runJob, write } from "./package-jobs.ts";

const PACKAGE: LabIcPackage = { components: ONE_COMPONENT };
const UNSIGNED = buildIcPackage({ ...PACKAGE, signing: null });
const SIGNED = signCabinet(UNSIGNED);
/** Fields of the header of {@link SIGNED} that say where its signature is. */
const [PLACE_AT, SIZE_AT] = [44, 48];
const SIGNATURE_AT = Buffer.from(SIGNED).readUInt32LE(PLACE_AT);

function edited(edit: (bytes: Buffer) => unknown): Uint8Array {
  const bytes = Buffer.from(SIGNED);
  edit(bytes);
  return bytes;
}

/** DER of so many levels. */
function nested(depth: number): Uint8Array {
  let value: Uint8Array = octetString(new Uint8Array(1));
  for (let level = 0; level < depth; level++) value = sequence(value);
  return value;
}

/** The certificates of an impostor who calls himself Microsoft in every name. */
function impostor(): Signing {
  const root = buildCertificate({
    name: "Microsoft Root Certificate Authority 2010",
    key: "root",
    isAuthority: true,
  });
  const signer = buildCertificate({
    name: "Microsoft Windows",
    issuer: root,
    purposes: [EKU.codeSigning, EKU.windowsComponent],
  });
  return {
    credential: signer,
    bag: [signer, root, THROW_AWAY.timestamper].map(({ certificate }) => certificate),
  };
}

/** A signer that is no longer, or not yet, valid, with the certificates that lead up to it. */
function signerValid(notBefore: string, notAfter: string): Signing {
  const validity = { notBefore, notAfter, purposes: [EKU.codeSigning], serial: 99 };
  const credential = buildCertificate({ name: "Signer", issuer: THROW_AWAY.authority, ...validity });
  return { credential, bag: [credential.certificate, ...DEFAULT_BAG] };
}

interface Verified {
  readonly verdict: string;
  readonly isTrusted: boolean;
  readonly reasons: readonly string[];
}

/** What `package verify` says of a package, under the lab's root. */
async function verify(bytes: Uint8Array): Promise<Verified & { outcome: string }> {
  const path = write("hostile.cab", bytes);
  const { report, outcome } = await runJob(["verify", path, "--trust-root", rootFile()]);
  const { packages } = report as { packages: { verification: Verified }[] };
  const [hostile] = packages.map(({ verification }) => verification);
  return { ...(hostile ?? expect.fail("no verification")), outcome };
}

// H43
describe("a package whose signature", () => {
  test.each<{ what: string; bytes: () => Uint8Array; verdict: string; reason: string }>([
    {
      what: "is said to be in the data",
      bytes: () => edited((bytes) => bytes.writeUInt32LE(SIGNATURE_AT - 8, PLACE_AT)),
      verdict: "tampered",
      reason: "begin",
    },
    {
      what: "is said to be in the header",
      bytes: () => edited((bytes) => bytes.writeUInt32LE(4, PLACE_AT)),
      verdict: "tampered",
      reason: "begin",
    },
    {
      what: "is said to be behind the end",
      bytes: () => edited((bytes) => bytes.writeUInt32LE(0xffff_fff0, PLACE_AT)),
      verdict: "tampered",
      reason: "begin",
    },
    {
      what: "is said to have 4 GiB",
      bytes: () => edited((bytes) => bytes.writeUInt32LE(0xffff_fff0, SIZE_AT)),
      verdict: "tampered",
      reason: "the file ends before",
    },
    {
      what: "is said to have no bytes",
      bytes: () => edited((bytes) => bytes.writeUInt32LE(0, SIZE_AT)),
      verdict: "tampered",
      reason: "that nothing vouches for",
    },
    {
      what: "is not said to be there",
      bytes: () => edited((bytes) => bytes.fill(0, PLACE_AT, SIZE_AT + 4)),
      verdict: "unsigned",
      reason: "the place for a signature is empty",
    },
    {
      what: "is of another package",
      bytes: () => signCabinet(UNSIGNED, { fileDigest: cabinetDigest(buildIcPackage(PACKAGE))("sha256") }),
      verdict: "tampered",
      reason: "digest of the file",
    },
    {
      what: "is about an image",
      bytes: () => appendSignature(UNSIGNED, (digestOf) => buildAuthenticode("pe", digestOf)),
      verdict: "signed-unknown-root",
      reason: "which is no cabinet",
    },
    {
      what: "is that of its catalog",
      bytes: () => appendSignature(UNSIGNED, () => buildCatalog({ files: [{ bytes: UNSIGNED }] })),
      verdict: "tampered",
      reason: "not the digest of a file",
    },
    {
      what: "has bytes behind it",
      bytes: () => Buffer.concat([SIGNED, Buffer.from("MZ")]),
      verdict: "tampered",
      reason: "2 bytes that nothing vouches for",
    },
    {
      what: "has a cabinet behind it",
      bytes: () => Buffer.concat([SIGNED, UNSIGNED]),
      verdict: "tampered",
      reason: "that nothing vouches for",
    },
    {
      what: "has bytes hidden in it",
      bytes: () =>
        appendSignature(UNSIGNED, (digestOf) =>
          Buffer.concat([buildAuthenticode("cabinet", digestOf), Buffer.from("MZ")]),
        ),
      verdict: "tampered",
      reason: "data that nothing vouches for",
    },
    {
      what: "names its signer like Microsoft's",
      bytes: () => signCabinet(UNSIGNED, impostor()),
      verdict: "signed-unknown-root",
      reason: "which is no anchor for code signing",
    },
    {
      what: "is of an expired certificate, and has no time stamp",
      bytes: () => signCabinet(UNSIGNED, { timestamps: [] }),
      verdict: "signed-unknown-root",
      reason: "to 2025-12-31T23:59:59.000Z, not on 20",
    },
    {
      what: "was made after its certificate had expired",
      bytes: () => signCabinet(UNSIGNED, signerValid("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z")),
      verdict: "signed-unknown-root",
      reason: "to 2021-01-01T00:00:00.000Z, not on 2024-02-29",
    },
    {
      what: "was made before its certificate was valid",
      bytes: () => signCabinet(UNSIGNED, signerValid("2099-01-01T00:00:00Z", "2199-01-01T00:00:00Z")),
      verdict: "signed-unknown-root",
      reason: "is valid from 2099-01-01",
    },
    {
      what: "is made with MD5",
      bytes: () => signCabinet(UNSIGNED, { digest: "md5" }),
      verdict: "signed-unknown-root",
      reason: "is not accepted",
    },
    {
      what: "has one of other data nested in it",
      bytes: () => signCabinet(UNSIGNED, { digest: "sha1", nested: [{ fileDigest: new Uint8Array(32) }] }),
      verdict: "tampered",
      reason: "nested sha256 signature",
    },
    {
      what: "has more nested in it than anybody needs",
      bytes: () => signCabinet(UNSIGNED, { nested: Array.from({ length: 20 }, () => ({})) }),
      verdict: "tampered",
      reason: "20 nested signatures, more than 8",
    },
    {
      what: "has 10,000 levels",
      bytes: () => appendSignature(UNSIGNED, () => nested(10_000)),
      verdict: "tampered",
      reason: "cannot be read",
    },
    {
      what: "has 2^31 bytes by its own word",
      bytes: () =>
        appendSignature(UNSIGNED, () => Uint8Array.of(0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 6, 1, 0)),
      verdict: "tampered",
      reason: "needs 2147483647 bytes",
    },
    {
      what: "has no length at all",
      bytes: () => appendSignature(UNSIGNED, () => Uint8Array.of(0x30, 0x80, 0x30, 0x80, 0x30, 0x80, 0, 0)),
      verdict: "tampered",
      reason: "indefinite, which DER forbids",
    },
  ])("$what is $verdict, and is not trusted", async ({ what, bytes, verdict, reason }) => {
    const verified = await verify(bytes());
    expect(verified).toMatchObject({ verdict, isTrusted: false });
    expect(verified.outcome).toMatch(/^1\b/);
    expect(verified.reasons.join("\n"), what).toContain(reason);
  });

  test.each([
    {
      what: "is made with SHA-1 alone",
      signing: { digest: "sha1" } as const,
      algorithms: ["sha1"],
      isCheckableWithoutSha2: true,
    },
    {
      what: "has a better one nested in it",
      signing: { digest: "sha1", nested: [{ digest: "sha256" }] } as const,
      algorithms: ["sha1", "sha256"],
      isCheckableWithoutSha2: true,
    },
    {
      what: "has one of SHA-1 by an impostor nested in it",
      signing: { nested: [{ ...impostor(), digest: "sha1" }] } as const,
      algorithms: ["sha256"],
      isCheckableWithoutSha2: false,
    },
  ])(
    "$what is trusted, and says what makes it so",
    async ({ signing, algorithms, isCheckableWithoutSha2 }) => {
      const { isTrusted, outcome, ...rest } = await verify(signCabinet(UNSIGNED, signing));
      expect({ isTrusted, outcome }).toEqual({ isTrusted: true, outcome: "0" });
      expect(rest).toMatchObject({ signature: { digestAlgorithms: algorithms, isCheckableWithoutSha2 } });
    },
  );
});

describe("a catalog in a package that is signed", () => {
  const others = Array.from({ length: 3000 }, (_, index) => ({ bytes: Buffer.from(`${index}`) }));
  const listing = (options: Partial<LabCatalog>) => buildCatalog({ files: others, ...options });

  test.each<{ what: string; catalog: () => Uint8Array; outcome: string }>([
    { what: "is empty", catalog: () => new Uint8Array(0), outcome: "1 CATALOG_NOT" },
    { what: "is text", catalog: () => Buffer.from("<catalog/>"), outcome: "1 CATALOG_NOT" },
    { what: "has 10,000 levels", catalog: () => nested(10_000), outcome: "1 SIGNATURE_MALFORMED" },
    {
      what: "says it has 2 GiB",
      catalog: () => Uint8Array.of(0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 6, 1, 0),
      outcome: "1 SIGNATURE_MALFORMED",
    },
    { what: "is signed by nobody", catalog: () => listing({ signing: null }), outcome: "0" },
    { what: "is signed by an impostor", catalog: () => listing({ signing: impostor() }), outcome: "0" },
    { what: "lists nothing", catalog: () => listing({ files: [] }), outcome: "1 PACKAGE_MEMBER_CHANGED" },
    { what: "lists other files, thousands", catalog: () => listing({}), outcome: "1 PACKAGE_MEMBER_CHANGED" },
  ])("$what: $outcome", async ({ catalog, outcome }) => {
    const verified = await verify(
      buildIcPackage({ ...PACKAGE, beforePacking: (files) => files.set("update.cat", catalog()) }),
    );
    // The cabinet's own signature vouches for all files; a catalog is believed that somebody signed who is trusted.
    expect(verified.outcome).toBe(outcome);
    expect(JSON.stringify(verified)).not.toContain('"catalog":"matched"');
  });
});
