import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FIXTURES, fixturesIn } from "../support/fixtures.ts";

/** Microsoft's own packages of integration services, by their paths among the fixtures. */
export const IC_CABS: readonly string[] = ["6.3.9600.18692", "6.3.9600.19456"].flatMap((version) =>
  fixturesIn(`ic-cab/${version}`),
);

/** What another program found in a package, from FACTS. */
export interface PackageFacts {
  readonly identity: Readonly<Record<string, string>>;
  readonly kb: string;
  readonly parents: readonly (readonly [name: string, version: string])[];
  /** SHA-256 of the executable images, by path. */
  readonly images: ReadonlyMap<string, string>;
  /** Members whose plain digests are in the catalog. */
  readonly flat: readonly string[];
}

export function readFacts(file: string): PackageFacts {
  const { mum, catalog, pe_versions } = JSON.parse(
    readFileSync(join(FIXTURES, "FACTS", `${file}.package.json`), "utf8"),
  );
  const images = Object.entries(pe_versions as Record<string, { sha256: string }>);
  return {
    identity: mum.identity,
    kb: mum.package.identifier,
    parents: mum.parents,
    images: new Map(images.map(([path, { sha256 }]) => [path, sha256])),
    flat: Object.keys(catalog["flat-hashed members"]),
  };
}
