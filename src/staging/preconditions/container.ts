// SPDX-License-Identifier: MIT
import type { OpenedImage } from "../../audit/index.ts";
import { findUnsound } from "../../disk/write/index.ts";
import { type Finding, finding } from "../../errors.ts";

/** What the image file itself says: damage that a writer must not build upon, a saved state. */
export const checkFile = ({ bytes }: OpenedImage): Iterable<Finding> => findUnsound(bytes);

/** What is lost when a checkpoint is reverted should be written only by who knows it. */
export function* checkKind({ disk }: OpenedImage): Generator<Finding> {
  if (disk.kind !== "differencing") return;
  yield finding("STAGE_DIFFERENCING", `the image is a differencing disk over ${disk.chain.length - 1} more`);
}
