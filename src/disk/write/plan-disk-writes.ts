// SPDX-License-Identifier: MIT
import { checkStepCount } from "../../io/commit/index.ts";
import type { ByteSource, PhaseChanges } from "../../io/index.ts";
import type { Disk } from "../disk.ts";
import type { DiskWriteOptions, DiskWritePlan, WrittenFile } from "./disk-write.ts";
import { FileSteps } from "./file-steps.ts";
import { type DiskPage, pagesOf } from "./pages.ts";
import { requireSound, requireWritten } from "./soundness.ts";
import { planVhd } from "./vhd/plan-vhd.ts";
import { planVhdx } from "./vhdx/plan-vhdx.ts";

/**
 * Turns changes of a virtual disk into changes of the file that holds it, the image of a stopped VM. `disk` is the disk
 * that `openDisk` found in `file`, without the changes. Reads only; parents of a differencing disk are never written to.
 *
 * With all steps up to any one done, and any of the 4 KiB pages of the next one, the file opens, and its disk has the
 * phases up to some one, and pages of the next. Without changes there are no steps, and the file stays as it is.
 *
 * Throws DISK_WRITE_DAMAGED or VHD_SAVED_STATE where the file must not be written to,
 * DISK_WRITE_NO_LOG, DISK_WRITE_FULL and DISK_WRITE_SMALL_BLOCKS where it cannot be, and LIMIT_EXCEEDED where a commit
 * would not take so many steps.
 */
export function planDiskWrites(
  file: ByteSource,
  disk: Disk,
  phases: readonly PhaseChanges[],
  options: DiskWriteOptions,
): DiskWritePlan {
  requireSound(file);
  const pages = pagesOf(disk, phases);
  if (pages.flat().length === 0) return { steps: [], sizeBytes: file.sizeBytes, file, findings: [] };
  const { file: written, findings } = write(file, disk, pages, options);
  const { steps, sizeBytes } = written;
  checkStepCount(steps.length);
  requireWritten(written, pages.flat());
  return { steps, sizeBytes, file: written, findings };
}

function write(
  file: ByteSource,
  disk: Disk,
  phases: readonly (readonly DiskPage[])[],
  options: DiskWriteOptions,
): WrittenFile {
  switch (disk.format) {
    case "vhdx":
      return planVhdx(file, disk, phases, options);
    case "vhd":
      // The footer of a fixed disk stays where and as it is.
      return disk.kind === "fixed" ? planInPlace(file, phases) : planVhd(file, disk, phases);
    case "raw":
      return planInPlace(file, phases);
  }
}

/** The bytes of the disk are those of the file. */
function planInPlace(file: ByteSource, phases: readonly (readonly DiskPage[])[]): WrittenFile {
  const steps = new FileSteps(file);
  for (const pages of phases) {
    for (const { offset, bytes } of pages) steps.write(offset, bytes);
    steps.endStep();
  }
  return { file: steps, findings: [] };
}
