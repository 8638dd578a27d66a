// SPDX-License-Identifier: MIT
import type { OpenedImage } from "../../audit/index.ts";
import { checkContainer } from "../../disk/check/index.ts";
import { type Finding, finding } from "../../errors.ts";

/** What the image file itself says: damage that a writer must not build upon, a saved state. */
export function* checkFile({ file }: OpenedImage): Generator<Finding> {
  for (const { code, severity, message, where } of checkContainer(file)) {
    if (code === "VHD_SAVED_STATE" || code === "LIMIT_EXCEEDED") yield finding(code, message, where);
    else if (severity === "error" || code === "VHD_FOOTER_DAMAGED") {
      yield finding("DISK_WRITE_DAMAGED", `${message} [${code}]`, where);
    }
  }
}

/** What is lost when a checkpoint is reverted should be written only by who knows it. */
export function* checkKind({ disk }: OpenedImage): Generator<Finding> {
  if (disk.kind !== "differencing") return;
  yield finding("STAGE_DIFFERENCING", `the image is a differencing disk over ${disk.chain.length - 1} more`);
}
