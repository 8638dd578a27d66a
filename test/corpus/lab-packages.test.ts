import { describe, expect, test } from "vitest";
import { MemorySource } from "../../src/io/index.ts";
import { Cabinet, readCatalog, readComponentManifest, readPackageManifest } from "../../src/package/index.ts";
import { buildIcPackage, type LabIcPackage } from "../lab/ic-package.ts";
import { readFixture } from "../support/fixtures.ts";

// The lab's packages are what Microsoft's are: the same members, manifests, parents, updates and kind of catalog.

interface Shape {
  /** Paths without the sixteen digits that Windows computes. */
  readonly paths: readonly string[];
  readonly parents: readonly string[];
  readonly updates: readonly unknown[];
  readonly files: readonly string[];
  readonly catalog: unknown;
}

function shapeOf(bytes: Uint8Array): Shape {
  const cabinet = Cabinet.open(new MemorySource(bytes));
  const members = new Map<string, Uint8Array>();
  for (const { member, chunks } of cabinet.contents(({ name }) => /\.(mum|cat|manifest)$/.test(name))) {
    members.set(member.name, Buffer.concat(Array.from(chunks, (chunk) => chunk.slice())));
  }
  const { parents, updates } = readPackageManifest(members.get("update.mum")!);
  const { members: listed, attributes } = readCatalog(members.get("update.cat")!);
  return {
    paths: cabinet.members.map(({ name }) => name.replace(/_none_[0-9a-f]{16}/, "")).toSorted(),
    parents: parents.map(({ identity, integrate }) => `${identity.name} ${identity.version} ${integrate}`),
    updates: updates.map(({ name, restart, drivers }) => ({ name, restart, drivers })),
    files: [...members]
      .filter(([name]) => name.endsWith(".manifest"))
      .flatMap(([, manifest]) => readComponentManifest(manifest).files.map(({ name }) => name))
      .toSorted(),
    catalog: {
      attributes,
      kinds: listed.map(({ algorithm, kind }) => `${algorithm} ${kind}`).toSorted(),
    },
  };
}

const VERSION = "6.3.9600.18692";

describe.each<{ fixture: string; options: LabIcPackage }>([
  { fixture: "windows6.x-hypervintegrationservices-x64", options: { target: "6.x", architecture: "amd64" } },
  { fixture: "windows6.x-hypervintegrationservices-x86", options: { target: "6.x", architecture: "x86" } },
  { fixture: "windows6.2-hypervintegrationservices-x64", options: { target: "6.2", architecture: "amd64" } },
  { fixture: "windows6.2-hypervintegrationservices-x86", options: { target: "6.2", architecture: "x86" } },
])("the lab's package in place of $fixture", ({ fixture, options }) => {
  const real = shapeOf(readFixture(`ic-cab/${VERSION}/${fixture}.cab`));
  const built = shapeOf(buildIcPackage({ ...options, version: VERSION }));

  test.each(["paths", "parents", "updates", "files", "catalog"] as const)("has the same %s", (part) => {
    expect(built[part]).toEqual(real[part]);
  });
});
