import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Architecture, GuestFacts, OsFacts, OsId } from "../../src/guest/index.ts";
import {
  choosePackageFor,
  type ObjectionWord,
  OS_IDS,
  type PackageOffer,
  packageFor,
  parentsOf,
} from "../../src/policy/index.ts";
import { os } from "./facts.ts";
import { BEFORE, NEWEST, offer, signedWith, TAMPERED, UNSIGNED } from "./offers.ts";

const ARCHITECTURES: readonly Architecture[] = ["x86", "x64", "arm64", "ia64", "unknown"];

/** Guests as they were released: every id, with the builds, service packs and editions that decide. */
const GUESTS: readonly {
  name: string;
  os: Partial<OsFacts> & { id: OsId };
  takes: "5.x" | "6.x" | "6.2" | null;
}[] = [
  { name: "XP SP3", os: { id: "xp", build: 2600, servicePack: 3 }, takes: "5.x" },
  { name: "Server 2003 SP2", os: { id: "ws2003", build: 3790, servicePack: 2 }, takes: "5.x" },
  { name: "Server 2003 R2 SP2", os: { id: "ws2003r2", build: 3790, servicePack: 2 }, takes: "5.x" },
  ...["Ultimate", "Business", "Enterprise", "UltimateN", "BusinessN", "EnterpriseN"].flatMap((edition) =>
    [6000, 6001, 6002, 6003].map((build) => ({
      name: `Vista ${edition} ${build}`,
      os: { id: "vista" as const, edition, build },
      takes: "6.x" as const,
    })),
  ),
  ...["HomeBasic", "HomePremium", "HomeBasicN", "HomePremiumN", "Starter"].map((edition) => ({
    name: `Vista ${edition} SP2`,
    os: { id: "vista" as const, edition, build: 6002 },
    takes: null,
  })),
  { name: "Server 2008", os: { id: "ws2008", edition: "ServerStandard", build: 6001 }, takes: "6.x" },
  { name: "Server 2008 SP2", os: { id: "ws2008", edition: "ServerStandard", build: 6002 }, takes: "6.x" },
  { name: "Server 2008 SP2, 2019", os: { id: "ws2008", build: 6003 }, takes: "6.x" },
  { name: "7", os: { id: "win7", edition: "Ultimate", build: 7600 }, takes: "6.x" },
  { name: "7 SP1", os: { id: "win7", edition: "Enterprise", build: 7601 }, takes: "6.x" },
  { name: "7 Home Basic SP1", os: { id: "win7", edition: "HomeBasic", build: 7601 }, takes: "6.x" },
  { name: "2008 R2", os: { id: "ws2008r2", build: 7600 }, takes: "6.x" },
  {
    name: "2008 R2 SP1 core",
    os: { id: "ws2008r2", build: 7601, installationType: "Server Core" },
    takes: "6.x",
  },
  {
    name: "Home Server 2011",
    os: { id: "whs2011", edition: "ServerHomePremium", build: 7601 },
    takes: "6.x",
  },
  { name: "SBS 2011", os: { id: "sbs2011", edition: "ServerSBSStandard", build: 7601 }, takes: "6.x" },
  { name: "8", os: { id: "win8", build: 9200 }, takes: "6.2" },
  { name: "Server 2012", os: { id: "ws2012", build: 9200 }, takes: "6.2" },
  { name: "8.1", os: { id: "win8.1", edition: "Core", build: 9600 }, takes: "6.2" },
  { name: "2012 R2", os: { id: "ws2012r2", build: 9600 }, takes: "6.2" },
  { name: "10", os: { id: "win10", build: 19045 }, takes: null },
  { name: "11", os: { id: "win11", build: 22631 }, takes: null },
  { name: "Server 2016", os: { id: "ws2016", build: 14393 }, takes: null },
  { name: "Server 2019", os: { id: "ws2019", build: 17763 }, takes: null },
  { name: "Server 2022", os: { id: "ws2022", build: 20348 }, takes: null },
  { name: "Server 2025", os: { id: "ws2025", build: 26100 }, takes: null },
  { name: "Server 1809", os: { id: "ws-sac", build: 17763 }, takes: null },
  { name: "Linux", os: { id: "linux" }, takes: null },
  { name: "FreeBSD", os: { id: "freebsd" }, takes: null },
  { name: "an unknown system", os: { id: "unknown" }, takes: null },
];

