// SPDX-License-Identifier: MIT
import { attempt, type Finding } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import { openDisk } from "../open-disk.ts";
import { isVhd } from "../vhd/footer.ts";
import { isVhdx } from "../vhdx/open-vhdx.ts";
import { checkVhd } from "./vhd.ts";
import { checkVhdx } from "./vhdx.ts";

/**
 * Checks every structure of a container, also those that reading the disk does not need: second copies, reserved
 * fields, all entries of the block allocation table.
 *
 * The findings come as they are met; memory is bounded by a bit for each MiB of the file. What a raw image holds cannot
 * be told from damage, so it has no findings. Throws only what the host's own storage throws.
 */
export function* checkContainer(file: ByteSource): Generator<Finding> {
  if (isVhdx(file)) yield* checkVhdx(file);
  else if (isVhd(file)) yield* checkVhd(file);
  else yield* attempt(() => openDisk(file));
}
