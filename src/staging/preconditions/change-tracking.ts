// SPDX-License-Identifier: MIT
import { type Finding, finding } from "../../errors.ts";
import type { HostFolder } from "../../io/index.ts";

/** Resilient change tracking and its table of modified regions (Server 2016 and later), log of Hyper-V Replica. */
const ENDINGS = [".rct", ".mrt", ".hrl"];

/** Warns where Hyper-V keeps a record of the image's changes beside it. */
export function* checkTracking(folder: HostFolder | undefined): Generator<Finding> {
  if (folder === undefined) return;
  const wanted = ENDINGS.map((ending) => `${folder.imageName}${ending}`.toLowerCase());
  const { entries } = folder.list("");
  const found = entries.find(({ name, isFolder }) => !isFolder && wanted.includes(name.toLowerCase()));
  if (found !== undefined) {
    yield finding("STAGE_CHANGE_TRACKING", `"${found.name}" stands beside the image`);
  }
}
