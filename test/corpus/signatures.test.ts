import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { MemorySource } from "../../src/io/index.ts";
import { PINNED_ANCHORS } from "../../src/package/authenticode/anchors.ts";
import { readCertificate } from "../../src/package/authenticode/certificate.ts";
import { elementsOf, readElement, TAG } from "../../src/package/authenticode/der.ts";
import { OID } from "../../src/package/authenticode/identifiers.ts";
import {
  readCatalog,
  type TrustOptions,
  verifyCabinet,
  verifyCatalog,
} from "../../src/package/authenticode/index.ts";
import { parseSignedData } from "../../src/package/authenticode/pkcs7.ts";
import { readSignatures } from "../../src/package/authenticode/signature.ts";
import { context, sequence, set } from "../lab/signing/der.ts";
import {
  attribute,
  buildAuthenticode,
  buildCertificate,
  buildTimestamp,
  type Credential,
  cabinetDigest,
  EKU,
  type LabTimestamp,
  paddedToEight,
  type Signing,
  THROW_AWAY,
} from "../lab/signing/index.ts";
import { FIXTURES, fixturesIn, readFixture } from "../support/fixtures.ts";

const verify = (bytes: Uint8Array, trust: TrustOptions = {}) => verifyCabinet(new MemorySource(bytes), trust);

const OLD = "ic-cab/6.3.9600.18692";
const NEW = "ic-cab/6.3.9600.19456";

/** What each cabinet is signed with; the digests are those that osslsigncode calculates. */
const CABINETS = [
  {
    name: `${OLD}/windows6.2-hypervintegrationservices-x64.cab`,
    algorithms: ["sha1", "sha256"],
    isPart: true,
  },
  {
    name: `${OLD}/windows6.2-hypervintegrationservices-x86.cab`,
    algorithms: ["sha1", "sha256"],
    isPart: true,
  },
  {
    name: `${OLD}/windows6.x-hypervintegrationservices-x64.cab`,
    algorithms: ["sha1", "sha256"],
    isPart: true,
  },
  {
    name: `${OLD}/windows6.x-hypervintegrationservices-x86.cab`,
    algorithms: ["sha1", "sha256"],
    isPart: true,
  },
  { name: `${NEW}/Windows6.2-HyperVIntegrationServices-x64.cab`, algorithms: ["sha256"], isPart: true },
  { name: "msu/Windows6.1-KB2465285-x64.msu", algorithms: ["sha1"], isPart: false },
  { name: "msu/Windows6.1-KB2584475-x86.msu", algorithms: ["sha1"], isPart: false },
  { name: "msu/Windows6.1-KB2780124-x64.msu", algorithms: ["sha1", "sha256"], isPart: false },
];

/** The digests that osslsigncode printed for a fixture, lower-case hex. */
function calculatedDigests(name: string): string[] {
  const facts = readFileSync(join(FIXTURES, "FACTS", `${name}.txt`), "utf8");
  return [...facts.matchAll(/Calculated message digest\s*:\s*([0-9A-F]+)/g)].map(([, hex = ""]) =>
    hex.toLowerCase(),
  );
}

