// SPDX-License-Identifier: MIT
import { type ByteSource, MemorySource } from "../../io/index.ts";
import type { KeyChange, PlannedChange, ValueChange } from "../plan.ts";

/** What is to be at a path of the volume when all changes are made. */
export interface PathIntent {
  readonly path: string;
  /** `made`: was not there before. `kept`: a file that was there, with other content. */
  readonly fate: "made" | "kept";
  readonly isDirectory: boolean;
  /** Of a file that is to be there. */
  readonly content?: ByteSource;
  /** FILE_ATTRIBUTE_* bits that were asked for. */
  readonly attributes?: number;
}

/** What is to become of a hive. */
export interface HiveIntent {
  readonly path: string;
  readonly changes: readonly (KeyChange | ValueChange)[];
}

/** What the changes of a plan come to in the end. */
export interface Intent {
  readonly paths: readonly PathIntent[];
  readonly hives: readonly HiveIntent[];
}

/**
 * Sums up planned changes. Of several that are made to one thing the last one counts; but what an earlier one of a file
 * leaves behind, in clusters that became free again, nobody accounts for: a plan names each file once.
 */
export function intentOf(changes: readonly PlannedChange[]): Intent {
  const paths = new Map<string, PathIntent>();
  const hives = new Map<string, { path: string; changes: (KeyChange | ValueChange)[] }>();
  for (const change of changes) {
    if (change.kind === "create-key" || change.kind === "set-value") {
      const key = keyOf(change.hive);
      const hive = hives.get(key) ?? { path: pathOf(change.hive), changes: [] };
      hives.set(key, hive);
      hive.changes.push(change);
      continue;
    }
    const key = keyOf(change.path);
    paths.set(key, pathIntent(change, paths.get(key)));
  }
  return { paths: [...paths.values()], hives: [...hives.values()] };
}

type OnPath = Exclude<PlannedChange, KeyChange | ValueChange>;

function pathIntent(change: OnPath, before: PathIntent | undefined): PathIntent {
  const path = pathOf(change.path);
  const { attributes } = "attributes" in change ? change : (before ?? {});
  const asked = attributes === undefined ? {} : { attributes };
  if (change.kind === "create-directory") return { path, fate: "made", isDirectory: true, ...asked };
  const { kind, content } = change;
  const fate = kind === "create-file" ? "made" : (before?.fate ?? "kept");
  const source = content instanceof Uint8Array ? new MemorySource(content) : content;
  return { path, fate, isDirectory: false, content: source, ...asked };
}

/** A path with its names parted by `/`. */
function pathOf(path: string): string {
  return path
    .split(/[\\/]/)
    .filter((name) => name !== "")
    .join("/");
}

const keyOf = (path: string) => pathOf(path).toLowerCase();
