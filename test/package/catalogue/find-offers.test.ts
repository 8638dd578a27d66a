import { describe, expect, test } from "vitest";
import { VmguestError } from "../../../src/errors.ts";
import type { ByteSource } from "../../../src/io/index.ts";
import { findOffers } from "../../../src/package/catalogue/index.ts";
import { choosePackageFor } from "../../../src/policy/index.ts";
import { packFiles } from "../../lab/ic-package/archive.ts";
import { buildGuestDisc } from "../../lab/ic-package/guest-disc.ts";
import { buildMsu, buildRollup, icPackageFileName } from "../../lab/ic-package.ts";
import { buildMsi, LAB_PROPERTIES } from "../../lab/msi.ts";
import { buildSignedMsi } from "../../lab/signing/index.ts";
import { os } from "../../policy/facts.ts";
import { input, labPackage, offersOf } from "./inputs.ts";

const NAME = icPackageFileName();
const PACKAGE = labPackage();
const PACKAGE_62 = labPackage({ target: "6.2", architecture: "x86", version: "6.3.9600.18692" });
const MSI_NAME = "Windows5.x-HyperVIntegrationServices-x86.msi";
const MSI = buildMsi();
const ROLLUP = buildRollup({
  packages: new Map([
    [NAME, PACKAGE],
    [icPackageFileName({ target: "6.2", architecture: "x86" }), PACKAGE_62],
  ]),
});
const DISC = buildGuestDisc({
  packages: {
    amd64: new Map([[NAME, PACKAGE]]),
    x86: new Map([
      [MSI_NAME, MSI],
      ["readme.txt", Buffer.from("no package")],
    ]),
  },
});

const placesOf = (files: Readonly<Record<string, Uint8Array>>) =>
  offersOf(files).offers.map(({ place }) => place.join(": "));
const codesOf = (files: Readonly<Record<string, Uint8Array>>) =>
  offersOf(files).findings.map(({ code, where }) => [code, where.image, where.path]);

describe("a cabinet", () => {
  test("with the manifest of integration services is offered as what that says", () => {
    const { offers, findings } = offersOf({ "folder/any.bin": PACKAGE });
    expect(findings).toEqual([]);
    expect(offers).toHaveLength(1);
    expect(offers[0]).toMatchObject({
      place: ["folder/any.bin"],
      name: "any.bin",
      kind: "cab",
      sizeBytes: PACKAGE.length,
      isIntegrationServices: true,
      identity: { name: "Microsoft-Hyper-V-Integration-Services-Package" },
      kb: "KB4072650",
      version: "6.3.9600.19456",
      architecture: "x64",
      signature: { isTrusted: true, digestAlgorithms: ["sha256"] },
    });
    expect(offers[0]?.parents).toHaveLength(10);
  });

  test("of another name is one of integration services by its drivers, and by nothing less", () => {
    const named = (packageName: string, options = {}) =>
      offersOf({ "a.cab": labPackage({ packageName, ...options }) }).offers[0];
    expect(named("Microsoft-Hyper-V-Guest-Package")).toMatchObject({ isIntegrationServices: true });
    const bus = {
      components: [{ name: "wvmbus.inf", update: "bus", title: "VMBus", files: ["wvmbus.inf"] }],
    };
    expect(named("Package_for_KB1234567", bus)).toMatchObject({ isIntegrationServices: false });
  });

  test("that is not trusted is offered with its verdict", () => {
    const { offers } = findOffers([input("a.cab", PACKAGE)]);
    expect(offers[0]?.signature).toMatchObject({ verdict: "signed-unknown-root", isTrusted: false });
    const changed = labPackage({ compression: "none" });
    const at = Math.floor(changed.length * 0.6);
    changed[at] = 0xff ^ (changed[at] ?? 0);
    const [offer] = offersOf({ "a.cab": changed }).offers;
    expect(offer?.signature).toMatchObject({ verdict: "tampered", isTrusted: false });
    expect(offersOf({ "a.cab": labPackage({ signing: null }) }).offers[0]?.signature.verdict).toBe(
      "unsigned",
    );
  });

  test("is told to hold nothing where it does", () => {
    const files = packFiles(new Map([["setup.exe", Buffer.from("MZ")]]));
    expect(codesOf({ "a.cab": files })).toEqual([["OFFER_NONE", "a.cab", undefined]]);
  });
});