describe.each(CABINETS)("$name", ({ name, algorithms, isPart }) => {
  const bytes = readFixture(name);
  const report = verify(bytes);

  test("is Microsoft's, as is each of its signatures", () => {
    expect(report).toMatchObject({
      verdict: "microsoft",
      isTrusted: true,
      digestAlgorithms: algorithms,
      isCheckableWithoutSha2: algorithms[0] === "sha1",
    });
    expect(report.signers.map(({ isValid, reasons }) => ({ isValid, reasons }))).toEqual(
      algorithms.map(() => ({ isValid: true, reasons: [] })),
    );
  });

  test(isPart ? "is a part of Windows" : "is an update, which is told from a part of Windows", () => {
    expect(report.isWindowsComponent).toBe(isPart);
    expect(report.reasons.join().includes("not that of a part of Windows")).toBe(!isPart);
  });

  test("has the digest that osslsigncode calculates", () => {
    const [primary] = report.signers;
    expect(calculatedDigests(name)).toContain(primary?.digest);
  });

  test("is tampered with wherever a byte of what is signed differs, and so is what follows", () => {
    const signatureAt = bytes.readUInt32LE(44);
    const places = [8, 12, 16, 24, 26, 28, 30, 32, 33, 44, 48, 56, 57, 59, 60, signatureAt - 1];
    // Primes apart, so that headers, folders and data of all kinds are hit.
    for (let at = 61; at < signatureAt; at += 9973 * 7) places.push(at);
    const verdicts = places.map((at) => {
      const copy = Buffer.from(bytes);
      copy[at]! ^= 0x01;
      return verify(copy).verdict;
    });
    expect(new Set(verdicts)).toEqual(new Set(["tampered"]));
    expect(verify(Buffer.concat([bytes, Uint8Array.of(0)])).verdict).toBe("tampered");
    expect(verify(bytes.subarray(0, -1)).verdict).toBe("tampered");
  });

  test("is tampered with where a byte that nothing vouches for has another value than it can have", () => {
    for (const at of [4, 5, 6, 7, 34, 35, 38, 39, 52, 53, 54, 55]) {
      const copy = Buffer.from(bytes);
      copy[at]! ^= 0x40;
      expect({ at, verdict: verify(copy).verdict }).toEqual({ at, verdict: "tampered" });
    }
    // Without these it has no signature at all.
    for (const at of [36, 37, 40, 41, 42, 43]) {
      const copy = Buffer.from(bytes);
      copy[at]! ^= 0x40;
      expect({ at, verdict: verify(copy).verdict }).toEqual({ at, verdict: "unsigned" });
    }
  });

  test("is trusted no more with one bit of its signature changed, or for the same signers", () => {
    const signatureAt = bytes.readUInt32LE(44);
    for (let at = signatureAt; at < bytes.length; at += 389) {
      const copy = Buffer.from(bytes);
      copy[at]! ^= 1 << (at % 8);
      const changed = verify(copy);
      if (changed.verdict !== "microsoft") continue;
      const valid = changed.signers.filter(({ isValid }) => isValid);
      expect(report.signers).toEqual(
        expect.arrayContaining(valid.map((item) => ({ ...item, timestamp: expect.anything() }))),
      );
    }
  });
});

describe("the known digests and times of signatures", () => {
  test.each([
    {
      name: `${OLD}/windows6.x-hypervintegrationservices-x64.cab`,
      signers: [
        {
          digest: "9c35f7ea81c273a127b5449993b3cca43cd15c61",
          timestamp: { time: "2017-05-06T20:11:11.000Z", kind: "pkcs9" },
        },
        {
          digest: "4cd293d70da177fd4a7768e4c41c1504435ba44f1fd7cc0bce48cf8ce1743d66",
          timestamp: { time: "2017-05-06T20:11:15.608Z", kind: "rfc3161" },
        },
      ],
    },
    {
      name: `${NEW}/Windows6.2-HyperVIntegrationServices-x64.cab`,
      signers: [
        {
          timestamp: {
            time: "2019-08-10T18:56:51.954Z",
            kind: "rfc3161",
            signer: "Microsoft Time-Stamp service",
          },
        },
      ],
    },
  ])("are those of $name", ({ name, signers }) => {
    expect(verify(readFixture(name)).signers).toMatchObject(signers);
  });
});

