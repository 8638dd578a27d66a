// SPDX-License-Identifier: MIT
import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { BatchImage } from "./audited-image.ts";
import type { ChainSurvey } from "./chain-survey.ts";
import { isRemote } from "./remote-path.ts";

/** The same for two paths exactly where they lead to one file; for a path that leads nowhere, the path itself. */
export type IdentityOf = (path: string) => string;

/**
 * The images of a batch in the order of their report, each with its place and its role: an image is a parent where it
 * belongs to the chain of another one, whichever of its names that chain has for it.
 *
 * The order is that in which they were found, but that the images of one chain stand together, at the place of the first
 * of them: the base, then what was made from it, each followed by what was made from that in turn. `surveys` has what
 * `surveyChain` says of each path. As the outcome follows from them alone, all shards of a batch agree on it if each
 * surveys all images. Takes time in proportion to the images and their chains, and looks at files only where there is
 * a chain.
 */
export function assignRoles(
  paths: readonly string[],
  surveys: readonly ChainSurvey[],
  identityOf: IdentityOf = identifyHostFile,
): BatchImage[] {
  const families = new Families(paths, surveys, identityOf);
  return families.order().map((index, position) => ({
    position,
    path: paths[index] ?? "",
    role: families.isParent(index) ? "parent" : "leaf",
    parents: surveys[index]?.parents ?? [],
  }));
}

/** Device and number of the file, links followed. */
function identifyHostFile(path: string): string {
  if (isRemote(path)) return path;
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return resolve(path);
  }
}

/** Which images of a batch were made from which. Images are told by their index, files by their identity. */
class Families {
  readonly #imageCount: number;
  /** The file that each image is; none where no image has a chain. */
  readonly #files: readonly string[];
  readonly #imagesOf = new Map<string, number[]>();
  /** The next file below a file, of those that are in the batch. */
  readonly #parentOf = new Map<string, string>();
  readonly #childrenOf = new Map<string, string[]>();
  /** Whatever another file was made from. */
  readonly #parents = new Set<string>();

  constructor(paths: readonly string[], surveys: readonly ChainSurvey[], identityOf: IdentityOf) {
    this.#imageCount = paths.length;
    const identify = remembering(identityOf);
    this.#files = surveys.some(({ parents }) => parents.length > 0) ? paths.map(identify) : [];
    for (const [index, file] of this.#files.entries()) append(this.#imagesOf, file, index);
    for (const [index, file] of this.#files.entries()) {
      this.#addChain(file, (surveys[index]?.parents ?? []).map(identify));
    }
  }

  #addChain(file: string, chain: readonly string[]): void {
    for (const parent of chain) this.#parents.add(parent);
    const next = chain.find((parent) => this.#imagesOf.has(parent));
    // A file that has several names in the batch comes by here with each of them.
    if (next === undefined || this.#parentOf.has(file)) return;
    this.#parentOf.set(file, next);
    append(this.#childrenOf, next, file);
  }

  isParent(index: number): boolean {
    const file = this.#files[index];
    return file !== undefined && this.#parents.has(file);
  }

  /** All images, those of a family together. */
  order(): number[] {
    const order = new Set<number>();
    for (let index = 0; index < this.#imageCount; index++) {
      if (order.has(index)) continue;
      for (const member of this.#familyOf(index)) order.add(member);
    }
    return [...order];
  }

  #familyOf(index: number): number[] {
    const file = this.#files[index];
    if (file === undefined || !(this.#parentOf.has(file) || this.#childrenOf.has(file))) return [index];
    return this.#descendantsOf(this.#baseOf(file)).flatMap((member) => this.#imagesOf.get(member) ?? []);
  }

  /** Two forged files may name each other as their parents: then it is the one at which the way down comes round. */
  #baseOf(file: string): string {
    const seen = new Set([file]);
    let base = file;
    for (
      let next = this.#parentOf.get(base);
      next !== undefined && !seen.has(next);
      next = this.#parentOf.get(base)
    ) {
      seen.add(next);
      base = next;
    }
    return base;
  }

  /** The file and whatever was made from it, each before what was made from that. */
  #descendantsOf(base: string): string[] {
    const found = new Set<string>();
    const waiting = [base];
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
      if (found.has(file)) continue;
      found.add(file);
      for (const child of (this.#childrenOf.get(file) ?? []).toReversed()) waiting.push(child);
    }
    return [...found];
  }
}

function remembering(identityOf: IdentityOf): IdentityOf {
  const known = new Map<string, string>();
  return (path) => {
    const identity = known.get(path) ?? identityOf(path);
    known.set(path, identity);
    return identity;
  };
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}
