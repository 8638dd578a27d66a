import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FileSource } from "../../src/io/index.ts";
import { type FoundOffers, findOffers, verifyPackage } from "../../src/package/catalogue/index.ts";
import { choosePackageFor } from "../../src/policy/index.ts";
import { IC_CABS } from "../corpus/ic-cabs.ts";
import { pemOf, THROW_AWAY } from "../lab/signing/index.ts";
import { os } from "../policy/facts.ts";
import { FIXTURES } from "../support/fixtures.ts";

// A vmguest.iso as Microsoft lays it out, made by others' tools: discs by xorriso and genisoimage, the MSI by msibuild
// and osslsigncode, and around Microsoft's own cabinets.

const folder = mkdtempSync(join(tmpdir(), "vmguest-offers-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

function run(tool: string, ...args: string[]): void {
  const { status, stdout, stderr, error } = spawnSync(tool, args, { cwd: folder, encoding: "utf8" });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${tool} ${args.join(" ")}: ${stderr}${stdout}`);
}

const TRUST = { roots: [THROW_AWAY.root.certificate], now: new Date("2024-06-01T00:00:00Z") };
const MSI = "Windows5.x-HyperVIntegrationServices-x86.msi";
const CABS = IC_CABS.filter((file) => file.includes("18692"));
const folderOf = (file: string) => (file.includes("x64") ? "amd64" : "x86");

beforeAll(() => {
  for (const name of ["amd64", "x86"]) mkdirSync(at(`disc/support/${name}`), { recursive: true });
  for (const file of CABS)
    copyFileSync(join(FIXTURES, file), at(`disc/support/${folderOf(file)}/${basename(file)}`));
  const { signer, authority } = THROW_AWAY;
  writeFileSync(at("signer.pem"), pemOf(signer.certificate) + pemOf(authority.certificate));
  writeFileSync(at("key.pem"), signer.key.export({ type: "pkcs8", format: "pem" }));
  const properties = { ProductName: "Hyper-V Integration Services", ProductVersion: "6.3.9600.16384" };
  run("msibuild", "plain.msi", "-s", "Integration Services", "Synthetic", "Intel;1033");
  run(
    "msibuild",
    "plain.msi",
    ...[
      "CREATE TABLE Property (Property CHAR(72) NOT NULL, Value CHAR(0) NOT NULL LOCALIZABLE PRIMARY KEY Property)",
      ...Object.entries(properties).map(
        ([name, value]) => `INSERT INTO Property (Property, Value) VALUES ('${name}','${value}')`,
      ),
    ].flatMap((query) => ["-q", query]),
  );
  run(
    "osslsigncode",
    ...["sign", "-h", "sha256", "-add-msi-dse", "-certs", "signer.pem", "-key", "key.pem"],
    ...["-in", "plain.msi", "-out", `disc/support/x86/${MSI}`],
  );
  writeFileSync(at("disc/autorun.inf"), "[autorun]\r\nopen=support\\x86\\setup.exe\r\n");
  run("xorriso", "-as", "mkisofs", "-quiet", "-J", "-R", "-V", "VMGUEST", "-o", "xorriso.iso", "disc");
  run("genisoimage", "-quiet", "-J", "-joliet-long", "-V", "VMGUEST", "-o", "joliet.iso", "disc");
  run("genisoimage", "-quiet", "-udf", "-V", "VMGUEST", "-o", "udf.iso", "disc");
});

describe.each(["xorriso.iso", "joliet.iso", "udf.iso"])("%s", (iso) => {
  let found: FoundOffers = { offers: [], findings: [] };
  beforeAll(() => {
    using file = FileSource.open(at(iso));
    found = findOffers([{ file: iso, open: () => file }], { trust: TRUST });
  });

  test("offers every package on it, genuine, under its whole name", () => {
    const { offers, findings } = found;
    expect(findings).toEqual([]);
    expect(offers.map(({ place, signature }) => [place[1], signature.verdict]).toSorted()).toEqual(
      [
        ...CABS.map((file) => [`support/${folderOf(file)}/${basename(file)}`, "microsoft"]),
        [`support/x86/${MSI}`, "signed-unknown-root"],
      ].toSorted(),
    );
    expect(
      offers.every(({ isIntegrationServices, signature }) => isIntegrationServices && signature.isTrusted),
    ).toBe(true);
  });

  test.each([
    { id: "xp", facts: { architecture: "x86", build: 2600 }, path: `support/x86/${MSI}` },
    {
      id: "win7",
      facts: { build: 7601 },
      path: "support/amd64/windows6.x-hypervintegrationservices-x64.cab",
    },
    {
      id: "ws2008",
      facts: { build: 6002, architecture: "x86" },
      path: "support/x86/windows6.x-hypervintegrationservices-x86.cab",
    },
    {
      id: "ws2012",
      facts: { build: 9200 },
      path: "support/amd64/windows6.2-hypervintegrationservices-x64.cab",
    },
    { id: "ws2016", facts: { build: 14393 }, path: undefined },
  ] as const)("gives $id $path", ({ id, facts, path }) => {
    const guest = { os: os(id, facts), integrationServices: null, sha2: "missing" } as const;
    expect(choosePackageFor(guest, found.offers).package?.place[1]).toBe(path);
  });

  test("is verified, package by package", () => {
    using file = FileSource.open(at(iso));
    const { packages, problems } = verifyPackage(file, { trust: TRUST });
    expect(problems).toEqual([]);
    expect(packages.map(({ verification }) => [verification.isTrusted, verification.problems])).toEqual(
      Array.from({ length: CABS.length + 1 }, () => [true, []]),
    );
  });
});
