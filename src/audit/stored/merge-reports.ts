// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { ImageReport, ShardReport, StreamedReport } from "../report.ts";
import type { StoredReport } from "./stored-report.ts";
import { addSummaries } from "./stored-summary.ts";

/**
 * One report of several. Shards are put together to the report that an audit without shards gives, byte for byte, in
 * whatever order they are named; other reports follow each other as they are named. The images are read when they are gone
 * through, one at a time. It has the latest of the times that the parts say, and none where one of them says none.
 *
 * @throws REPORTS_DIFFER, REPORT_SHARD_MISSING, REPORT_SHARD_TWICE, REPORT_SHARD_POSITION, REPORT_IMAGE_TWICE
 */
export function mergeReports(parts: readonly StoredReport[]): StreamedReport {
  const [first, ...others] = parts;
  if (first === undefined) throw new VmguestError("USAGE", "there are no reports to be joined");
  for (const other of others) checkBelongsTo(first, other);
  const shards = parts.flatMap((part) => {
    const { shard } = part.report;
    return shard === undefined ? [] : [{ part, shard }];
  });
  const images = shards.length === 0 ? joinReports(parts) : joinShards(shards);
  const { schema, tool, host } = first.report;
  const timestamp = latestTime(parts);
  return {
    schema,
    tool,
    ...(timestamp === undefined ? {} : { timestamp }),
    host,
    images: { [Symbol.iterator]: images },
    summary: addSummaries(parts.map(({ report }) => report.summary)),
  };
}

type Images = () => Iterator<ImageReport>;

/** What the head of a report says once must be true of all its images. */
function checkBelongsTo(first: StoredReport, other: StoredReport): void {
  for (const phrase of SHARED) {
    const [expected, found] = [phrase(first.report), phrase(other.report)];
    if (found === expected) continue;
    const message = `it is ${found}, but ${first.name} is ${expected}`;
    throw new VmguestError("REPORTS_DIFFER", message, { image: other.name });
  }
}

/** As much of the digest of a batch as tells two apart for a person. */
const BATCH_DIGITS = 12;

const SHARED: readonly ((report: StreamedReport) => string)[] = [
  ({ host }) => `judged for the host ${host.id}`,
  ({ tool }) => `made by vmguest ${tool.version}`,
  ({ shard }) => (shard === undefined ? "no shard" : `one of ${shard.count} shards`),
  ({ shard }) => (shard === undefined ? "no shard" : `a shard of ${shard.total} images`),
  ({ shard }) => (shard === undefined ? "no shard" : `of the batch ${shard.batch.slice(0, BATCH_DIGITS)}`),
];

function latestTime(parts: readonly StoredReport[]): string | undefined {
  const times = parts.map(({ report }) => report.timestamp);
  if (times.some((time) => time === undefined)) return undefined;
  return times.reduce((latest = "", time = "") => (Date.parse(time) > Date.parse(latest) ? time : latest));
}

/** Reports of several libraries: an image belongs to one of them. */
function joinReports(parts: readonly StoredReport[]): Images {
  const holders = new Map<string, StoredReport>();
  for (const part of parts) {
    for (const path of part.paths) {
      const holder = holders.get(path) ?? part;
      if (holder !== part) {
        const message = `${path} is in ${holder.name} too`;
        throw new VmguestError("REPORT_IMAGE_TWICE", message, { image: part.name });
      }
      holders.set(path, part);
    }
  }
  return function* () {
    for (const { report } of parts) yield* report.images;
  };
}

interface Shard {
  readonly part: StoredReport;
  readonly shard: ShardReport;
}

function joinShards(shards: readonly Shard[]): Images {
  checkAllThere(shards);
  const owners = ownersOf(shards);
  return function* () {
    const readers = shards.map(({ part }) => part.report.images[Symbol.iterator]());
    for (const owner of owners) {
      const next = readers[owner]?.next();
      if (next?.done === false) yield next.value;
    }
  };
}

/** Every shard once. They are counted from 1 for people, as `--shard` does. */
function checkAllThere(shards: readonly Shard[]): void {
  const byIndex = new Map<number, StoredReport>();
  for (const { part, shard } of shards) {
    const other = byIndex.get(shard.index);
    if (other !== undefined) {
      const message = `it is shard ${shard.index + 1} of ${shard.count}, and so is ${other.name}`;
      throw new VmguestError("REPORT_SHARD_TWICE", message, { image: part.name });
    }
    byIndex.set(shard.index, part);
  }
  const count = shards[0]?.shard.count ?? 0;
  if (byIndex.size === count) return;
  const missing: number[] = [];
  for (let index = 0; missing.length < MISSING_NAMED_MAX && index < count; index++) {
    if (!byIndex.has(index)) missing.push(index + 1);
  }
  const more = count - byIndex.size - missing.length;
  const names = `${missing.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  throw new VmguestError("REPORT_SHARD_MISSING", `of ${count} shards these are missing: ${names}`);
}

/** Enough to see which jobs failed. */
const MISSING_NAMED_MAX = 20;

/** Which of the shards has the image at each place of the whole. */
function ownersOf(shards: readonly Shard[]): Uint32Array {
  const total = shards[0]?.shard.total ?? 0;
  // Looked at first: a file may say any total, and a list of that length is made below.
  const held = shards.reduce((sum, { shard }) => sum + shard.positions.length, 0);
  if (held !== total) {
    throw new VmguestError(
      "REPORT_SHARD_POSITION",
      `the shards hold ${held} images, but should hold ${total}`,
    );
  }
  const owners = new Uint32Array(total).fill(NOBODY);
  for (const [index, { part, shard }] of shards.entries()) {
    for (const position of shard.positions) {
      const owner = shards[owners[position] ?? NOBODY];
      if (owner !== undefined) {
        const message = `it has an image at place ${position} of the whole, and so has ${owner.part.name}`;
        throw new VmguestError("REPORT_SHARD_POSITION", message, { image: part.name });
      }
      owners[position] = index;
    }
  }
  return owners;
}

const NOBODY = 0xffff_ffff;
