// SPDX-License-Identifier: MIT
import { type Finding, finding, VmguestError } from "../../../errors.ts";
import type { ByteSource } from "../../../io/index.ts";
import { LOG_SECTOR_SIZE_BYTES, MIB } from "../../vhdx/layout.ts";
import { isClean, logRange, readLog } from "../../vhdx/log-replay.ts";
import type { FileRange } from "../../vhdx/ranges.ts";
import type { DiskWriteOptions, WrittenFile } from "../disk-write.ts";
import { FileSteps } from "../file-steps.ts";
import { blocksOf, type DiskPage } from "../pages.ts";
import { allocateBlocks } from "./allocation.ts";
import { VhdxContainer } from "./container.ts";
import { HeaderPair } from "./header-pair.ts";
import { LogWriter, retireLog } from "./log-writer.ts";
import { SectorBits } from "./sector-bits.ts";

/** A file grows by a few blocks at a time, of at most 256 MiB; much more than that was not written by Hyper-V. */
const GROWTH_BYTES_MAX = 16 * 256 * MIB;

/** Zeros are written like anything else; a genuine log zeroes bitmaps of 1 MiB, and few of them. */
const ZERO_BYTES_MAX = 64 * MIB;

/**
 * The steps that write pages to a VHDX which was found sound (MS-VHDX 2.2 to 2.5).
 *
 * First the identities of file and content change, then a log that is pending is applied, then blocks are made for all
 * pages, which changes nothing that can be read. From there on each phase is written in place.
 */
export function planVhdx(
  file: ByteSource,
  disk: ByteSource,
  phases: readonly (readonly DiskPage[])[],
  { newGuid }: DiskWriteOptions,
): WrittenFile {
  const steps = new FileSteps(file);
  const headers = new HeaderPair(steps);
  headers.update({ fileWriteGuid: newGuid(), dataWriteGuid: newGuid() });
  const log = logRange(headers.current, file.sizeBytes);
  const findings = applyLog(steps, headers, log);

  const container = new VhdxContainer(steps);
  const writer = new LogWriter(steps, headers, log, newGuid());
  allocateBlocks(container, steps, writer, blocksOf(phases, container.metadata.blockSizeBytes));
  const bits = new SectorBits(container, steps, writer);
  bits.completePages(phases.flat(), disk);
  for (const pages of phases) {
    for (const page of pages) steps.write(container.fileOffsetOf(page.offset), page.bytes);
    steps.endStep();
    bits.set(pages);
  }
  writer.close();
  return { file: steps, findings };
}

/** Does to the file what its log says, where that has not been done yet (2.3.3). */
function applyLog(steps: FileSteps, headers: HeaderPair, log: FileRange): Finding[] {
  const { current } = headers;
  if (isClean(current)) return [];
  const { zeros, sectors, sizeBytes } = readLog(steps, current, log);
  const fileSizeBytes = steps.sizeBytes;
  const zeroPage = new Uint8Array(LOG_SECTOR_SIZE_BYTES);
  const zeroBytes = zeros.reduce((sum, { start, end }) => {
    return sum + Math.max(0, Math.min(end, fileSizeBytes) - start);
  }, 0);
  if (zeroBytes > ZERO_BYTES_MAX || sizeBytes - fileSizeBytes > GROWTH_BYTES_MAX) {
    const message = `the log zeroes ${zeroBytes} bytes of the file and makes it one of ${sizeBytes}`;
    throw new VmguestError("LIMIT_EXCEEDED", message, { structure: log.what, offset: log.offset });
  }
  for (const { start, end } of zeros) {
    // What is past the end of the file is made of zeros by making the file longer.
    for (let at = start; at < Math.min(end, fileSizeBytes); at += LOG_SECTOR_SIZE_BYTES) {
      steps.write(at, zeroPage);
    }
  }
  for (const [number, bytes] of sectors) steps.write(number * LOG_SECTOR_SIZE_BYTES, bytes);
  steps.extendTo(sizeBytes);
  steps.endStep();
  retireLog(steps, headers, log);
  const message = "the file was not closed properly; its log is replayed to it before it is written to";
  return [finding("DISK_WRITE_LOG_REPLAYED", message, { structure: log.what, offset: log.offset })];
}
