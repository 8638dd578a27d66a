// SPDX-License-Identifier: MIT
import { existsSync } from "node:fs";
import { extname } from "node:path";
import { isImageName } from "../../../batch/index.ts";
import { VmguestError } from "../../../errors.ts";
import type { ChangeTarget } from "../../../staging/index.ts";

/** `--output` and `--as` of the commands that write images. */
export const TARGET_OPTIONS = {
  output: {
    kind: "text",
    describe:
      "Write to this new image instead, and leave the given one as it is: a differencing disk (.avhdx, .avhd), or else a copy. The report goes to stdout",
  },
  as: {
    kind: "text",
    describe: "What --output is, where its name ends otherwise: a differencing disk (child) or a copy",
    choices: ["child", "copy"],
  },
} as const;

interface TargetArguments {
  readonly output: string | undefined;
  readonly as: "child" | "copy" | undefined;
}

/** Ends of the names that Hyper-V gives to differencing disks. */
const CHILD_ENDING = /\.avhdx?$/i;

/** Where the change goes. Throws USAGE for an output that cannot be what is asked for. */
export function readTarget({ output: path, as }: TargetArguments, images: readonly string[]): ChangeTarget {
  if (path === undefined) {
    if (as === undefined) return { kind: "in-place" };
    throw new VmguestError("USAGE", "--as says what --output is, which is not given");
  }
  const [image = "", ...others] = images;
  if (others.length > 0)
    throw new VmguestError("USAGE", "--output is one file, and there are several images");
  if (!isImageName(path)) {
    throw new VmguestError(
      "USAGE",
      `--output is the image to be written, and ${path} is not named like one; the report goes to stdout`,
    );
  }
  const kind = as ?? (CHILD_ENDING.test(path) ? "child" : "copy");
  if (kind === "copy" && isImageName(image) && formatOf(image) !== formatOf(path)) {
    const message = `a copy of ${image} is no ${extname(path)} file: nothing is converted`;
    throw new VmguestError("USAGE", message);
  }
  if (existsSync(path)) {
    throw new VmguestError("USAGE", "--output is a new file, and this one exists", { image: path });
  }
  return { kind, path };
}

/** `.vhdx` for `.avhdx` too: a differencing disk has the format of its parent. */
function formatOf(path: string): string {
  return extname(path).toLowerCase().replace(/^\.a/, ".").replace(".raw", ".img");
}
