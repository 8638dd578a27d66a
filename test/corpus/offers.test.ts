import { describe, expect, test } from "vitest";
import { MemorySource } from "../../src/io/index.ts";
import { findOffers, type OfferedPackage } from "../../src/package/catalogue/index.ts";
import { choosePackageFor, packageFor, parentsOf } from "../../src/policy/index.ts";
import { buildGuestDisc } from "../lab/ic-package/guest-disc.ts";
import { buildMsu, buildRollup } from "../lab/ic-package.ts";
import { os } from "../policy/facts.ts";
import { fixturesIn, readFixture } from "../support/fixtures.ts";
import { IC_CABS, readFacts } from "./ic-cabs.ts";

const input = (file: string, bytes: Uint8Array = readFixture(file)) => ({
  file,
  open: () => new MemorySource(bytes),
});
const baseName = (file: string) => file.split("/").at(-1) ?? "";

test("the fixtures have packages of both sorts and both generations", () => {
  expect(IC_CABS.length).toBeGreaterThanOrEqual(5);
});

describe.each(IC_CABS)("%s", (file) => {
  const { identity, kb, parents } = readFacts(file);
  const { offers, findings } = findOffers([input(file)]);
  const [offer] = offers as [OfferedPackage];

  test("is offered as what its manifest says, genuine", () => {
    expect(findings).toEqual([]);
    expect(offers).toHaveLength(1);
    expect(offer).toMatchObject({
      place: [file],
      name: baseName(file),
      kind: "cab",
      sizeBytes: readFixture(file).length,
      isIntegrationServices: true,
      identity: { name: identity["name"], version: identity["version"] },
      version: file.split("/").at(-2),
      architecture: file.includes("x64") ? "x64" : "x86",
      kb,
      signature: { verdict: "microsoft", isTrusted: true, isWindowsComponent: true },
    });
    expect(offer.parents.map((parent) => [parent.identity.name, parent.identity.version])).toEqual(parents);
  });

  test("has SHA-1 among its signatures where it is the older one, and SHA-256 alone where it is the newer", () => {
    const isOlder = offer.version === "6.3.9600.18692";
    expect(offer.signature.digestAlgorithms).toEqual(isOlder ? ["sha1", "sha256"] : ["sha256"]);
    expect(offer.signature.isCheckableWithoutSha2).toBe(isOlder);
  });

  test("has the parents that policy expects of the package of that name", () => {
    const known = parentsOf(/windows6\.x/i.test(file) ? "6.1" : "6.3");
    expect(parents).toEqual(known.map(({ identity }) => [identity.name, identity.version]));
  });
});

describe("of all packages at once", () => {
  const { offers } = findOffers(IC_CABS.map((file) => input(file)));

  test.each([
    { id: "win7", facts: { build: 7601 }, sha2: "supported" },
    { id: "ws2008r2", facts: { build: 7600 }, sha2: "missing" },
    { id: "ws2008", facts: { build: 6002 }, sha2: "missing" },
    { id: "vista", facts: { build: 6002, edition: "Business" }, sha2: "unknown" },
    { id: "win8", facts: { build: 9200 }, sha2: "not-needed" },
    { id: "ws2012r2", facts: { build: 9600 }, sha2: "not-needed" },
  ] as const)("$id gets the newest of its own", ({ id, facts, sha2 }) => {
    for (const architecture of ["x64", "x86"] as const) {
      const guest = { os: os(id, { ...facts, architecture }), integrationServices: null, sha2 };
      const chosen = choosePackageFor(guest, offers).package;
      const own = offers.filter(
        ({ name }) => name.toLowerCase() === `${packageFor(guest.os).name}.cab`.toLowerCase(),
      );
      expect(own.length).toBeGreaterThan(0);
      expect(own).toContain(chosen);
      expect(chosen?.version).toBe(
        own
          .map(({ version }) => version)
          .toSorted()
          .at(-1),
      );
    }
  });

  test.each(["win10", "ws2016", "xp", "linux"] as const)("%s gets none", (id) => {
    expect(choosePackageFor({ os: os(id), integrationServices: null }, offers).package).toBeNull();
  });

  test("Vista Home gets none, and hears which editions are served", () => {
    const home = os("vista", { edition: "HomePremium", build: 6002 });
    const { package: chosen, reasons } = choosePackageFor({ os: home, integrationServices: null }, offers);
    expect(chosen).toBeNull();
    expect(reasons.join()).toContain("of Windows Vista it serves Ultimate, Business, Enterprise");
  });
});

describe("packages are the same wherever they lie", () => {
  const [file = "", other = ""] = IC_CABS;
  const [bytes, otherBytes] = [readFixture(file), readFixture(other)];
  const files = new Map([
    [baseName(file), bytes],
    [baseName(other), otherBytes],
  ]);
  const rollup = buildRollup({ packages: files });

  test.each([
    ["a.iso", buildGuestDisc({ packages: { amd64: files, x86: new Map() } })],
    ["a.cab", rollup],
    ["a.msu", buildMsu({ cabinet: rollup })],
  ])("%s", (name, container) => {
    const { offers, findings } = findOffers([input(name, container)]);
    expect(findings).toEqual([]);
    expect(offers.map(({ signature }) => signature.verdict)).toEqual(["microsoft", "microsoft"]);
    const [first] = offers as [OfferedPackage];
    const [alone] = findOffers([input(file)]).offers as [OfferedPackage];
    expect({ ...first, place: [] }).toEqual({ ...alone, place: [] });
  });
});

describe("other updates of Microsoft's", () => {
  test.each(fixturesIn("msu"))("%s is found in its MSU, as none of integration services", (file) => {
    const { offers, findings } = findOffers([input(file)]);
    expect(findings).toEqual([]);
    expect(offers).toMatchObject([
      { kind: "cab", isIntegrationServices: false, signature: { verdict: "microsoft" } },
    ]);
    expect(offers[0]?.place[1]).toBe(baseName(file).replace(/msu$/, "cab"));
    expect(file).toContain(offers[0]?.kb ?? "nothing");
  });

  test("a cabinet without a signature is offered as that", () => {
    const { offers } = findOffers([input("ic-cab/other/Windows8.1-KB2938772-x64.cab")]);
    expect(offers).toMatchObject([
      { isIntegrationServices: false, kb: "KB2938772", signature: { verdict: "unsigned" } },
    ]);
  });
});

test.each(
  [
    "cab/cabextract",
    "cab/libmspack",
    "cab/gcab",
    "cab/libarchive",
    "iso/libcdio",
    "iso/libarchive",
    "msi",
  ].flatMap((folder) => fixturesIn(folder)),
)("%s gives findings and no integration services", (file) => {
  const { offers, findings } = findOffers([input(file)]);
  expect(offers.filter(({ isIntegrationServices }) => isIntegrationServices)).toEqual([]);
  expect(offers.length + findings.length).toBeGreaterThan(0);
});
