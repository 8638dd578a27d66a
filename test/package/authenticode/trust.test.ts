import { describe, expect, test } from "vitest";
import { boolean, objectIdentifier, octetString, sequence } from "../../lab/signing/der.ts";
import {
  buildCertificate,
  type Credential,
  DEFAULT_BAG,
  EKU,
  type LabCertificate,
  type LabTimestamp,
  OID,
  type Signing,
  THROW_AWAY,
} from "../../lab/signing/index.ts";
import { judgeSigned, LAB_ROOT } from "./signed.ts";

const { root, authority, timestamper } = THROW_AWAY;

/** What a test says of a certificate; its issuer may be itself. */
type Told = Partial<Omit<LabCertificate, "issuer">> & { readonly issuer?: Credential | "itself" };

/** A certificate with what the test is about, and `usual` for the rest. */
function certificate(usual: LabCertificate, { issuer, ...told }: Told): Credential {
  const { issuer: usualIssuer, ...rest } = { ...usual, ...told };
  if (issuer === "itself") return buildCertificate(rest);
  const by = issuer ?? usualIssuer;
  return buildCertificate(by === undefined ? rest : { ...rest, issuer: by });
}

/** A signer of the throw-away authority. */
const signer = (told: Told = {}): Credential =>
  certificate({ name: "Signer", issuer: authority, purposes: [EKU.codeSigning], serial: 77 }, told);

/** An authority under the throw-away root in place of the usual one, and a signer under it. */
function under(options: Partial<LabCertificate>, issuer: Credential = root): Signing {
  const own = buildCertificate({
    name: "Authority",
    key: "authority",
    issuer,
    isAuthority: true,
    serial: 78,
    ...options,
  });
  const credential = signer({ issuer: own });
  return signedBy(credential, [own]);
}

/** Signed by a credential, whose chain is in the bag. */
function signedBy(credential: Credential, authorities: readonly Credential[] = [authority]): Signing {
  return { credential, bag: [credential, ...authorities, timestamper].map(({ certificate }) => certificate) };
}

const OTHER_EXTENSION = (isCritical: boolean) =>
  sequence(
    objectIdentifier("1.2.3.4"),
    ...(isCritical ? [boolean(true)] : []),
    octetString(Uint8Array.of(5, 0)),
  );

describe("a signer is believed", () => {
  test.each([
    { what: "when it may sign code", signing: signedBy(signer()) },
    {
      what: "when it is not of a part of Windows",
      signing: signedBy(signer({ purposes: [EKU.codeSigning] })),
    },
    { what: "when nothing restricts its key", signing: signedBy(signer({ keyUsage: undefined })) },
    {
      what: "with an extension that nobody must know",
      signing: signedBy(signer({ extensions: [OTHER_EXTENSION(false)] })),
    },
    {
      what: "under an authority that is restricted to code",
      signing: under({ purposes: [EKU.codeSigning] }),
    },
    { what: "under an authority that may do anything", signing: under({ purposes: ["2.5.29.37.0"] }) },
    { what: "directly under the root", signing: signedBy(signer({ issuer: root }), []) },
    {
      what: "when the bag holds certificates of no use",
      signing: {
        bag: [timestamper, root, authority, THROW_AWAY.signer, root].map((item) => item.certificate),
      },
    },
    { what: "when the certificates were signed with SHA-1", signing: under({ digest: "sha1" }) },
  ])("$what", ({ signing }) => {
    expect(judgeSigned(signing)).toMatchObject({ verdict: "signed-unknown-root", isTrusted: true });
  });

  test("when the bag holds a certificate with a key that nobody knows", () => {
    const rsa = objectIdentifier(OID.rsaEncryption);
    const odd = Buffer.from(root.certificate);
    odd[odd.indexOf(rsa) + rsa.length - 1] = 0x7f;
    expect(judgeSigned({ bag: [...DEFAULT_BAG, odd] }).isTrusted).toBe(true);
  });

  test("as an anchor itself, when it is given", () => {
    const self = signer({ issuer: "itself", name: "On my own" });
    const report = judgeSigned(signedBy(self, []), { roots: [self.certificate, root.certificate] });
    expect(report.signers[0]).toMatchObject({
      isValid: true,
      anchor: { name: "On my own", origin: "given" },
    });
  });

  test("under an authority that is given, without its root", () => {
    const report = judgeSigned({}, { roots: [authority.certificate, timestamper.certificate] });
    expect(report.signers[0]).toMatchObject({
      isValid: true,
      anchor: { name: "Throw-away Code Signing CA" },
    });
  });
});

