import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  buildIcPackage,
  buildMsu,
  buildRollup,
  FEW_COMPONENTS,
  icPackageFileName,
  icPackageFiles,
  type LabIcPackage,
} from "../lab/ic-package.ts";
import { buildPe } from "../lab/pe.ts";
import { buildSamples } from "../lab/samples.ts";
import {
  buildCatalog,
  buildCertificate,
  buildSignedMsi,
  buildTimestampToken,
  DEFAULT_BAG,
  EKU,
  pemOf,
  type Signing,
  signCabinet,
  signPe,
  THROW_AWAY,
} from "../lab/signing/index.ts";

// What the lab builds is what others' tools take it for: cabinets, signatures, catalogs, timestamps.

const folder = mkdtempSync(join(tmpdir(), "vmguest-lab-"));
const ROOT = join(folder, "root.pem");
const LASTING = buildCertificate({
  name: "Lasting Signer",
  issuer: THROW_AWAY.authority,
  purposes: [EKU.codeSigning],
  serial: 5,
});
const LASTING_BAG = [LASTING.certificate, THROW_AWAY.authority.certificate];

beforeAll(() => {
  for (const [name, { certificate }] of Object.entries(THROW_AWAY)) {
    writeFileSync(join(folder, `${name}.pem`), pemOf(certificate));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(tool: string, ...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync(tool, args, { cwd: folder, encoding: "utf8" });
  if (error !== undefined) throw error;
  return { status, output: `${stdout}${stderr}` };
}

function write(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const verify = (path: string, ...more: string[]) =>
  run("osslsigncode", "verify", "-CAfile", ROOT, "-TSA-CAfile", ROOT, ...more, "-in", path);

const PACKAGES: readonly LabIcPackage[] = [
  { target: "6.x", architecture: "amd64" },
  { target: "6.x", architecture: "x86", compression: "none" },
  { target: "6.2", architecture: "amd64", compression: "mszip" },
  { target: "6.2", architecture: "x86", compression: "lzx" },
];

describe.each(PACKAGES)("a package for $target on $architecture", (options) => {
  const name = icPackageFileName(options);
  const files = icPackageFiles(options);

  test("is a cabinet whose members cabextract gives back unchanged", () => {
    const target = join(folder, name.replace(".cab", ""));
    mkdirSync(target);
    const { status, output } = run("cabextract", "-q", "-d", target, write(name, buildIcPackage(options)));
    expect({ status, output }).toMatchObject({ status: 0 });
    for (const [path, bytes] of files) {
      expect(Buffer.compare(readFileSync(join(target, path)), bytes), path).toBe(0);
    }
  });

  test("passes 7-Zip's test", () => {
    expect(run("7z", "t", write(name, buildIcPackage(options)))).toMatchObject({ status: 0 });
  });

  test("is signed as osslsigncode wants it, and so is its catalog", () => {
    expect(verify(write(name, buildIcPackage(options)))).toMatchObject({ status: 0 });
    expect(verify(write("update.cat", files.get("update.cat")!))).toMatchObject({ status: 0 });
  });

  test("has a catalog that osslsigncode finds its members in", () => {
    const catalog = write("update.cat", files.get("update.cat")!);
    const [driver] = [...files].find(([path]) => path.endsWith("/vmstorfl.sys"))!;
    const { status, output } = verify(write("vmstorfl.sys", files.get(driver)!), "-catalog", catalog);
    expect({ status, output }).toMatchObject({ status: 0 });
    const changed = files.get(driver)!.slice();
    changed[0x500] = 1;
    expect(verify(write("vmstorfl.sys", changed), "-catalog", catalog).status).not.toBe(0);
  });
});

test("an MSU with a rollup with a package inside is taken apart by cabextract", () => {
  const inner = buildIcPackage({ components: FEW_COMPONENTS });
  const cabinet = buildRollup({ packages: new Map([["Windows6.x-Inner-x64.cab", inner]]) });
  const msu = write("update.msu", buildMsu({ cabinet }));
  expect(verify(msu)).toMatchObject({ status: 0 });
  run("cabextract", "-q", "-d", join(folder, "msu"), msu);
  const rollup = join(folder, "msu/Windows8.1-KB5063950-x64.cab");
  const { output } = run("cabextract", "-q", "-p", "-F", "*windows6.x-inner-x64.cab", rollup);
  expect(output).not.toBe("");
  const listing = run("cabextract", "-t", rollup).output;
  expect(listing).toContain(createHash("md5").update(inner).digest("hex"));
});

describe("the samples", () => {
  const samples = buildSamples();
  const [cabinet] = [...samples.keys()].filter((name) => name.endsWith(".cab"));

  test("are signed under the root that lies beside them", () => {
    const root = write("sample-root.pem", samples.get("throw-away-root.pem")!);
    const path = write("sample.cab", samples.get(cabinet!)!);
    expect(run("osslsigncode", "verify", "-CAfile", root, "-TSA-CAfile", root, "-in", path)).toMatchObject({
      status: 0,
    });
  });

  test("have a disc from which others take the same packages", () => {
    write("vmguest.iso", samples.get("vmguest.iso")!);
    const target = join(folder, "disc");
    expect(run("7z", "x", `-o${target}`, "vmguest.iso")).toMatchObject({ status: 0 });
    expect(run("isoinfo", "-d", "-i", "vmguest.iso").output).toContain("Volume id: VMGUEST");
    for (const release of ["6.x", "6.2"] as const) {
      for (const architecture of ["amd64", "x86"] as const) {
        const name = icPackageFileName({ target: release, architecture });
        expect(verify(join(target, "support", architecture, name))).toMatchObject({ status: 0 });
      }
    }
  });
});

describe("a signature of the lab", () => {
  const cabinet = buildIcPackage({ components: FEW_COMPONENTS, signing: null });
  const outcome = (signing: Signing) => verify(write("signed.cab", signCabinet(cabinet, signing)));
  const digest = new Uint8Array(32);
  const other = buildCertificate({ name: "Other Authority", key: "stranger", isAuthority: true });
  const strange = buildCertificate({ name: "Strange Signer", issuer: other, purposes: [EKU.codeSigning] });
  const server = buildCertificate({
    name: "Server",
    issuer: THROW_AWAY.authority,
    purposes: [EKU.serverAuthentication],
    serial: 6,
  });

  test.each<{ what: string; signing: Signing }>([
    { what: "with an RFC 3161 timestamp", signing: {} },
    { what: "with a countersignature", signing: { timestamps: [{ kind: "pkcs9" }] } },
    { what: "of SHA-1 with a nested one", signing: { digest: "sha1", nested: [{}] } },
    {
      what: "of SHA-384",
      signing: { digest: "sha384", timestamps: [{ kind: "rfc3161", digest: "sha384" }] },
    },
    { what: "of SHA-512", signing: { digest: "sha512" } },
    {
      what: "without a timestamp, of a lasting signer",
      signing: { credential: LASTING, bag: LASTING_BAG, timestamps: [] },
    },
  ])("$what is good", ({ signing }) => {
    expect(outcome(signing)).toMatchObject({ status: 0 });
  });

  test.each<{ what: string; signing: Signing; says: string }>([
    { what: "of another file", signing: { fileDigest: digest }, says: "MISMATCH" },
    {
      what: "with another messageDigest",
      signing: { faults: { messageDigest: digest } },
      says: "digest failure",
    },
    {
      what: "whose bits were changed",
      signing: {
        faults: { editSignature: (bytes) => bytes.map((byte, at) => (at === 9 ? byte ^ 1 : byte)) },
      },
      says: "signature failure",
    },
    { what: "of an expired signer without a timestamp", signing: { timestamps: [] }, says: "has expired" },
    {
      what: "of an unknown authority",
      signing: { credential: strange, bag: [strange.certificate, other.certificate, ...DEFAULT_BAG] },
      says: "self-signed certificate in certificate chain",
    },
    {
      what: "of a certificate for servers",
      signing: { credential: server, bag: [server.certificate, ...DEFAULT_BAG] },
      says: "Unsupported Signer's certificate purpose",
    },
    {
      what: "whose certificate is not in the bag",
      signing: { bag: [THROW_AWAY.authority.certificate] },
      says: "signer certificate not found",
    },
    {
      what: "with a timestamp of something else",
      signing: { timestamps: [{ kind: "rfc3161", stamped: digest }] },
      says: "Hash value mismatch",
    },
  ])("$what is not", ({ signing, says }) => {
    const { status, output } = outcome(signing);
    expect(status).not.toBe(0);
    expect(output).toContain(says);
  });

  test("on an image is good until the image changes", () => {
    const image = signPe(buildPe());
    expect(verify(write("driver.sys", image))).toMatchObject({ status: 0 });
    image[0x410] = 1;
    expect(verify(write("driver.sys", image)).output).toContain("MISMATCH");
  });
});

test("a signature in an MSI is good until a stream changes", () => {
  // osslsigncode takes sector 0 for damage where a directory begins in it; three sectors on, the next one may.
  const arrange = (sectors: readonly number[]) => [...sectors.slice(3), ...sectors.slice(0, 3)];
  const msi = buildSignedMsi({ arrange });
  expect(verify(write("signed.msi", msi))).toMatchObject({ status: 0 });
  const at = Buffer.from(msi).indexOf("Hyper-V Integration");
  msi[at] = 0x68;
  expect(verify(write("signed.msi", msi)).output).toContain("MISMATCH");
});

describe("openssl", () => {
  test("accepts the throw-away chain for what it is for", () => {
    const atSigning = ["-attime", String(Date.parse("2024-02-29T12:34:56Z") / 1000)];
    const chain = ["-CAfile", "root.pem", "-untrusted", "authority.pem"];
    expect(run("openssl", "verify", ...chain, ...atSigning, "-x509_strict", "signer.pem").output).toBe(
      "signer.pem: OK\n",
    );
    expect(run("openssl", "verify", ...chain, "-purpose", "timestampsign", "timestamper.pem").status).toBe(0);
    expect(run("openssl", "verify", ...chain, "signer.pem").output).toContain("certificate has expired");
  });

  test("verifies a timestamp token of the very bytes, and of no others", () => {
    const stamped = Buffer.from("bytes of a signature");
    write("stamped", stamped);
    write("other", Buffer.from("bytes of another"));
    write("token", buildTimestampToken({ kind: "rfc3161", time: "2019-08-10T18:52:41.799Z" }, stamped));
    const verifyToken = (data: string) =>
      run("openssl", "ts", "-verify", "-token_in", "-in", "token", "-data", data, "-CAfile", "root.pem");
    expect(verifyToken("stamped")).toMatchObject({ status: 0 });
    expect(verifyToken("other").output).toContain("message imprint mismatch");
    expect(
      run("openssl", "ts", "-reply", "-token_in", "-token_out", "-text", "-in", "token").output,
    ).toContain("Time stamp: Aug 10 18:52:41.799 2019 GMT");
  });

  test.each([1, 2] as const)("reads a catalog of version %i as definite-length DER", (version) => {
    const files = [{ bytes: buildPe() }, { bytes: Buffer.from("text"), name: "a.txt" }];
    write("list.cat", buildCatalog({ files, version }));
    const { status, output } = run("openssl", "asn1parse", "-inform", "DER", "-in", "list.cat");
    expect(status).toBe(0);
    expect(output).not.toContain("l=inf");
    expect(output).toContain(version === 1 ? "1.3.6.1.4.1.311.12.1.2" : "1.3.6.1.4.1.311.12.1.3");
    const { output: certificates } = run(
      "openssl",
      "pkcs7",
      "-inform",
      "DER",
      "-in",
      "list.cat",
      "-print_certs",
    );
    expect(certificates).toContain("CN = Throw-away Signer");
  });
});