type System = "5.x" | "6.x" | "6.2";

/** All packages of these systems, for either architecture. */
const packagesOf = (version: string, ...systems: System[]) =>
  systems.flatMap((system) => [offer(system, "x86", version), offer(system, "x64", version)]);

const OLD = packagesOf(BEFORE, "6.x", "6.2");
const NEW = packagesOf(NEWEST, "6.x", "6.2");
const MSI = packagesOf("6.3.9600.16384", "5.x");

/** What may be offered, and what of it is at best there for a guest that takes a system's packages. */
const SETS: readonly { set: string; offered: readonly PackageOffer[] }[] = [
  { set: "nothing", offered: [] },
  { set: "the 6.x CABs", offered: packagesOf(NEWEST, "6.x") },
  { set: "the 6.2 CABs", offered: packagesOf(NEWEST, "6.2") },
  { set: "both CABs", offered: NEW },
  { set: "both CABs of both generations", offered: [...OLD, ...NEW] },
  { set: "the MSIs", offered: MSI },
  { set: "all of a vmguest.iso", offered: [...MSI, ...NEW] },
  { set: "the CABs of 32 bits", offered: NEW.filter(({ architecture }) => architecture === "x86") },
  { set: "unsigned CABs", offered: NEW.map((each) => ({ ...each, signature: UNSIGNED })) },
  {
    set: "tampered CABs, and older ones",
    offered: [...NEW.map((each) => ({ ...each, signature: TAMPERED })), ...OLD],
  },
  { set: "CABs of something else", offered: NEW.map((each) => ({ ...each, isIntegrationServices: false })) },
];

/** The rule once more, from the facts alone: which versions of the set the guest could be given, newest first. */
function expectedVersion(
  takes: System | null,
  architecture: Architecture,
  sha2: GuestFacts["sha2"],
  offered: readonly PackageOffer[],
): string | null {
  const own = offered.filter(
    (each) =>
      each.name === `Windows${takes}-HyperVIntegrationServices-${architecture}.${each.kind}` &&
      each.signature.verdict === "microsoft" &&
      each.isIntegrationServices,
  );
  const isOld = takes === "6.x";
  const safe = own.filter(({ signature }) => signature.isCheckableWithoutSha2);
  const usable = isOld && (sha2 === "missing" || (sha2 === "unknown" && safe.length > 0)) ? safe : own;
  return (
    usable
      .map(({ version }) => version)
      .toSorted()
      .at(-1) ?? null
  );
}

describe("the package chosen", () => {
  describe.each(GUESTS)("for $name", ({ os: { id, ...facts }, takes }) => {
    test.each(SETS)("of $set", ({ offered }) => {
      for (const architecture of ARCHITECTURES) {
        for (const sha2 of ["supported", "missing", "unknown", "not-needed"] as const) {
          const guest = { os: os(id, { ...facts, architecture }), integrationServices: null, sha2 };
          const choice = choosePackageFor(guest, offered);
          expect(choice.package?.version ?? null).toBe(expectedVersion(takes, architecture, sha2, offered));
          if (choice.package !== null) {
            expect(choice.package.architecture).toBe(architecture);
            expect(choice.package.name).toMatch(new RegExp(`^${packageFor(guest.os).name}\\.(cab|msi)$`));
            expect(choice.reasons[0]).toContain("serves this guest");
          }
          const others = offered.filter((each) => each !== choice.package);
          expect(choice.passedOver.map((each) => each.package)).toEqual(others);
          expect(choice.reasons.length).toBeGreaterThan(0);
        }
      }
    });
  });

  test("is looked for in every guest that there is", () => {
    expect(new Set(GUESTS.map((guest) => guest.os.id))).toEqual(new Set(OS_IDS));
  });

  test("does not depend on the order in which they are offered, nor on their names", () => {
    const all = [...MSI, ...OLD, ...NEW].map((each, index) => ({
      ...each,
      name: `${index}.bin`,
      place: [`${index}`],
    }));
    fc.assert(
      fc.property(
        fc.shuffledSubarray(all),
        fc.constantFrom(...GUESTS),
        fc.constantFrom("missing", "unknown", "supported"),
        (offered, { os: { id, ...facts } }, sha2) => {
          const guest = { os: os(id, facts), integrationServices: null, sha2 };
          const sorted = offered.toSorted((a, b) => all.indexOf(a) - all.indexOf(b));
          const choice = choosePackageFor(guest, offered);
          expect(choice.package).toBe(choosePackageFor(guest, sorted).package);
          expect(choice.reasons).toEqual(choosePackageFor(guest, sorted).reasons);
        },
      ),
    );
  });
});

