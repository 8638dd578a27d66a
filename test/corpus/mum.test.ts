import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { MemorySource } from "../../src/io/index.ts";
import { Cabinet } from "../../src/package/cab/index.ts";
import {
  type ComponentManifest,
  packageFullName,
  readComponentManifest,
  readMsuInstallations,
  readMsuProperties,
  readPackageManifest,
} from "../../src/package/mum/index.ts";
import { FIXTURES, readFixture } from "../support/fixtures.ts";

/** What a third-party reader of XML found in `update.mum`. */
interface PackageFacts {
  readonly file: string;
  readonly package_name: string;
  readonly mum: {
    readonly assembly: Readonly<Record<string, string>>;
    readonly identity: Readonly<Record<string, string>>;
    readonly package: Readonly<Record<string, string>>;
    readonly parents: readonly (readonly [name: string, version: string])[];
    readonly parent_integrate: readonly string[];
    readonly updates: readonly (readonly [name: string, infs: readonly string[]])[];
  };
  readonly members?: Readonly<Record<string, unknown>>;
  readonly pkgProperties?: readonly string[];
  readonly unattend_xml?: string;
}

function factsIn(folder: string): PackageFacts[] {
  return readdirSync(join(FIXTURES, "FACTS", folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".package.json"))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(FIXTURES, "FACTS", folder, name), "utf8")) as PackageFacts);
}

/** Everything in a cabinet, by name. */
function unpack(bytes: Uint8Array): ReadonlyMap<string, Buffer> {
  const members = new Map<string, Buffer>();
  for (const { member, chunks } of Cabinet.open(new MemorySource(bytes)).contents()) {
    members.set(member.name, Buffer.concat(Array.from(chunks, (chunk) => Buffer.from(chunk))));
  }
  return members;
}

function requireMember(members: ReadonlyMap<string, Buffer>, name: string | RegExp): Buffer {
  const [found] = [...members].filter(([key]) => (typeof name === "string" ? key === name : name.test(key)));
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found[1];
}

