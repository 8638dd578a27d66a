// SPDX-License-Identifier: MIT
import { ReadBudget, type ReadLimits } from "../io/index.ts";

/**
 * `--limit-seconds`, `--limit-bytes` and `--limit-memory` of commands that go through many images. An audit reads about a megabyte in a
 * fraction of a second: what needs a hundred times that is not worth holding up the others.
 */
export const READ_LIMITS = {
  "limit-seconds": {
    kind: "number",
    describe: "Give up an image that takes longer to read; 0 is no limit",
    default: "60",
  },
  "limit-bytes": {
    kind: "number",
    describe: "Give up an image of which more would have to be read; 0 is no limit",
    default: "268435456",
  },
  "limit-memory": {
    kind: "number",
    describe: "Give up an image while more bytes of memory are held by what reads it; 0 is no limit",
    default: "1073741824",
  },
} as const;

type LimitArguments = Readonly<Record<keyof typeof READ_LIMITS, number>>;

/** What reading one image may cost. */
export function readLimits(args: LimitArguments): ReadLimits {
  return {
    seconds: limitOf(args["limit-seconds"]),
    bytes: limitOf(args["limit-bytes"]),
    memoryBytes: limitOf(args["limit-memory"]),
  };
}

/** The budget of one image that is opened now. */
export function startBudget(args: LimitArguments): ReadBudget {
  return new ReadBudget(readLimits(args), {
    now: () => performance.now(),
    memoryBytes: () => process.memoryUsage.rss(),
  });
}

/** A limit as it is typed, where 0 stands for none. */
export function limitOf(stated: number): number {
  return stated === 0 ? Number.POSITIVE_INFINITY : stated;
}
