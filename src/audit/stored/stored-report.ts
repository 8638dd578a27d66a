// SPDX-License-Identifier: MIT
import { locate, VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import { outcomeOf } from "../image-outcome.ts";
import type { ImageReport, ShardReport, StreamedReport } from "../report.ts";
import { SummaryBuilder } from "../summary.ts";
import { JsonScanner } from "./json-scanner.ts";
import { readLayout } from "./report-layout.ts";
import { checkSummary } from "./stored-summary.ts";

/** A report that was written to a file, opened again: its images stay there until they are asked for. */
export interface StoredReport {
  /** The file, as the user named it. */
  readonly name: string;
  /** What it says; each time its images are gone through, they are read anew. */
  readonly report: StreamedReport;
  /** The path of each image. */
  readonly paths: readonly string[];
  /** One image, by its place in {@link paths}. */
  imageAt(index: number): ImageReport;
}

/**
 * Opens a report that `audit` wrote with `--format json` or `ndjson`, whichever of them it is and however other tools laid
 * it out since. All of it is read once and checked: each image has the shape that the schema says, nothing is cut, and
 * the summary is what the images come to. The file must not change as long as the report is in use.
 *
 * @param visit gets each image as it is checked, which spares who wants to see them all to go through them again
 * @throws REPORT_INVALID, REPORT_VERSION, REPORT_CUT, REPORT_TOO_LARGE, REPORT_SUMMARY
 */
export function openStoredReport(
  source: ByteSource,
  name: string,
  visit: (image: ImageReport) => void = () => {},
): StoredReport {
  const where = { image: name };
  return locate(where, () => {
    const scanner = new JsonScanner(source);
    const paths = new PathList();
    const summary = new SummaryBuilder();
    const { head, images, readImage, ...rest } = readLayout(scanner, (image) => {
      paths.push(image.path);
      summary.add(outcomeOf(image));
      visit(image);
    });
    checkSummary(rest.summary, summary.build());
    if (head.shard !== undefined) checkShard(head.shard, images.length);
    const imageAt = (index: number): ImageReport => {
      const range = images[index];
      if (range === undefined) throw new RangeError(`there is no image ${index}`);
      return locate(where, () => readImage(range, index));
    };
    return {
      name,
      report: {
        ...head,
        images: { [Symbol.iterator]: () => eachOf(images.length, imageAt) },
        summary: summary.build(),
      },
      paths: paths.all,
      imageAt,
    };
  });
}

/** All paths are kept: a hundred million characters are those of a million images. */
const PATHS_LENGTH_MAX = 100_000_000;

/** Paths of images, up to what may be kept. */
class PathList {
  readonly all: string[] = [];
  #length = 0;

  push(path: string): void {
    this.#length += path.length;
    if (this.#length > PATHS_LENGTH_MAX) {
      const message = `the paths of the images take more than ${PATHS_LENGTH_MAX} characters`;
      throw new VmguestError("REPORT_TOO_LARGE", message);
    }
    this.all.push(path);
  }
}

function* eachOf(count: number, imageAt: (index: number) => ImageReport): Generator<ImageReport> {
  for (let index = 0; index < count; index++) yield imageAt(index);
}

/** A shard lists its images in the order of the whole. */
function checkShard({ index, count, total, positions }: ShardReport, imageCount: number): void {
  const fault =
    index >= count
      ? `index ${index} is not one of ${count}`
      : positions.length !== imageCount
        ? `there are ${positions.length} positions for ${imageCount} images`
        : positions.some((position, at) => position >= total || position <= (positions[at - 1] ?? -1))
          ? `the positions are not in order, or not below ${total}`
          : undefined;
  if (fault !== undefined) throw new VmguestError("REPORT_INVALID", fault, { structure: "shard" });
}
