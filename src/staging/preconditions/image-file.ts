// SPDX-License-Identifier: MIT
import type { OpenedImage } from "../../audit/index.ts";
import { type Finding, finding, findingOf } from "../../errors.ts";
import { inspectUndo, NodeStorage } from "../../io/commit/index.ts";
import type { Preconditions, StagingWish } from "./wish.ts";

/**
 * Whether a commit would take the image file: no earlier change waits to be taken back, and no other name leads to it. One
 * that was interrupted leaves nothing that a copy or a child could be made of, either.
 */
export function* checkImageFile(
  { path }: OpenedImage,
  { target = "in-place", replaces = false }: Pick<StagingWish, "target" | "replaces">,
): Generator<Finding> {
  const undo = replaces && target === "in-place" ? [] : checkUndo(path);
  for (const found of undo) if (target === "in-place" || found.code === "UNDO_INTERRUPTED") yield found;
  if (target !== "in-place") return;
  const storage = new NodeStorage();
  const count = storage.statusOf(storage.realPath(path))?.linkCount ?? 1;
  if (count > 1) yield finding("IMAGE_HARD_LINKED", `the image file has ${count} names`);
}

/** Whether the image is between before and after, where nothing that it says of its guest holds. */
export function checkInterrupted(
  { path }: OpenedImage,
  { target = "in-place", replaces = false }: StagingWish,
): Preconditions {
  const found = replaces && target === "in-place" ? [] : [...checkUndo(path)];
  return { refusals: found.filter(({ code }) => code === "UNDO_INTERRUPTED"), warnings: [] };
}

function* checkUndo(path: string): Generator<Finding> {
  const found = inspectUndo(path);
  switch (found.state) {
    case "none":
      break;
    case "interrupted":
      yield finding("UNDO_INTERRUPTED", "an earlier change of the image is not complete");
      break;
    case "unreadable":
      yield findingOf(found.error);
      break;
    default:
      yield finding("UNDO_PRESENT", "an earlier change of the image has left its undo file");
  }
}
