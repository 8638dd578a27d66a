import { spawnSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MemorySource } from "../../src/io/index.ts";
import {
  peDigests,
  readCatalog,
  type SignatureReport,
  verifyCabinet,
} from "../../src/package/authenticode/index.ts";
import { buildPe } from "../lab/pe.ts";
import { FIXTURES } from "../support/fixtures.ts";

// osslsigncode signs and verifies, openssl is the authority: nothing of ours is on their side.

const folder = mkdtempSync(join(tmpdir(), "vmguest-signatures-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

function run(tool: string, args: readonly string[]): { status: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync(tool, args, { cwd: folder, encoding: "utf8" });
  if (error !== undefined) throw error;
  return { status, output: `${stdout}${stderr}` };
}

function must(tool: string, ...args: string[]): string {
  const { status, output } = run(tool, args);
  if (status !== 0) throw new Error(`${tool} ${args.join(" ")}: ${output}`);
  return output;
}

const AUTHORITY_CONFIG = `
[ca]
default_ca = main
[main]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = names
unique_subject = no
[names]
commonName = supplied
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
[code]
basicConstraints = CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = codeSigning
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
[server]
extendedKeyUsage = serverAuth
authorityKeyIdentifier = keyid:always
[time]
extendedKeyUsage = critical, timeStamping
authorityKeyIdentifier = keyid:always
`;

interface Issued {
  readonly name: string;
  readonly section: string;
  readonly issuer?: string;
  readonly curve?: string;
  /** First and last day, as openssl writes them. */
  readonly days?: readonly [string, string];
}

const CERTIFICATES: readonly Issued[] = [
  { name: "root", section: "authority" },
  { name: "other-root", section: "authority" },
  { name: "authority", section: "authority", issuer: "root" },
  { name: "signer", section: "code", issuer: "authority" },
  { name: "curve", section: "code", issuer: "authority", curve: "prime256v1" },
  { name: "expired", section: "code", issuer: "authority", days: ["200101000000Z", "201231000000Z"] },
  { name: "server", section: "server", issuer: "authority" },
  { name: "stamper", section: "time", issuer: "root" },
];

function issue({ name, section, issuer, curve, days = ["190101000000Z", "400101000000Z"] }: Issued): void {
  const key = curve === undefined ? ["rsa:2048"] : ["ec", "-pkeyopt", `ec_paramgen_curve:${curve}`];
  must(
    "openssl",
    "req",
    "-new",
    "-nodes",
    "-newkey",
    ...key,
    "-keyout",
    `${name}.key`,
    "-out",
    `${name}.csr`,
    "-subj",
    `/CN=${name}`,
  );
  const by =
    issuer === undefined
      ? ["-selfsign", "-keyfile", `${name}.key`]
      : ["-cert", `${issuer}.pem`, "-keyfile", `${issuer}.key`];
  const dates = ["-startdate", days[0], "-enddate", days[1]];
  must(
    "openssl",
    "ca",
    "-batch",
    "-notext",
    "-config",
    "ca.cnf",
    "-extensions",
    section,
    ...dates,
    ...by,
    "-in",
    `${name}.csr`,
    "-out",
    `${name}.pem`,
  );
}

beforeAll(() => {
  writeFileSync(at("ca.cnf"), AUTHORITY_CONFIG);
  writeFileSync(at("index.txt"), "");
  writeFileSync(at("serial"), "1000\n");
  for (const certificate of CERTIFICATES) issue(certificate);
  writeFileSync(at("a.txt"), "a member of the cabinet\n".repeat(1000));
  must("gcab", "-c", "-z", "plain.cab", "a.txt");
});

const DAY = (date: string) => String(Date.parse(`${date}T12:00:00Z`) / 1000);
const STAMP = (date: string) => [
  "-TSA-certs",
  "stamper.pem",
  "-TSA-key",
  "stamper.key",
  "-TSA-time",
  DAY(date),
];
const signWith = (name: string, digest: string, ...more: string[]) => [
  "-certs",
  `${name}.pem`,
  "-key",
  `${name}.key`,
  "-ac",
  "authority.pem",
  "-h",
  digest,
  ...more,
];

interface Case {
  readonly what: string;
  /** Arguments of one `osslsigncode sign` after the other. */
  readonly signings: readonly (readonly string[])[];
  readonly root?: string;
  readonly day?: string;
  readonly isTrusted: boolean;
}

const CASES: readonly Case[] = [
  { what: "SHA-1", signings: [signWith("signer", "sha1")], isTrusted: true },
  { what: "SHA-256", signings: [signWith("signer", "sha256")], isTrusted: true },
  { what: "SHA-384", signings: [signWith("signer", "sha384")], isTrusted: true },
  { what: "SHA-512", signings: [signWith("signer", "sha512")], isTrusted: true },
  { what: "an elliptic curve", signings: [signWith("curve", "sha256")], isTrusted: true },
  { what: "a time stamp", signings: [signWith("signer", "sha256", ...STAMP("2021-02-03"))], isTrusted: true },
  {
    what: "a time stamp, its certificate expired since",
    signings: [signWith("expired", "sha256", ...STAMP("2020-06-01"))],
    isTrusted: true,
  },
  {
    what: "a time stamp from after its certificate expired",
    signings: [signWith("expired", "sha256", ...STAMP("2022-06-01"))],
    isTrusted: false,
  },
  {
    what: "a certificate that has expired, with no time stamp",
    signings: [signWith("expired", "sha256")],
    isTrusted: false,
  },
  {
    what: "that certificate, looked at in time",
    signings: [signWith("expired", "sha256")],
    day: "2020-06-01",
    isTrusted: true,
  },
  { what: "a certificate for servers", signings: [signWith("server", "sha256")], isTrusted: false },
  {
    what: "a nested signature",
    signings: [signWith("signer", "sha1"), signWith("signer", "sha256", "-nest")],
    isTrusted: true,
  },
  { what: "another root", signings: [signWith("signer", "sha256")], root: "other-root", isTrusted: false },
];

function sign(name: string, signings: Case["signings"]): string {
  let input = "plain.cab";
  for (const [index, args] of signings.entries()) {
    const output = `${name}-${index}.cab`;
    must("osslsigncode", "sign", ...args, "-in", input, "-out", output);
    input = output;
  }
  return input;
}

function judge(file: string, root: string, day: string): SignatureReport {
  const roots = [new X509Certificate(readFileSync(at(`${root}.pem`))).raw];
  return verifyCabinet(new MemorySource(readFileSync(at(file))), {
    roots,
    now: new Date(Number(DAY(day)) * 1000),
  });
}

/** Whether osslsigncode is content with all signatures of a file. */
function isVerified(file: string, root: string, day: string): boolean {
  const anchors = ["-CAfile", `${root}.pem`, "-TSA-CAfile", `${root}.pem`, "-time", DAY(day)];
  return run("osslsigncode", ["verify", "-in", file, ...anchors]).status === 0;
}

describe("a cabinet that osslsigncode signed with", () => {
  test.each(CASES.map((item, index) => ({ ...item, name: `case${index}` })))(
    "$what: trusted exactly where osslsigncode trusts it",
    ({ name, signings, root = "root", day = "2026-06-01", isTrusted }) => {
      const file = sign(name, signings);
      const report = judge(file, root, day);
      expect(isVerified(file, root, day)).toBe(isTrusted);
      expect(report).toMatchObject({ verdict: "signed-unknown-root", isTrusted });
      expect(report.signers).toHaveLength(signings.length);
    },
  );

  test("a time stamp was signed at the time that was asked for", () => {
    const file = sign("stamped", [signWith("signer", "sha256", ...STAMP("2021-02-03"))]);
    expect(judge(file, "root", "2026-06-01").signers[0]?.timestamp).toEqual({
      time: "2021-02-03T12:00:00.000Z",
      kind: "rfc3161",
      signer: "stamper",
    });
  });

  test("SHA-256 has the digest that osslsigncode calculates", () => {
    const file = sign("digest", [signWith("signer", "sha256")]);
    const calculated = calculatedDigest(run("osslsigncode", ["verify", "-in", file]).output);
    expect(judge(file, "root", "2026-06-01").signers[0]?.digest).toBe(calculated);
  });

  test("SHA-256 and changed afterwards is taken for good by neither", () => {
    const bytes = readFileSync(at(sign("changed", [signWith("signer", "sha256")])));
    bytes[100]! ^= 1;
    writeFileSync(at("changed.cab"), bytes);
    expect(isVerified("changed.cab", "root", "2026-06-01")).toBe(false);
    expect(judge("changed.cab", "root", "2026-06-01").verdict).toBe("tampered");
  });
});

/** What osslsigncode calculates for a file, lower-case hex. */
function calculatedDigest(output: string): string {
  const [, digest] = /Calculated message digest\s*:\s*([0-9A-F]+)/.exec(output) ?? [];
  if (digest === undefined) throw new Error(`no digest in ${output}`);
  return digest.toLowerCase();
}

describe("the digests of an image", () => {
  const SOURCE = "int main(void) { return 0; }\n";

  beforeAll(() => {
    writeFileSync(at("main.c"), SOURCE);
    must("x86_64-w64-mingw32-gcc", "-o", "linked.exe", "main.c");
    writeFileSync(at("odd.exe"), Buffer.concat([readFileSync(at("linked.exe")), Buffer.from("odd")]));
    writeFileSync(at("built.exe"), buildPe());
  });

  test.each(["linked.exe", "odd.exe", "built.exe"])("%s are those that osslsigncode signs", (image) => {
    const ours = peDigests(new MemorySource(readFileSync(at(image))));
    const theirs = ["sha1", "sha256"].map((digest) => {
      const output = `${digest}-${image}`;
      must("osslsigncode", "sign", ...signWith("signer", digest), "-in", image, "-out", output);
      expect(peDigests(new MemorySource(readFileSync(at(output))))).toEqual(ours);
      return [digest, calculatedDigest(run("osslsigncode", ["verify", "-in", output]).output)];
    });
    expect(ours).toEqual(Object.fromEntries(theirs));
  });
});

describe.each([
  "6.3.9600.18692/windows6.2-hypervintegrationservices-x64.cab",
  "6.3.9600.18692/windows6.2-hypervintegrationservices-x86.cab",
  "6.3.9600.18692/windows6.x-hypervintegrationservices-x64.cab",
  "6.3.9600.18692/windows6.x-hypervintegrationservices-x86.cab",
  "6.3.9600.19456/Windows6.2-HyperVIntegrationServices-x64.cab",
])("the members of %s, as cabextract gives them", (cabinet) => {
  test("are all in its catalog: images without their signature, everything else as it is", () => {
    const target = at(cabinet.replaceAll("/", "-"));
    mkdirSync(target);
    must("cabextract", "--quiet", "--directory", target, join(FIXTURES, "ic-cab", cabinet));
    const catalog = readCatalog(readFileSync(join(target, "update.cat")));
    const names = readdirSync(target, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== "update.cat")
      .map(({ parentPath, name }) => join(parentPath, name));
    const algorithms = new Set(catalog.members.map(({ algorithm }) => algorithm));
    const unseen = new Set(catalog.members);
    for (const name of names) {
      const bytes = readFileSync(name);
      const image = peDigests(new MemorySource(bytes));
      const digests = image ?? { sha1: digestOf("sha1", bytes), sha256: digestOf("sha256", bytes) };
      const members = catalog.members.filter(({ algorithm, digest }) => digests[algorithm] === digest);
      for (const member of members) unseen.delete(member);
      expect({ name, algorithms: new Set(members.map(({ algorithm }) => algorithm)) }).toEqual({
        name,
        algorithms,
      });
      expect(new Set(members.map(({ kind }) => kind))).toEqual(
        new Set([image === undefined ? "flat" : "pe"]),
      );
    }
    expect([...unseen]).toEqual([]);
  });
});

function digestOf(algorithm: string, bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest("hex");
}