describe("a signer is not believed", () => {
  const impostor = buildCertificate({
    name: "Throw-away Code Signing CA",
    key: "signer",
    isAuthority: true,
    serial: 2,
  });

  test.each([
    {
      what: "when it may not sign code",
      signing: signedBy(signer({ purposes: [EKU.serverAuthentication] })),
      reason: "not meant for code signing",
    },
    {
      what: "when it does not say what for",
      signing: signedBy(signer({ purposes: [] })),
      reason: "not meant for code signing",
    },
    {
      what: "when it is for anything",
      signing: signedBy(signer({ purposes: ["2.5.29.37.0"] })),
      reason: "not meant for code signing",
    },
    {
      what: "when it is a time stamping authority",
      signing: signedBy(timestamper, []),
      reason: "not meant for code signing",
    },
    {
      what: "when its key is for certificates",
      signing: signedBy(signer({ keyUsage: 0x06 })),
      reason: "not meant for signatures",
    },
    {
      what: "with a critical extension that nobody knows",
      signing: signedBy(signer({ extensions: [OTHER_EXTENSION(true)] })),
      reason: "critical extension 1.2.3.4",
    },
    {
      what: "under one that is no authority",
      signing: under({ isAuthority: false, keyUsage: 0x86 }),
      reason: "is none of an authority",
    },
    {
      what: "under one that does not say it is an authority",
      signing: under({ isAuthority: undefined, keyUsage: 0x86 }),
      reason: "is none of an authority",
    },
    {
      what: "under an authority whose key is not for certificates",
      signing: under({ keyUsage: 0x80 }),
      reason: "not meant for signing certificates",
    },
    {
      what: "under an authority for something else",
      signing: under({ purposes: [EKU.timestamping] }),
      reason: "authority Authority is not meant for code signing",
    },
    {
      what: "deeper below an authority than that allows",
      signing: { ...under({}, authority), bag: [...under({}, authority).bag!, authority.certificate] },
      reason: "allows 0 authorities below it",
    },
    {
      what: "under an authority that is nowhere",
      signing: signedBy(signer(), []),
      reason: "the chain ends at Signer",
    },
    {
      what: "under a root that nobody gave",
      signing: { ...under({}, impostor), bag: [...under({}, impostor).bag!, impostor.certificate] },
      reason: "the chain ends at",
    },
    {
      what: "when its certificate was signed with MD5",
      signing: signedBy(signer({ digest: "md5" })),
      reason: "is not signed by its issuer",
    },
  ])("$what", ({ signing, reason }) => {
    const report = judgeSigned(signing);
    expect(report.isTrusted).toBe(false);
    expect(report.reasons.join("\n")).toContain(reason);
  });

  test("and somebody changed something, when its issuer is there and did not sign it", () => {
    const forged = signer({ signature: new Uint8Array(256) });
    expect(judgeSigned(signedBy(forged))).toMatchObject({
      verdict: "tampered",
      reasons: [
        "sha256 signature of Signer: certificate Signer is not signed by its issuer Throw-away Code Signing CA",
      ],
    });
  });

  test("but nobody changed anything, when only a namesake of its issuer is there", () => {
    const report = judgeSigned({ credential: signer(), bag: [signer().certificate, impostor.certificate] });
    expect(report.verdict).toBe("signed-unknown-root");
  });
});