const win7 = os("win7", { build: 7601, servicePack: 1 });
const chooseFor = (
  offered: readonly PackageOffer[],
  facts: Partial<Parameters<typeof choosePackageFor>[0]> = {},
) => choosePackageFor({ os: win7, integrationServices: null, sha2: "supported", ...facts }, offered);

const versions = (judgedVersion: string | null, version = judgedVersion) => ({ judgedVersion, version });

describe("a signature of SHA-1 that is nested in one of SHA-256", () => {
  const nested = offer("6.x", "x64", NEWEST, { signature: signedWith("sha256", "sha1") });

  test("is none for a guest that does not support SHA-2, which does not see it", () => {
    const { package: chosen, passedOver } = chooseFor([nested], { sha2: "missing" });
    expect(chosen).toBeNull();
    expect(passedOver).toMatchObject([{ because: "sha2" }]);
  });

  test("does not go before one of SHA-1 alone where the guest may not support SHA-2", () => {
    expect(chooseFor([nested, ...OLD], { sha2: "unknown" }).package?.version).toBe(BEFORE);
    const { package: chosen, reasons } = chooseFor([nested], { sha2: "unknown" });
    expect(chosen).toBe(nested);
    expect(reasons).toContain(
      "whether the guest supports SHA-2, which the signature of the package needs, is not known",
    );
  });
});

describe("the version that the guest has", () => {
  test.each([
    { has: "6.1.7601.17514", gets: NEWEST },
    { has: "6.3.9600.19455", gets: NEWEST },
    { has: NEWEST, gets: null },
    { has: "6.3.9600.19999", gets: null },
    { has: null, gets: NEWEST },
    { has: "n/a", gets: NEWEST },
  ])("$has lets it get $gets", ({ has, gets }) => {
    const choice = chooseFor(NEW, { integrationServices: versions(has) });
    expect(choice.package?.version ?? null).toBe(gets);
    expect(choice.standard?.version).toBe(NEWEST);
    const isKnown = has !== null && has !== "n/a";
    expect(choice.reasons.join("\n").includes("no version was found")).toBe(!isKnown);
    if (gets === null) expect(choice.reasons[0]).toContain("the guest is as new as what is offered");
  });

  test("keeps it from a package that is no newer than the least that it can have", () => {
    const integrationServices = versions(null, NEWEST);
    expect(chooseFor(NEW, { integrationServices }).package).toBeNull();
    expect(chooseFor(NEW, { integrationServices: versions(null, BEFORE) }).package?.version).toBe(NEWEST);
  });
});

