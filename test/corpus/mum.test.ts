import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  packageFullName,
  readComponentManifest,
  readMsuInstallations,
  readMsuProperties,
  readPackageManifest,
} from "../../src/package/mum/index.ts";
import { FIXTURES } from "../support/fixtures.ts";

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

/** The manifests of a package as they were taken out of it. */
function folderOf({ file }: PackageFacts): string {
  const stem = basename(file).replace(/\.(cab|msu)$/, "");
  const folder = readdirSync(join(FIXTURES, "mum")).find((name) => name.endsWith(stem) && isOf(name, file));
  if (folder === undefined) throw new Error(`no folder for ${file}`);
  return join(FIXTURES, "mum", folder);
}

/** Folders of integration services begin with the version, which is the folder of the cabinet. */
const isOf = (folder: string, file: string) =>
  !folder.startsWith("6.3.") || file.includes(folder.split("-", 1)[0] ?? "?");

const FACTS = [...factsIn("ic-cab"), ...factsIn("msu")];
const MANIFESTS = readdirSync(join(FIXTURES, "mum"), { recursive: true, encoding: "utf8" }).sort();

test("there are six cabinets and three MSUs to compare with", () => {
  expect(FACTS).toHaveLength(9);
});

describe.each(FACTS)("update.mum of $file", (facts) => {
  const manifest = readPackageManifest(readFileSync(join(folderOf(facts), "update.mum")));
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