describe("what is not Microsoft's", () => {
  test.each([
    "ic-cab/other/Windows8.1-KB2938772-x64.cab",
    "cab/gcab/test-none.cab",
    "cab/gcab/test-mszip.cab",
  ])("%s is unsigned", (name) => {
    expect(verify(readFixture(name))).toMatchObject({ verdict: "unsigned", isTrusted: false });
  });

  test("cab/gcab/test-signed.cab names a certificate that did not sign it, as osslsigncode finds too", () => {
    const report = verify(readFixture("cab/gcab/test-signed.cab"));
    expect(report).toMatchObject({ verdict: "tampered", isTrusted: false, digestAlgorithms: [] });
    expect(report.signers[0]).toMatchObject({
      digestAlgorithm: "sha1",
      digestMatches: true,
      reasons: ["the signature is not that of LVFS CA"],
    });
    expect(calculatedDigests("cab/gcab/test-signed.cab")).toEqual([report.signers[0]?.digest]);
  });

  test.each(fixturesIn("cab/libmspack").concat(fixturesIn("cab/cabextract"), fixturesIn("cab/libarchive")))(
    "%s gives a verdict, and no signer",
    (name) => {
      expect(verify(readFixture(name))).toMatchObject({ verdict: "unsigned", signers: [] });
    },
  );
});

const CATALOGS = readdirSync(join(FIXTURES, "mum"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".cat"))
  .map((name) => `mum/${name.replaceAll("\\", "/")}`)
  .concat("cat/catroot_package_name.cat")
  .sort();

describe("the catalogs", () => {
  test("are all Microsoft's, as a part of Windows", () => {
    expect(CATALOGS.length).toBeGreaterThan(30);
    const others = CATALOGS.filter((name) => {
      const { verdict, isWindowsComponent } = verifyCatalog(readFixture(name));
      return verdict !== "microsoft" || !isWindowsComponent;
    });
    expect(others).toEqual([]);
  });

  test("list files by digests of a known sort, for systems that are named", () => {
    for (const name of CATALOGS) {
      const { members, attributes } = readCatalog(readFixture(name));
      expect(members.length).toBeGreaterThan(0);
      expect(members.filter(({ kind }) => kind === "unknown")).toEqual([]);
      expect(attributes.get("OSAttr")).toMatch(/^2:/);
    }
  });

  test.each([
    {
      folder: "6.3.9600.18692-windows6.x-hypervintegrationservices-x86",
      counts: { "flat sha1": 31, "pe sha1": 32 },
      digest: "sha1",
    },
    {
      folder: "6.3.9600.19456-Windows6.2-HyperVIntegrationServices-x64",
      counts: { "flat sha1": 36, "flat sha256": 36, "pe sha1": 36, "pe sha256": 36 },
      digest: "sha256",
    },
  ])("of $folder lists $counts and is signed with $digest", ({ folder, counts, digest }) => {
    const bytes = readFixture(`mum/${folder}/update.cat`);
    const { members, attributes } = readCatalog(bytes);
    const found: Record<string, number> = {};
    for (const { kind, algorithm } of members)
      found[`${kind} ${algorithm}`] = (found[`${kind} ${algorithm}`] ?? 0) + 1;
    expect(found).toEqual(counts);
    expect(attributes.get("OSAttr")).toBe("2:5.1,2:5.2,2:6.0,2:6.1,2:6.2,2:6.3");
    expect(verifyCatalog(bytes).digestAlgorithms).toEqual([digest]);
  });

  test("that nobody signed are unsigned, and are read", () => {
    const bytes = readFixture("cat/osslsigncode-unsigned.cat");
    expect(verifyCatalog(bytes).verdict).toBe("unsigned");
    const { members, attributes } = readCatalog(bytes);
    expect(members).toHaveLength(14);
    expect(attributes.get("OSAttr")).toBe("2:6.0");
  });

  test("have names", () => {
    expect(readCatalog(readFixture("cat/catroot_package_name.cat")).attributes.get("PackageName")).toBe(
      "Microsoft-Windows-PhotoBasic-WOW64-merged-Package",
    );
  });
});

/** PKCS #7 of all the fixtures that are signed. */
const SIGNATURES = [
  ...CABINETS.map(({ name }) => {
    const bytes = readFixture(name);
    return bytes.subarray(bytes.readUInt32LE(44));
  }),
  ...CATALOGS.map((name) => readFixture(name)),
];