/** What a package consists of: of an MSU, the cabinet that its answer file names. */
function openPackage({ file }: PackageFacts): {
  outer: ReadonlyMap<string, Buffer>;
  inner: ReadonlyMap<string, Buffer>;
} {
  const outer = unpack(readFixture(file.replace(/^dev\//, "")));
  if (file.endsWith(".cab")) return { outer, inner: outer };
  const [installation] = readMsuInstallations(requireMember(outer, /\.xml$/));
  const cabinet = new RegExp(`^${installation?.cabinet?.replaceAll(".", "\\.")}$`, "i");
  return { outer, inner: unpack(requireMember(outer, cabinet)) };
}

const FACTS = [...factsIn("ic-cab"), ...factsIn("msu")];

test("there are six cabinets and three MSUs to compare with", () => {
  expect(FACTS).toHaveLength(9);
});

describe.each(FACTS)("update.mum of $file", (facts) => {
  const { inner } = openPackage(facts);
  const manifest = readPackageManifest(requireMember(inner, "update.mum"));
  const { mum } = facts;

  test("has the identity that other readers find", () => {
    expect({
      name: manifest.identity.name,
      version: manifest.identity.version,
      processorArchitecture: manifest.identity.architecture,
      language: manifest.identity.language,
      publicKeyToken: manifest.identity.publicKeyToken,
      buildType: manifest.identity.buildType ?? undefined,
      versionScope: manifest.identity.versionScope ?? undefined,
    }).toEqual(mum.identity);
    expect(packageFullName(manifest.identity)).toBe(facts.package_name);
  });

  test("has their descriptions, article, restart and kind", () => {
    expect(manifest).toMatchObject({
      description: mum.assembly["description"],
      displayName: mum.assembly["displayName"],
      supportInformation: mum.assembly["supportInformation"],
      kb: mum.package["identifier"],
      releaseType: mum.package["releaseType"],
      restart: mum.package["restart"],
      applicabilityEvaluation: mum.package["applicabilityEvaluation"] ?? null,
    });
  });

  test("has their parents, all groups of them", () => {
    expect(manifest.parents.map(({ identity }) => [identity.name, identity.version])).toEqual(mum.parents);
    const groups = new Map(manifest.parents.map(({ group, integrate }) => [group, integrate]));
    expect([...groups.values()]).toEqual(mum.parent_integrate);
  });

  test("has their updates and drivers", () => {
    expect(manifest.updates.map(({ name, drivers }) => [name, drivers.map(({ inf }) => inf)])).toEqual(
      mum.updates,
    );
  });
});

const COMPONENT = /\.manifest$/;

describe.each(FACTS)("the other manifests of $file", (facts) => {
  const { inner } = openPackage(facts);
  const components: [stem: string, manifest: ComponentManifest][] = [...inner]
    .filter(([name]) => COMPONENT.test(name))
    .map(([name, bytes]) => [name.replace(COMPONENT, ""), readComponentManifest(bytes)]);

  test("of packages are named by their identities, and everything in them is understood", () => {
    const packages = [...inner].filter(([name]) => name.endsWith(".mum"));
    expect(packages.length).toBeGreaterThan(0);
    for (const [name, bytes] of packages) {
      const { identity, notUnderstood } = readPackageManifest(bytes);
      if (name !== "update.mum") {
        expect(`${packageFullName(identity)}.mum`.toLowerCase()).toBe(name.toLowerCase());
      }
      expect([...notUnderstood]).toEqual([]);
    }
  });

  test("of components are named by processor, token and version", () => {
    expect(components.length).toBeGreaterThan(3);
    for (const [stem, { identity }] of components) {
      expect(stem.startsWith(`${identity.architecture}_`)).toBe(true);
      expect(stem).toContain(`_${identity.publicKeyToken}_${identity.version}_none_`);
    }
  });

  test("of drivers belong to updates, each with its INF among the files", () => {
    const { updates } = readPackageManifest(requireMember(inner, "update.mum"));
    for (const { identity } of updates.flatMap(({ drivers }) => drivers)) {
      const driver = components.find(([, component]) => component.identity.name === identity.name)?.[1];
      expect(driver).toMatchObject({
        isDriver: true,
        isDeployment: true,
        identity: { version: identity.version },
      });
      expect(driver?.files.map(({ name }) => name.toLowerCase())).toContain(identity.name);
    }
  });
});

describe.each(factsIn("ic-cab"))("the payload of $file", (facts) => {
  const { inner } = openPackage(facts);

  test("has exactly the files and SHA-256 digests that the component manifests state", () => {
    const stated = [...inner]
      .filter(([name]) => COMPONENT.test(name))
      .flatMap(([name, bytes]) =>
        readComponentManifest(bytes).files.map((file) => [
          `${name.replace(COMPONENT, "")}/${file.name}`.toLowerCase(),
          file.algorithm,
          file.digest,
        ]),
      )
      .toSorted();
    const payload = [...inner]
      .filter(([name]) => name.includes("/"))
      .map(([name, bytes]) => [
        name.toLowerCase(),
        "sha256",
        createHash("sha256").update(bytes).digest("hex"),
      ])
      .toSorted();
    expect(payload.length).toBeGreaterThan(2);
    expect(stated).toEqual(payload);
  });
});

describe.each(factsIn("msu"))("what is beside the cabinet in $file", (facts) => {
  const { outer } = openPackage(facts);

  test("has the properties that stand in the text", () => {
    const properties = readMsuProperties(requireMember(outer, /-pkgProperties\.txt$/));
    const lines = [...properties.properties].map(([name, value]) => `${name}="${value}"`);
    expect(lines).toEqual(facts.pkgProperties);
    expect(properties).toMatchObject({
      kb: facts.mum.package["identifier"],
      architecture: facts.mum.identity["processorArchitecture"],
      appliesTo: "Windows 6.1",
      packageType: "Hotfix",
      language: "ALL",
    });
    expect(properties.applicability).toContain("Windows 7.0 Client SP1");
  });

  test("has one cabinet to install, with the identity of its package", () => {
    const installations = readMsuInstallations(requireMember(outer, /\.xml$/));
    expect(installations.map(({ action }) => action)).toEqual(["install"]);
    expect(installations.map(({ identity }) => packageFullName(identity))).toEqual([facts.package_name]);
  });
});

test("the manifest of KB2938772 has all that a package can have", () => {
  const { inner } = openPackage(FACTS.find(({ file }) => file.includes("KB2938772")) as PackageFacts);
  const update = readPackageManifest(requireMember(inner, "update.mum"));
  expect(update.installer).toMatchObject({ name: "Microsoft-Windows-ServicingStack", version: "6.0.0.0" });
  expect([...update.extended]).toEqual([
    ["completelyOfflineCapable", "yes"],
    ["packageSize", "949044"],
  ]);
  expect(update.updates.flatMap(({ packages }) => packages)).toMatchObject([
    { identity: { name: "Package_for_KB2938772_RTM" }, integrate: "hidden" },
  ]);
  const later = readPackageManifest(requireMember(inner, /RTM_GM.*\.mum$/));
  expect(later.parents).toMatchObject([
    {
      identity: { name: "Package_for_KB2919355", version: "6.3.1.14" },
      integrate: "separate",
      buildCompare: "GE",
      revisionCompare: "GE",
      serviceCompare: null,
      disposition: "detect",
    },
  ]);
  const driver = readPackageManifest(requireMember(inner, /Package_1_.*\.mum$/));
  expect(driver.updates).toMatchObject([
    {
      conditions: [{ kind: "driver", disposition: "staged", elevate: "distribution" }],
      drivers: [{ inf: "netrasa.inf", ranking: "currentDevices", requiresDeviceInstall: false }],
    },
  ]);
});

test("the services of the 6.2 cabinet come as dependencies of what the package names", () => {
  const { inner } = openPackage(FACTS.find(({ file }) => file.includes("19456")) as PackageFacts);
  const { components } = readPackageManifest(requireMember(inner, "update.mum")).updates.find(
    ({ name }) => name === "Hyper-V-Integration-Services",
  ) ?? { components: [] };
  expect(components.map(({ name }) => name)).toEqual(["Microsoft-Hyper-V-Integration-Services-Deployment"]);
  const deployment = readComponentManifest(requireMember(inner, /services-deployment_.*\.manifest$/));
  expect(deployment.files).toEqual([]);
  expect(deployment.dependencies.map(({ name }) => name)).toEqual([
    "Microsoft-Hyper-V-Integration-Services",
    "Microsoft-Hyper-V-Integration-RDV-Core",
  ]);
});