describe("a guest that may not take SHA-2 signatures", () => {
  const newest = offer("6.x", "x64", NEWEST);
  const before = offer("6.x", "x64", BEFORE);

  test.each(["missing", "unknown"] as const)(
    "with support %s gets the SHA-1 signed one, and hears of the newer one",
    (sha2) => {
      const choice = chooseFor([newest, before], { sha2 });
      expect(choice.package).toBe(before);
      expect(choice.standard).toBe(before);
      expect(choice.remarks.join("\n")).toContain(
        "6.3.9600.19456, signed with SHA-256) is newer, but its signature needs support for SHA-2",
      );
      expect(choice.passedOver).toMatchObject([{ package: newest, because: "sha2" }]);
    },
  );

  test("gets nothing where all need that support, with the cure, and is measured by them", () => {
    const choice = chooseFor([newest], { sha2: "missing" });
    expect(choice).toMatchObject({ package: null, standard: newest });
    expect(choice.reasons[0]).toContain("install KB4474419 and the servicing stack update");
  });

  test("gets it where nothing is known of that support, with the doubt", () => {
    const choice = chooseFor([newest], { sha2: "unknown" });
    expect(choice.package).toBe(newest);
    expect(choice.reasons.at(-1)).toContain("is not known");
  });

  test("takes a package that has both signatures", () => {
    const both = offer("6.x", "x64", NEWEST, { signature: signedWith("sha1", "sha256") });
    const integrationServices = versions("6.1.7601.17514");
    const choice = chooseFor([both, before], { sha2: "missing", integrationServices });
    expect(choice.package).toBe(both);
    expect(choice.reasons).toEqual([expect.stringContaining("signed with SHA-1 and SHA-256")]);
  });

  test("is none of NT 6.2 and later", () => {
    const choice = chooseFor([...OLD, ...NEW], { os: os("win8", { build: 9200 }), sha2: "not-needed" });
    expect(choice.package?.version).toBe(NEWEST);
  });

  test("has the older one already: it is as new as it can be, and hears of the newer one", () => {
    const choice = chooseFor([newest, before], { sha2: "missing", integrationServices: versions(BEFORE) });
    expect(choice).toMatchObject({ package: null, standard: before });
    expect(choice.remarks[0]).toContain("is newer, but");
  });
});

describe("a package is passed over", () => {
  const parent = (name: string, version: string) => ({ identity: { name, version } });

  test.each<{ what: string; facts: Partial<PackageOffer>; because: ObjectionWord; words: string }>([
    {
      what: "of another sort",
      facts: { isIntegrationServices: false },
      because: "sort",
      words: "no package of integration",
    },
    {
      what: "for other Windows",
      facts: { parents: parentsOf("6.3") },
      because: "system",
      words: "guests of NT 6.2, 6.3, and Windows 7 is NT 6.1",
    },
    { what: "without parents", facts: { parents: [] }, because: "system", words: "it names no parents" },
    {
      what: "for a later build",
      facts: { parents: [parent("Microsoft-Windows-Foundation-Package", "6.1.7602.1")] },
      because: "parent",
      words: "build 7602 or later, and the guest has 7601",
    },
    {
      what: "of a part that it has not",
      facts: { parents: [parent("Microsoft-Windows-TabletPC-Package", "6.1.7600.1")] },
      because: "parent",
      words: "which this one has not",
    },
    {
      what: "as an MSI",
      facts: { kind: "msi", parents: [] },
      because: "system",
      words: "Windows 7 takes a CAB",
    },
    {
      what: "for other processors",
      facts: { architecture: "x86" },
      because: "architecture",
      words: "it is for x86, and the guest is x64",
    },
    {
      what: "of no version",
      facts: { version: "" },
      because: "version",
      words: "no version that can be compared",
    },
    { what: "unsigned", facts: { signature: UNSIGNED }, because: "signature", words: "it is not signed" },
    {
      what: "tampered with",
      facts: { signature: TAMPERED },
      because: "signature",
      words: "the digest of the cabinet is another",
    },
    {
      what: "signed by Microsoft as something else",
      facts: { signature: { ...signedWith("sha256"), isWindowsComponent: false } },
      because: "signature",
      words: "not as a part of Windows",
    },
    {
      what: "signed by somebody",
      facts: { signature: { ...signedWith("sha256"), verdict: "signed-unknown-root", isTrusted: false } },
      because: "signature",
      words: "neither by Microsoft nor under a root that was given",
    },
  ])("$what", ({ facts, because, words }) => {
    const choice = chooseFor([offer("6.x", "x64", NEWEST, facts)]);
    expect(choice).toMatchObject({ package: null, standard: null, passedOver: [{ because }] });
    expect(choice.passedOver[0]?.reason).toContain(words);
    expect(choice.reasons[0]).toContain(words);
  });

  test("that is older or later in order than the one chosen", () => {
    const offered = [
      offer("6.x", "x64", BEFORE),
      offer("6.x", "x64", NEWEST, { place: ["b"] }),
      offer("6.x", "x64", NEWEST, { place: ["a"] }),
    ];
    const choice = chooseFor(offered);
    expect(choice.package?.place).toEqual(["a"]);
    expect(choice.passedOver.map(({ reason }) => reason)).toEqual([
      "a is newer",
      "a is as new, and goes before it",
    ]);
  });

  test("that is no newer, among those that serve the guest", () => {
    const choice = chooseFor([...OLD, ...NEW], { integrationServices: versions(NEWEST) });
    expect(choice.passedOver.map(({ because }) => because).toSorted()).toEqual([
      "architecture",
      "architecture",
      "not-newer",
      "not-newer",
      "system",
      "system",
      "system",
      "system",
    ]);
  });

  test("of which the nearest to fit is told where none fits", () => {
    const choice = chooseFor([
      offer("6.2", "x64", NEWEST),
      offer("6.x", "x64", NEWEST, { signature: UNSIGNED }),
      offer("6.x", "x86", NEWEST),
    ]);
    expect(choice.reasons).toEqual([
      expect.stringMatching(
        /^none of the 3 packages offered is for this guest; nearest comes .*: it is not signed$/,
      ),
    ]);
  });
});

