// SPDX-License-Identifier: MIT
import { type Discovery, discoverImages, LIST_BYTES_MAX, readImageList } from "../../../batch/index.ts";
import { VmguestError } from "../../../errors.ts";
import type { Context } from "../../context.ts";
import { readInput } from "../../input-file.ts";

/** The options that say which images are meant. */
export interface ImageArguments {
  readonly paths: readonly string[];
  readonly "files-from": string | undefined;
  readonly null: boolean;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** The images that the command line and the list name. Throws USAGE where none could be meant. */
export async function findImages(args: ImageArguments, context: Context): Promise<Discovery> {
  const { paths, include, exclude } = args;
  const listed = await readList(args, context);
  if (paths.length === 0 && listed === undefined) {
    throw new VmguestError("USAGE", "name images, folders or patterns, or a list of them with --files-from");
  }
  return await discoverImages(paths, {
    ...context.dependencies,
    ...(include.length > 0 && { include }),
    ...(exclude.length > 0 && { exclude }),
    ...(listed !== undefined && { listed }),
  });
}

async function readList(args: ImageArguments, context: Context): Promise<string[] | undefined> {
  const path = args["files-from"];
  if (path === undefined) {
    if (args.null)
      throw new VmguestError("USAGE", "--null is about the list of --files-from, which is not given");
    return undefined;
  }
  const bytes = await readInput({ path, noun: "the list of images", sizeBytesMax: LIST_BYTES_MAX }, context);
  return readImageList(bytes, { isNullSeparated: args.null });
}
