// SPDX-License-Identifier: MIT
import type { OpenedImage } from "../../audit/index.ts";
import { attempt, type Finding } from "../../errors.ts";
import type { StagingTarget } from "../target.ts";
import { checkTracking } from "./change-tracking.ts";
import { checkChildren } from "./children.ts";
import { checkFile, checkKind } from "./container.ts";
import { checkKindOfGuest } from "./guest-kind.ts";
import { checkHives } from "./hives.ts";
import { checkImageFile } from "./image-file.ts";
import { checkPackage } from "./package.ts";
import { checkSavedState } from "./saved-state.ts";
import { checkServicing } from "./servicing.ts";
import { sortOut } from "./sort-out.ts";
import { checkSpace } from "./space.ts";
import { checkStagingFolder } from "./staging-folder.ts";
import { checkClosedVolumes, checkVolumes } from "./volume-state.ts";
import type { Preconditions, StagingWish, UpdateWish } from "./wish.ts";

/**
 * Everything that stands in the way of a change, and what is to be known before one, all at once. Nothing is written.
 *
 * What only the change itself can show (no room in a directory, a file that is to be replaced and is not plain) is thrown
 * where the change is worked out in memory. Whether the image is in use is asked when it is written. Throws only where
 * files of the host cannot be read.
 */
export function checkPreconditions(target: StagingTarget, wish: StagingWish): Preconditions {
  return sortOut(reasons(target, wish), wish.allowed);
}

/** The same for an image in which no guest was found, as far as it goes: the image itself, and volumes that are closed. */
export function checkImagePreconditions(image: OpenedImage, wish: StagingWish): Preconditions {
  return sortOut([...checkImage(image, wish), ...checkClosedVolumes(image, false)], wish.allowed);
}

function* reasons(target: StagingTarget, wish: StagingWish): Generator<Finding> {
  const { image, volume } = target;
  yield* checkImage(image, wish);
  yield* checkClosedVolumes(image, true);
  yield* checkVolumes(image, volume);
  yield* checkHives(target);
  if (wish.update !== undefined) yield* checkUpdate(target, wish.update);
}

/** A copy or a child leaves the image as it is, so that what depends on it does not matter. */
function* checkImage(
  image: OpenedImage,
  { target = "in-place", hostFolder, replaces = false }: StagingWish,
): Generator<Finding> {
  yield* checkFile(image);
  yield* checkImageFile(image, { target, replaces });
  const [own] = image.disk.chain;
  if (target !== "in-place" || own === undefined) return;
  yield* checkKind(image);
  yield* checkChildren(own, hostFolder);
  yield* checkSavedState(hostFolder);
  yield* checkTracking(hostFolder);
}

/** Where a guest takes no CAB at all, nothing more is asked of it. */
function* checkUpdate(target: StagingTarget, wish: UpdateWish): Generator<Finding> {
  const kind = [...checkKindOfGuest(target.report)];
  yield* kind;
  if (kind.length > 0) return;
  yield* checkServicing(target, wish);
  yield* checkStagingFolder(target);
  const ntfs = target.image.ntfs(target.volume);
  const partition = target.volume.index;
  const space = yield* attempt(() => [...checkSpace(ntfs, wish.payloadBytes)], { partition });
  for (const found of space ?? []) yield { ...found, where: { partition, ...found.where } };
  if (wish.package !== undefined) yield* checkPackage(target.report, wish.package);
}