describe("packages inside of others are found in", () => {
  test("a rollup: its packages for guests, and not itself", () => {
    const { offers, findings } = offersOf({ "rollup.cab": ROLLUP });
    expect(findings).toEqual([]);
    expect(offers.map(({ name, version }) => [name, version])).toEqual([
      [NAME.toLowerCase(), "6.3.9600.19456"],
      ["windows6.2-hypervintegrationservices-x86.cab", "6.3.9600.18692"],
    ]);
    expect(offers[0]?.place[1]).toMatch(/^amd64_microsoft-hyper-v-vmguest-disk_.*\/windows6\.x-/i);
  });

  test.each(["none", "mszip"] as const)("an MSU (%s): those of the rollup in it", (compression) => {
    const places = placesOf({ "a.msu": buildMsu({ cabinet: ROLLUP, compression }) });
    expect(places).toHaveLength(2);
    expect(places[0]).toMatch(/^a\.msu: Windows8\.1-KB5063950-x64\.cab: amd64_/);
  });

  test("an MSU of something else: the update, as none of integration services", () => {
    const update = buildRollup({ packages: new Map() });
    const { offers } = offersOf({ "a.msu": buildMsu({ cabinet: update }) });
    expect(offers).toMatchObject([{ isIntegrationServices: false, kb: "KB5063950" }]);
  });

  test("a disc: cabinets and MSIs", () => {
    const { offers, findings } = offersOf({ "vmguest.iso": DISC });
    expect(findings).toEqual([]);
    expect(offers.map(({ place, kind }) => [kind, ...place])).toEqual([
      ["cab", "vmguest.iso", `support/amd64/${NAME}`],
      ["msi", "vmguest.iso", `support/x86/${MSI_NAME}`],
    ]);
  });

  test("several files, in their order, twice where they are there twice", () => {
    expect(placesOf({ "b.cab": PACKAGE, "a.iso": DISC, "c.cab": PACKAGE_62 })).toEqual([
      "b.cab",
      `a.iso: support/amd64/${NAME}`,
      `a.iso: support/x86/${MSI_NAME}`,
      "c.cab",
    ]);
  });

  test("nothing that is nested without end", () => {
    let nested: Uint8Array = PACKAGE;
    for (let depth = 0; depth < 6; depth++) nested = packFiles(new Map([["inner.cab", nested]]));
    const { offers, findings } = offersOf({ "a.cab": nested });
    expect(offers).toEqual([]);
    expect(findings).toMatchObject([{ code: "OFFER_LIMIT", where: { image: "a.cab" } }]);
  });

  test("no more files than anybody has", () => {
    const packed = new Map(
      Array.from({ length: 2_100 }, (_, at) => [`${at}.cab`, Buffer.from("MZ")] as const),
    );
    const { findings } = offersOf({ "a.cab": packFiles(packed) });
    expect(findings.filter(({ code }) => code === "OFFER_LIMIT")).toHaveLength(1);
    expect(findings).toHaveLength(2_000);
  });
});

describe("an MSI", () => {
  test("of integration services is offered for its processor, with no parents", () => {
    expect(offersOf({ [MSI_NAME]: MSI }).offers).toMatchObject([
      {
        kind: "msi",
        isIntegrationServices: true,
        identity: null,
        kb: null,
        version: "6.3.9600.16384",
        architecture: "x86",
        parents: [],
      },
    ]);
  });

  test("of another product is told to be one", () => {
    const other = buildMsi({ properties: { ...LAB_PROPERTIES, ProductName: "PuTTY" } });
    expect(offersOf({ "a.msi": other }).offers).toMatchObject([{ isIntegrationServices: false }]);
  });
});