describe("the time of a signature", () => {
  const NOW = new Date("2026-06-01T00:00:00Z");
  const THEN = new Date("2024-06-01T00:00:00Z");
  const stamped = (...timestamps: LabTimestamp[]): Signing => ({ timestamps });
  const tsa = (told: Told): Partial<LabTimestamp> => {
    const credential = certificate(
      { name: "TSA", key: "timestamper", issuer: root, purposes: [EKU.timestamping], serial: 5 },
      told,
    );
    return { credential, bag: [credential.certificate] };
  };

  test.each([
    {
      what: "a token",
      signing: stamped({ kind: "rfc3161", time: "2024-02-03T04:05:06.789Z" }),
      time: "2024-02-03T04:05:06.789Z",
      kind: "rfc3161",
    },
    {
      what: "a countersignature",
      signing: stamped({ kind: "pkcs9", time: "2024-02-03T04:05:06Z" }),
      time: "2024-02-03T04:05:06.000Z",
      kind: "pkcs9",
    },
    {
      what: "the earliest that counts, since anybody can add a later one",
      signing: stamped(
        { kind: "rfc3161", time: "2025-01-01T00:00:00Z" },
        { kind: "rfc3161", time: "2024-01-01T00:00:00Z" },
      ),
      time: "2024-01-01T00:00:00.000Z",
      kind: "rfc3161",
    },
    {
      what: "the first that counts",
      signing: stamped(
        { kind: "rfc3161", ...tsa({ purposes: [] }) },
        { kind: "rfc3161", time: "2024-01-01T00:00:00Z" },
      ),
      time: "2024-01-01T00:00:00.000Z",
      kind: "rfc3161",
    },
  ])("is the word of $what, long after the certificate has expired", ({ signing, time, kind }) => {
    const report = judgeSigned(signing, { ...LAB_ROOT, now: NOW });
    expect(report.isTrusted).toBe(true);
    expect(report.signers[0]?.timestamp).toEqual({ time, kind, signer: "Throw-away Timestamper" });
  });

  test.each([
    { what: "holds while the certificate is valid", now: THEN, isTrusted: true },
    { what: "does not hold when it has expired", now: NOW, isTrusted: false },
    { what: "does not hold before it was valid", now: new Date("2022-12-31T23:59:59Z"), isTrusted: false },
    { what: "does not hold when nobody says what time it is", now: undefined, isTrusted: false },
  ])("without a time stamp, $what", ({ now, isTrusted }) => {
    const report = judgeSigned(stamped(), { ...LAB_ROOT, ...(now === undefined ? {} : { now }) });
    expect(report).toMatchObject({ verdict: "signed-unknown-root", isTrusted });
    expect(report.signers[0]?.timestamp).toBeNull();
  });

  test.each([
    {
      what: "was not valid then",
      stamp: { time: "2026-01-01T00:00:00Z" },
      reason: "Throw-away Signer is valid from",
    },
    {
      what: "was stamped before it was valid",
      stamp: { time: "2022-06-01T00:00:00Z" },
      reason: "Throw-away Signer is valid from",
    },
  ])("is no help to a certificate that $what", ({ stamp, reason }) => {
    const report = judgeSigned(stamped({ kind: "rfc3161", ...stamp }), { ...LAB_ROOT, now: THEN });
    expect(report.isTrusted).toBe(false);
    expect(report.reasons.join("\n")).toContain(reason);
  });

  test.each([
    {
      what: "may not stamp",
      stamp: tsa({ purposes: [EKU.codeSigning] }),
      reason: "time stamp: certificate TSA is not meant for time stamping",
    },
    {
      what: "does not say what for",
      stamp: tsa({ purposes: [] }),
      reason: "time stamp: certificate TSA is not meant for time stamping",
    },
    {
      what: "had expired",
      stamp: tsa({ notAfter: "2021-01-01T00:00:00Z" }),
      reason: "time stamp: certificate TSA is valid from",
    },
    { what: "is on its own", stamp: tsa({ issuer: "itself" }), reason: "time stamp: the chain ends at TSA" },
    { what: "uses MD5", stamp: { digest: "md5" } as const, reason: "is not accepted" },
  ])("is not the word of an authority that $what", ({ stamp, reason }) => {
    const report = judgeSigned(stamped({ kind: "rfc3161", ...stamp }), { ...LAB_ROOT, now: NOW });
    expect(report).toMatchObject({ verdict: "signed-unknown-root", isTrusted: false });
    expect(report.signers[0]?.timestamp).toBeNull();
    expect(report.reasons.join("\n")).toContain(reason);
  });

  test.each(["rfc3161", "pkcs9"] as const)("tells of tampering when a %s stamp", (kind) => {
    const broken: Partial<LabTimestamp>[] = [
      { stamped: Buffer.from("another signature") },
      { faults: { messageDigest: new Uint8Array(kind === "pkcs9" ? 20 : 32) } },
      { faults: { editSignature: () => new Uint8Array(256) } },
      { faults: { namedCredential: THROW_AWAY.signer } },
      { faults: { editAttributes: () => [] } },
    ];
    expect(broken.map((stamp) => judgeSigned(stamped({ kind, ...stamp })).verdict)).toEqual(
      broken.map(() => "tampered"),
    );
  });

  test("does not matter to a certificate with which everything ends that it signed", () => {
    const lifetime = signer({
      purposes: [EKU.codeSigning, "1.3.6.1.4.1.311.10.3.13"],
      notAfter: "2025-01-01T00:00:00Z",
    });
    const judged = [THEN, NOW].map((now) => judgeSigned(signedBy(lifetime), { ...LAB_ROOT, now }).isTrusted);
    expect(judged).toEqual([true, false]);
  });

  test("cannot be had from a countersignature that says none", () => {
    expect(judgeSigned(stamped({ kind: "pkcs9", hasNoTime: true })).verdict).toBe("tampered");
  });

  test("does not make a certificate valid that another stamp's authority did not sign for", () => {
    const report = judgeSigned(stamped({ kind: "rfc3161" }), { roots: [authority.certificate], now: NOW });
    expect(report.isTrusted).toBe(false);
    expect(report.reasons.join("\n")).toContain("the chain ends at Throw-away Timestamper");
  });
});