describe("the anchors", () => {
  const certificates = SIGNATURES.flatMap((bytes) =>
    readSignatures(bytes).flatMap(({ bag, info }) => [
      ...bag,
      ...(info.unsigned.get(OID.timestampToken) ?? []).flatMap((token) =>
        parseSignedData(token).certificates.map((der) => readCertificate(der)),
      ),
    ]),
  );
  const authorities = new Map(
    certificates.filter(({ isAuthority }) => isAuthority).map((item) => [item.fingerprint, item]),
  );

  /** Known from other files than the fixtures, see docs/trust.md. */
  const ELSEWHERE = ["Microsoft Code Signing PCA 2011", "Microsoft Time-Stamp PCA 2010 (2021)"];

  test("are the authorities that occur in Microsoft's files, by the SHA-256 of their bytes", () => {
    const seen = PINNED_ANCHORS.filter(({ name }) => !ELSEWHERE.includes(name));
    expect(new Set(seen.map(({ fingerprint }) => fingerprint))).toEqual(new Set(authorities.keys()));
    for (const { fingerprint, name, purposes } of seen) {
      const certificate = authorities.get(fingerprint);
      expect(
        createHash("sha256")
          .update(certificate?.der ?? "")
          .digest("hex"),
      ).toBe(fingerprint);
      expect(name.replace(/ \(\d+\)$/, "")).toBe(certificate?.name);
      expect(certificate?.issuer).toMatch(/^CN=Microsoft Root Certificate Authority/);
      expect(purposes).toEqual([certificate?.name.includes("Time-Stamp") === true ? "time" : "code"]);
    }
  });

  test("have a year in their name where two have the same", () => {
    expect(new Set(PINNED_ANCHORS.map(({ name }) => name)).size).toBe(PINNED_ANCHORS.length);
  });
});

describe("a package of Microsoft's whose own time stamp is gone", () => {
  const { root, timestamper } = THROW_AWAY;
  const bytes = readFixture("msu/Windows6.1-KB2465285-x64.msu");
  const THEN = new Date("2010-12-23T00:00:00Z");
  const stripped = (stamps: readonly LabTimestamp[]) => withStamps(bytes, stamps);
  const STAMP: LabTimestamp = { kind: "rfc3161", credential: timestamper, time: "2020-02-03T04:05:06Z" };

  test.each([
    { what: "is not trusted", stamps: [], trust: {}, verdict: "signed-unknown-root", isTrusted: false },
    {
      what: "is Microsoft's while its certificate is valid",
      stamps: [],
      trust: { now: THEN },
      verdict: "microsoft",
      isTrusted: true,
    },
    {
      what: "is not trusted for a stamp of anybody's",
      stamps: [STAMP],
      trust: {},
      verdict: "signed-unknown-root",
      isTrusted: false,
    },
  ])("$what", ({ stamps, trust, verdict, isTrusted }) => {
    expect(verify(stripped(stamps), trust)).toMatchObject({ verdict, isTrusted });
  });

  test("is trusted, but not Microsoft's, by the stamp of an authority that is given", () => {
    const stamper = buildCertificate({
      name: "Early",
      key: "timestamper",
      issuer: root,
      purposes: [EKU.timestamping],
      notBefore: "2005-01-01T00:00:00Z",
    });
    const early = buildCertificate({
      name: "Throw-away Root",
      key: "root",
      isAuthority: true,
      notBefore: "2000-01-01T00:00:00Z",
    });
    const stamp: LabTimestamp = { ...STAMP, credential: stamper, time: "2010-12-23T00:00:00Z" };
    const report = verify(stripped([stamp]), { roots: [early.certificate] });
    expect(report).toMatchObject({ verdict: "signed-unknown-root", isTrusted: true });
    expect(report.signers[0]).toMatchObject({ anchor: { origin: "pinned" }, timestamp: { signer: "Early" } });
  });
});

