// SPDX-License-Identifier: MIT
import type { OpenedImage } from "../audit/index.ts";
import { findInterruptedChange, requireFile } from "../batch/index.ts";
import { located, VmguestError, type Where } from "../errors.ts";
import type { FileSystem } from "../fs/index.ts";
import type { Volume } from "../volume/index.ts";
import type { Context } from "./context.ts";
import { printFindings } from "./damage.ts";

/** Opens an image for a command, and closes it whatever happens; errors say which image they are from. */
export async function withImage<T>(
  path: string,
  context: Context,
  work: (image: OpenedImage) => Promise<T>,
): Promise<T> {
  requireFile(path);
  await printFindings(await findInterruptedChange(path), context);
  const { OpenedImage } = await context.dependencies.loadAudit();
  context.imageCount++;
  return await withPlace({ image: path }, async () => {
    using image = OpenedImage.open(path, { stats: context.stats });
    return await work(image);
  });
}

/** A volume of an opened image. */
export interface OpenedVolume {
  readonly image: OpenedImage;
  readonly volume: Volume;
  readonly fileSystem: FileSystem;
}

/** The same for the volume that {@link chooseVolume} chooses; errors say which volume they are from. */
export async function withVolume<T>(
  path: string,
  index: number | undefined,
  context: Context,
  work: (opened: OpenedVolume) => Promise<T>,
): Promise<T> {
  return await withImage(path, context, async (image) => {
    const volume = chooseVolume(image, index);
    const fileSystem = image.fileSystem(volume.index);
    return await withPlace({ image: path, partition: volume.index }, () =>
      work({ image, volume, fileSystem }),
    );
  });
}

/** Adds to errors where they come from, as `locate` does, but waits. */
async function withPlace<T>(where: Where, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // What names a file of its own, such as the one to be written, is not about the image.
    const isElsewhere = error instanceof VmguestError && error.where.image !== undefined;
    throw isElsewhere ? error : located(error, where);
  }
}

/**
 * The volume of that index; without one, the only NTFS volume, or else the only one with a Windows on it. Throws
 * NOT_FOUND where there is none, and USAGE where more than one could be meant.
 */
function chooseVolume(image: OpenedImage, index: number | undefined): Volume {
  if (index !== undefined) return image.volume(index);
  const candidates = image.layout.volumes.filter(({ content }) => content === "ntfs");
  if (candidates.length === 0) throw new VmguestError("NOT_FOUND", "the image has no NTFS volume");
  const withWindows =
    candidates.length === 1 ? candidates : candidates.filter((volume) => hasWindows(image, volume));
  const [chosen, ...others] = withWindows;
  if (chosen !== undefined && others.length === 0) return chosen;
  const names = candidates.map(describeVolume);
  throw new VmguestError("USAGE", `choose one of the volumes with --volume: ${names.join(", ")}`);
}

/** A volume that cannot be read is none that anybody means without naming it. */
function hasWindows(image: OpenedImage, volume: Volume): boolean {
  try {
    const fileSystem = image.ntfs(volume);
    return ["Windows", "WINNT"].some((root) => fileSystem.find(`${root}/System32/config`) !== undefined);
  } catch (error) {
    if (error instanceof VmguestError) return false;
    throw error;
  }
}

function describeVolume({ index, sizeBytes }: Volume): string {
  return `${index} (${Math.round(sizeBytes / 2 ** 20)} MiB)`;
}
