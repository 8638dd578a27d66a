// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { diffImages, listImage } from "./diff-images.ts";
import type { Change, DiffReport, DiffSide, DiffSummary, ImageDiff, Judgement } from "./diff-report.ts";
import type { StoredReport } from "./stored-report.ts";

/** How two reports are compared. */
export interface DiffOptions {
  /** The version that compares. */
  readonly toolVersion: string;
  /** Beginnings of paths that are left out, the first that fits: where the same library lies elsewhere. */
  readonly prefixes?: readonly string[];
}

/** More of one image is no news but a flood, such as a hostile image makes. */
const CHANGES_OF_ONE_IMAGE_MAX = 500;

/** All changes are kept until they are sorted. A rollout changes some five things of each image. */
const CHANGES_MAX = 1_000_000;

/**
 * What changed from one audit to another: images by their paths, guests by the place of their volumes. Of the older report
 * only the paths are kept in memory; its images are read as they are needed.
 *
 * @throws USAGE where two images of one report have the same path without the prefixes
 */
export function diffReports(
  before: StoredReport,
  after: StoredReport,
  { toolVersion, prefixes = [] }: DiffOptions,
): DiffReport {
  const left = indexPaths(before, prefixes);
  // To refuse what cannot be told apart, before anything is compared.
  const nameOf = pathNames(after, prefixes);
  const images = new ImageDiffs();
  for (const [place, fullPath] of after.paths.entries()) {
    const path = nameOf(fullPath);
    const old = left.get(path)?.shift();
    const image = after.imageAt(place);
    if (old === undefined) images.push(path, "added", listImage(image, "added"));
    else images.push(path, "changed", diffImages(before.imageAt(old), image));
  }
  for (const [path, places] of left) {
    for (const place of places) images.push(path, "removed", listImage(before.imageAt(place), "removed"));
  }
  return {
    schema: "vmguest.diff/1",
    tool: { name: "vmguest", version: toolVersion },
    before: sideOf(before),
    after: sideOf(after),
    images: images.all.toSorted(({ path: a }, { path: b }) => (a < b ? -1 : a > b ? 1 : 0)),
    summary: summarise(before.paths.length, after.paths.length, images.all),
  };
}

function sideOf({ name, paths, report: { tool, timestamp, host, shard } }: StoredReport): DiffSide {
  return {
    report: name,
    tool,
    ...(timestamp === undefined ? {} : { timestamp }),
    host,
    ...(shard === undefined ? {} : { shard: { index: shard.index, count: shard.count } }),
    images: paths.length,
  };
}

/** Where the images of each path are in the report: as a rule, one. */
function indexPaths(report: StoredReport, prefixes: readonly string[]): Map<string, number[]> {
  const nameOf = pathNames(report, prefixes);
  const places = new Map<string, number[]>();
  for (const [place, fullPath] of report.paths.entries()) {
    const path = nameOf(fullPath);
    const others = places.get(path);
    if (others === undefined) places.set(path, [place]);
    else others.push(place);
  }
  return places;
}

/** How the paths of a report are called. Throws USAGE where two that differ would be called the same. */
function pathNames(report: StoredReport, prefixes: readonly string[]): (path: string) => string {
  const strip = (path: string) => stripPrefix(path, prefixes);
  if (prefixes.length === 0) return strip;
  const owners = new Map<string, string>();
  for (const path of report.paths) {
    const owner = owners.get(strip(path)) ?? path;
    if (owner !== path) {
      const message = `${owner} and ${path} are the same without their prefixes: ${strip(path)}`;
      throw new VmguestError("USAGE", message, { image: report.name });
    }
    owners.set(strip(path), path);
  }
  return strip;
}

/** The path without the first of the prefixes that ends where one of its folders does. */
function stripPrefix(path: string, prefixes: readonly string[]): string {
  for (const prefix of prefixes) {
    const folder = /[/\\]$/.test(prefix) ? prefix : undefined;
    if (folder !== undefined && path.startsWith(folder)) return path.slice(folder.length);
    if (folder === undefined && path.startsWith(prefix) && /^[/\\]./.test(path.slice(prefix.length))) {
      return path.slice(prefix.length + 1);
    }
  }
  return path;
}

/** Images that are not as they were, with as many of their changes as may be listed. */
class ImageDiffs {
  readonly all: ImageDiff[] = [];
  #room = CHANGES_MAX;

  push(path: string, change: ImageDiff["change"], changes: readonly Change[]): void {
    if (change === "changed" && changes.length === 0) return;
    const listed = changes.slice(0, Math.min(CHANGES_OF_ONE_IMAGE_MAX, this.#room));
    this.#room -= listed.length;
    this.all.push({
      path,
      change,
      judgement: judgeAll(changes),
      changes: listed,
      omitted: changes.length - listed.length,
    });
  }
}

function judgeAll(changes: readonly Change[]): Judgement {
  if (changes.some(({ judgement }) => judgement === "worse")) return "worse";
  return changes.some(({ judgement }) => judgement === "better") ? "better" : "neutral";
}

function summarise(before: number, after: number, images: readonly ImageDiff[]): DiffSummary {
  const count = (change: ImageDiff["change"]) => images.filter((image) => image.change === change).length;
  const changed = images.filter(({ change }) => change === "changed");
  const judged = (judgement: Judgement) => changed.filter((image) => image.judgement === judgement).length;
  const added = count("added");
  return {
    before,
    after,
    added,
    removed: count("removed"),
    changed: changed.length,
    unchanged: after - added - changed.length,
    worse: judged("worse"),
    better: judged("better"),
    neutral: judged("neutral"),
  };
}