describe("a package of Microsoft's to which somebody adds a signature of his own", () => {
  const { signer, authority, timestamper, root } = THROW_AWAY;
  const chain = (...credentials: Credential[]) => credentials.map(({ certificate }) => certificate);
  const impostor = buildCertificate({
    name: "Microsoft Windows",
    key: "stranger",
    purposes: [EKU.codeSigning, EKU.windowsComponent],
  });
  const asImpostor: Signing = { credential: impostor, bag: chain(impostor, timestamper), digest: "sha1" };
  const asGiven: Signing = { credential: signer, bag: chain(signer, authority, timestamper), digest: "sha1" };

  test.each([
    { what: "nobody believes", name: CABINETS[4]!.name, signing: asImpostor, trust: {}, isValid: false },
    {
      what: "the user believes",
      name: CABINETS[4]!.name,
      signing: asGiven,
      trust: { roots: [root.certificate] },
      isValid: true,
    },
    { what: "nobody believes", name: CABINETS[5]!.name, signing: asImpostor, trust: {}, isValid: false },
    {
      what: "the user believes",
      name: CABINETS[5]!.name,
      signing: asGiven,
      trust: { roots: [root.certificate] },
      isValid: true,
    },
  ])(
    "is what Microsoft signed, and no more: $name, with one that $what",
    ({ name, signing, trust, isValid }) => {
      const bytes = readFixture(name);
      const { signers, reasons, ...before } = verify(bytes, trust);
      const after = verify(withNested(bytes, signing), trust);
      expect(before.verdict).toBe("microsoft");
      expect(after).toMatchObject(before);
      expect(after.signers.slice(0, -1)).toEqual(signers);
      expect(after.signers.at(-1)).toMatchObject({ isNested: true, isWindowsComponent: true, isValid });
      expect(after.reasons).toEqual(expect.arrayContaining([...reasons]));
    },
  );
});

/** The cabinet with one more signature nested in its first signer, which nothing vouches for. */
function withNested(cabinet: Uint8Array, signing: Signing): Uint8Array {
  const body = cabinet.subarray(0, new DataView(cabinet.buffer, cabinet.byteOffset).getUint32(44, true));
  const nested = buildAuthenticode("cabinet", cabinetDigest(body), signing);
  return withUnsigned(cabinet, (_, attributes) => [...attributes, attribute(OID.nestedSignature, nested)]);
}

/** The cabinet with other time stamps on its first signer, which nothing vouches for. */
function withStamps(cabinet: Uint8Array, stamps: readonly LabTimestamp[]): Uint8Array {
  return withUnsigned(cabinet, (signature) => stamps.map((stamp) => buildTimestamp(stamp, signature)));
}

/** The cabinet with other unsigned attributes on its first signer. */
function withUnsigned(
  cabinet: Uint8Array,
  edit: (signature: Uint8Array, attributes: Uint8Array[]) => Uint8Array[],
): Uint8Array {
  const view = new DataView(cabinet.buffer, cabinet.byteOffset);
  const body = cabinet.subarray(0, view.getUint32(44, true));
  const [type, wrapped] = elementsOf(readElement(cabinet.subarray(body.length)).content);
  const parts = [...elementsOf([...elementsOf(wrapped!.content)][0]!.content)].map(({ encoded }) => encoded);
  const [signer] = elementsOf(readElement(parts.pop()!).content);
  const fields = [...elementsOf(signer!.content)];
  const kept = fields.filter(({ tag }) => tag !== TAG.context1);
  const before = fields.flatMap(({ tag, content }) => (tag === TAG.context1 ? [...elementsOf(content)] : []));
  const attributes = edit(
    kept.at(-1)!.content,
    before.map(({ encoded }) => encoded),
  );
  const unsigned = attributes.length === 0 ? [] : [context(1, ...attributes)];
  const signers = set(sequence(...kept.map(({ encoded }) => encoded), ...unsigned));
  const signature = paddedToEight(sequence(type!.encoded, context(0, sequence(...parts, signers))));
  const changed = Buffer.concat([body, signature]);
  changed.writeUInt32LE(signature.length, 48);
  return changed;
}
