import { describe, expect, test } from "vitest";
import { MemorySource } from "../../src/io/index.ts";
import { Cabinet } from "../../src/package/cab/index.ts";
import { type PackageVerification, verifyPackage } from "../../src/package/catalogue/index.ts";
import { packFiles } from "../lab/ic-package/archive.ts";
import { fixturesIn, readFixture } from "../support/fixtures.ts";
import { IC_CABS, readFacts } from "./ic-cabs.ts";

const verify = (bytes: Uint8Array) => verifyPackage(new MemorySource(bytes));
const isPayload = ({ name }: { name: string }) => name.includes("/");

describe.each(IC_CABS)("%s", (file) => {
  const verified = verify(readFixture(file));
  const facts = readFacts(file);

  test("is Microsoft's, with no problem in it", () => {
    expect(verified).toMatchObject({ kind: "cab", verdict: "microsoft", isTrusted: true, problems: [] });
    expect(verified.identity).toMatchObject({
      name: facts.identity["name"],
      version: facts.identity["version"],
    });
  });

  test("has a catalog of Microsoft's that lists every other member", () => {
    expect(verified.catalogs).toMatchObject([{ name: "update.cat", signature: { verdict: "microsoft" } }]);
    const statuses = verified.members.map(({ name, catalog }) => [name, catalog]);
    expect(statuses).toEqual(
      verified.members.map(({ name }) => [name, name === "update.cat" ? "none" : "matched"]),
    );
  });

  test("has a catalog that an old guest can check where the package is for old guests, and older itself", () => {
    const isForOldGuests = /18692\/windows6\.x/i.test(file);
    const algorithms = verified.catalogs.flatMap(({ signature }) => signature.digestAlgorithms);
    expect(algorithms).toEqual([isForOldGuests ? "sha1" : "sha256"]);
  });

  test("has a manifest with the digest of every file of a component", () => {
    expect(verified.members.filter(isPayload).every(({ manifest }) => manifest === "matched")).toBe(true);
    expect(
      verified.members.filter((each) => !isPayload(each)).every(({ manifest }) => manifest === "none"),
    ).toBe(true);
  });

  test("has the digests that other programs found", () => {
    const digests = new Map(verified.members.map(({ name, sha256 }) => [name.toLowerCase(), sha256]));
    expect(facts.images.size).toBeGreaterThan(25);
    for (const [path, sha256] of facts.images)
      expect([path, digests.get(path.toLowerCase())]).toEqual([path, sha256]);
  });
});

describe("a package of Microsoft's that somebody changed", () => {
  const bytes = readFixture(IC_CABS[0] ?? "");
  const cabinet = Cabinet.open(new MemorySource(bytes));

  test.each([0.2, 0.5, 0.9])("in one bit of its data, at %d of it, is tampered with", (part) => {
    const changed = Uint8Array.from(bytes);
    const at = Math.floor(cabinet.sizeBytes * part);
    changed[at] = (changed[at] ?? 0) ^ 1;
    const verified = verify(changed);
    expect(verified).toMatchObject({ verdict: "tampered", isTrusted: false });
    expect(verified.signature.verdict).toBe("tampered");
  });

  test("and packed again, is named by what its own catalog and manifests say", () => {
    const files = new Map<string, Uint8Array>();
    for (const { member, chunks } of cabinet.contents()) {
      files.set(member.name, Buffer.concat(Array.from(chunks, (chunk) => chunk.slice())));
    }
    const path = [...files.keys()].find((name) => name.endsWith("/icsvc.dll")) ?? expect.fail("no icsvc.dll");
    const driver = Uint8Array.from(files.get(path) ?? []);
    driver[5000] = (driver[5000] ?? 0) ^ 1;
    files.set(path, driver);
    const verified = verify(packFiles(files));
    expect(verified).toMatchObject({
      verdict: "tampered",
      isTrusted: false,
      signature: { verdict: "unsigned" },
    });
    expect(verified.reasons[0]).toBe(`${path} is not the file that was listed`);
    expect(
      verified.members.filter(({ catalog }) => catalog === "contradicted").map(({ name }) => name),
    ).toEqual([path]);
    expect(
      verified.members.filter(({ manifest }) => manifest === "contradicted").map(({ name }) => name),
    ).toEqual([path]);
  });
});

describe("other updates of Microsoft's", () => {
  test.each(fixturesIn("msu"))("%s is Microsoft's, and so is the update in it", (file) => {
    const verified = verify(readFixture(file));
    expect(verified).toMatchObject({ verdict: "microsoft", isTrusted: true, problems: [] });
    const [inner] = verified.packages.map(({ verification }) => verification) as [PackageVerification];
    expect(inner).toMatchObject({ verdict: "microsoft", isTrusted: true });
    // These store files as differences: what can be compared are the manifests.
    expect(inner.problems.map(({ code }) => code)).toEqual(["PACKAGE_DELTAS"]);
    const manifests = inner.members.filter(({ name }) => /\.(mum|manifest)$/.test(name));
    expect(manifests.length).toBeGreaterThan(5);
    expect(manifests.filter(({ catalog }) => catalog !== "matched" && catalog !== "none")).toEqual([]);
  });

  test("a cabinet without a signature is unsigned, although catalogs vouch for every file in it", () => {
    const verified = verify(readFixture("ic-cab/other/Windows8.1-KB2938772-x64.cab"));
    expect(verified).toMatchObject({ verdict: "unsigned", isTrusted: false, problems: [] });
    const others = verified.members.filter(({ name }) => !name.endsWith(".cat"));
    expect(new Set(others.map(({ catalog }) => catalog))).toEqual(new Set(["matched"]));
  });
});