describe("a file that is no package", () => {
  test("is a finding, whatever its name, and keeps none of the others away", () => {
    const files = { "a.cab": Buffer.from("MZ"), "b.cab": PACKAGE, "c.iso": new Uint8Array() };
    expect(placesOf(files)).toEqual(["b.cab"]);
    expect(codesOf(files)).toEqual([
      ["PACKAGE_UNKNOWN", "a.cab", undefined],
      ["PACKAGE_UNKNOWN", "c.iso", undefined],
    ]);
  });

  test("is called empty where it is", () => {
    const { findings } = offersOf({ "a.cab": new Uint8Array() });
    expect(findings).toMatchObject([{ code: "PACKAGE_UNKNOWN", message: "the file is empty" }]);
  });

  test("is a finding where it is damaged, with the way to it", () => {
    const damaged = PACKAGE.slice(0, 50);
    const disc = buildGuestDisc({ packages: { amd64: new Map([["a.cab", damaged]]), x86: new Map() } });
    expect(codesOf({ "v.iso": disc })).toEqual([["CAB_TRUNCATED", "v.iso", "support/amd64/a.cab"]]);
  });

  test("is a finding where it cannot be opened; a mistake of ours is thrown", () => {
    const failing = (error: Error) => ({
      file: "a.cab",
      open: (): ByteSource => {
        throw error;
      },
    });
    const { findings } = findOffers([failing(new VmguestError("IO_READ", "no permission"))]);
    expect(findings).toMatchObject([{ code: "IO_READ", where: { image: "a.cab" } }]);
    expect(() => findOffers([failing(new TypeError("oops"))])).toThrow(TypeError);
  });
});

describe("a file of another kind with cabinets in it", () => {
  const setup = Buffer.concat([Buffer.from("MZ"), Buffer.alloc(99), PACKAGE, Buffer.alloc(7), PACKAGE_62]);

  test("is offered for the packages among them, which are numbered", () => {
    expect(placesOf({ "setup.exe": setup })).toEqual([
      "setup.exe: cabinet-1.cab",
      "setup.exe: cabinet-2.cab",
    ]);
  });

  test("is not searched where it is called a package in another", () => {
    const disc = buildGuestDisc({ packages: { amd64: new Map([["a.cab", setup]]), x86: new Map() } });
    expect(codesOf({ "v.iso": disc })).toEqual([["PACKAGE_UNKNOWN", "v.iso", "support/amd64/a.cab"]]);
  });
});

describe("of a whole disc", () => {
  const disc = buildGuestDisc({
    packages: {
      amd64: new Map([
        [NAME, PACKAGE],
        [icPackageFileName({ target: "6.2" }), labPackage({ target: "6.2" })],
      ]),
      x86: new Map([
        [MSI_NAME, buildSignedMsi()],
        ["renamed.cab", labPackage({ architecture: "x86" })],
      ]),
    },
  });
  const { offers } = offersOf({ "vmguest.iso": disc });

  test.each([
    { id: "xp", facts: { architecture: "x86" }, path: `support/x86/${MSI_NAME}` },
    { id: "win7", facts: { architecture: "x86", build: 7601 }, path: "support/x86/renamed.cab" },
    { id: "ws2008r2", facts: { build: 7600 }, path: `support/amd64/${NAME}` },
    {
      id: "win8.1",
      facts: { build: 9600 },
      path: "support/amd64/Windows6.2-HyperVIntegrationServices-x64.cab",
    },
    { id: "win8", facts: { architecture: "x86", build: 9200 }, path: undefined },
    { id: "ws2022", facts: { build: 20348 }, path: undefined },
  ] as const)("$id gets $path", ({ id, facts, path }) => {
    const guest = { os: os(id, facts), integrationServices: null, sha2: "supported" } as const;
    expect(choosePackageFor(guest, offers).package?.place[1]).toBe(path);
  });
});

test("for an offer no more is unpacked than its manifest", () => {
  const damaged = labPackage({
    compression: "none",
    // The last bytes are those of a driver; whoever unpacked it would meet the damage.
    beforeSigning: (cabinet) => cabinet.slice(0, -100),
  });
  const { offers } = offersOf({ "a.cab": damaged });
  expect(offers).toHaveLength(1);
});
