// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import { checkContainer } from "../check/index.ts";

/** Throws where the check of the file finds what a writer must not build upon. */
export function requireSound(file: ByteSource): void {
  for (const { code, severity, message, where } of checkContainer(file)) {
    if (code === "VHD_SAVED_STATE") throw new VmguestError(code, message, where);
    if (severity !== "error" && code !== "VHD_FOOTER_DAMAGED") continue;
    throw new VmguestError("DISK_WRITE_DAMAGED", `${message} [${code}]`, where);
  }
}