describe("a package under a given root", () => {
  const own = (version: string) =>
    offer("6.x", "x64", version, {
      place: ["own.cab"],
      signature: { ...signedWith("sha256"), verdict: "signed-unknown-root", isWindowsComponent: false },
    });

  test("is chosen, but Microsoft's goes before it where it is as new", () => {
    expect(chooseFor([own(NEWEST)]).package).toMatchObject({ place: ["own.cab"] });
    expect(chooseFor([own(NEWEST), ...NEW]).package?.signature.verdict).toBe("microsoft");
    expect(chooseFor([own("6.3.9600.20000"), ...NEW]).package).toMatchObject({ place: ["own.cab"] });
  });
});

describe("Vista", () => {
  test("of an edition that is not known gets the package with a doubt, unless its name says Home", () => {
    const vista = (name: string) => os("vista", { name, build: 6002 });
    const choice = chooseFor(NEW, { os: vista("Windows Vista (TM)") });
    expect(choice.package?.version).toBe(NEWEST);
    expect(choice.reasons[1]).toContain("the edition of Windows Vista could not be determined");
    expect(chooseFor(NEW, { os: vista("Windows Vista (TM) Home Premium") }).package).toBeNull();
  });

  test("Home is served by a package that names it as a parent", () => {
    const parents = [
      {
        identity: {
          name: "Microsoft-Windows-HomePremiumEdition",
          version: "6.0.6000.1",
        },
      },
    ];
    const home = os("vista", { edition: "HomePremium", build: 6002 });
    expect(chooseFor([offer("6.x", "x64", NEWEST, { parents })], { os: home }).package).not.toBeNull();
  });
});

test("a build that is not known is in doubt only where a package asks for more than the release", () => {
  const unknown = os("win7");
  expect(chooseFor(NEW, { os: unknown }).reasons).toHaveLength(2);
  const parents = [
    {
      identity: {
        name: "Microsoft-Windows-Foundation-Package",
        version: "6.1.7601.17514",
      },
    },
  ];
  const choice = chooseFor([offer("6.x", "x64", NEWEST, { parents })], { os: unknown });
  expect(choice.reasons.join("\n")).toContain("the guest's build is not known, and must be 7601 or later");
});
