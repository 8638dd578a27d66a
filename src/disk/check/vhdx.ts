// SPDX-License-Identifier: MIT
import { attempt, type Finding, finding } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import { readHeader } from "../vhdx/header.ts";
import { FileIdentifier, HEADER_SECTION_SIZE_BYTES, type VhdxHeader } from "../vhdx/layout.ts";
import { isClean, logRange, replayLog } from "../vhdx/log-replay.ts";
import { type Metadata, readMetadata } from "../vhdx/metadata.ts";
import { readParentReference } from "../vhdx/parent-locator.ts";
import { checkNoOverlap, type FileRange } from "../vhdx/ranges.ts";
import { type Regions, readRegions } from "../vhdx/region-table.ts";
import { checkBat } from "./vhdx-bat.ts";
import { checkHeaders } from "./vhdx-headers.ts";
import { checkLogInUse, checkStaleLog } from "./vhdx-log.ts";
import { checkMetadataItems } from "./vhdx-metadata.ts";
import { checkRegionTables } from "./vhdx-regions.ts";

/**
 * Checks a VHDX from the outside in (MS-VHDX 2.2 to 2.6). Where a structure is damaged so far that what hangs below it
 * cannot be found, the check ends with the finding that says so.
 */
export function* checkVhdx(file: ByteSource): Generator<Finding> {
  if (file.sizeBytes < HEADER_SECTION_SIZE_BYTES) {
    const message = `the file has ${file.sizeBytes} bytes, its headers alone need 1 MiB`;
    yield finding("VHDX_NOT", message, { structure: FileIdentifier.structName, offset: 0 });
    return;
  }
  const read = yield* attempt(() => readHeader(file));
  if (read !== undefined) yield* read.findings;
  yield* checkHeaders(file);
  if (read === undefined) return;
  const log = yield* attempt(() => logRange(read.header, file.sizeBytes));
  if (log === undefined) return;
  const current = yield* checkLog(file, read.header, log);
  if (current === undefined) return;

  yield* checkRegionTables(current);
  const regions = yield* attempt(() => readRegions(current));
  if (regions === undefined) return;
  yield* regions.findings;
  yield* checkDisk(current, log, regions.regions);
}

/** The file as it is after the replay of its log; undefined where the log cannot be replayed. */
function* checkLog(
  file: ByteSource,
  header: VhdxHeader,
  log: FileRange,
): Generator<Finding, ByteSource | undefined> {
  if (isClean(header)) {
    yield* checkStaleLog(file, log);
    return file;
  }
  yield* checkLogInUse(file, header, log);
  const current = yield* attempt(() => replayLog(file, header, log));
  if (current !== undefined) {
    const message = "the file was not closed properly; its log was replayed in memory";
    yield finding("VHDX_LOG_REPLAYED", message, { structure: log.what, offset: log.offset });
  }
  return current;
}

function* checkDisk(file: ByteSource, log: FileRange, regions: Regions): Generator<Finding> {
  const occupied = [log, ...regions.all];
  yield* attempt(() => checkNoOverlap(occupied));
  const metadata = yield* attempt(() => readMetadata(file, regions.metadata));
  yield* checkMetadataItems(file, regions.metadata);
  if (metadata === undefined) return;
  yield* checkParent(file, metadata);
  yield* checkBat(file, regions.bat, metadata, occupied);
}

function* checkParent(file: ByteSource, { parentLocator }: Metadata): Generator<Finding> {
  if (parentLocator !== undefined) yield* attempt(() => readParentReference(file, parentLocator));
}
