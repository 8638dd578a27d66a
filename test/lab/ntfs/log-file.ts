// SPDX-License-Identifier: MIT
import { FIXUP_STRIDE_BYTES, RestartArea, RestartPage } from "../../../src/fs/ntfs/layout.ts";
import { applyFixups } from "./records.ts";

const PAGE_SIZE_BYTES = 4096;
/** The least that ntfs-3g takes for a log: two restart pages and 48 others. */
const LOG_SIZE_BYTES = 52 * PAGE_SIZE_BYTES;
const RESTART_OFFSET = 0x30;
const USA_OFFSET = 0x1e;

export interface RestartOptions {
  readonly majorVersion?: number;
  readonly minorVersion?: number;
  readonly clientInUseList?: number;
  readonly flags?: number;
  readonly currentLsn?: bigint;
  readonly pageSizeBytes?: number;
  readonly signature?: string;
}

const CLEAN: RestartOptions = { clientInUseList: 0xffff, flags: 2 };
const UNCLEAN: RestartOptions = { clientInUseList: 0, flags: 0 };

/** Logs as a guest may leave them. */
export const LOG_FILES = {
  clean: () => encodeLogFile([CLEAN, CLEAN]),
  unclean: () =>
    encodeLogFile([
      { ...CLEAN, currentLsn: 100n },
      { ...UNCLEAN, currentLsn: 200n },
    ]),
  empty: () => encodeLogFile([undefined, undefined]),
  v2: () => encodeLogFile([{ ...CLEAN, majorVersion: 2, minorVersion: 0 }, undefined]),
} as const;

/** A $LogFile with these two restart pages; undefined leaves one wiped, as the rest of the log is. */
export function encodeLogFile(
  pages: readonly [RestartOptions | undefined, RestartOptions | undefined],
  sizeBytes = LOG_SIZE_BYTES,
): Uint8Array {
  const log = new Uint8Array(sizeBytes).fill(0xff);
  const pageSizeBytes = pages[0]?.pageSizeBytes ?? PAGE_SIZE_BYTES;
  for (const [index, page] of pages.entries()) {
    if (page !== undefined)
      log.set(encodeRestartPage({ pageSizeBytes, ...page }, sizeBytes), index * pageSizeBytes);
  }
  return log;
}

function encodeRestartPage(options: RestartOptions, logSizeBytes: number): Uint8Array {
  const pageSizeBytes = options.pageSizeBytes ?? PAGE_SIZE_BYTES;
  const bytes = new Uint8Array(pageSizeBytes);
  const view = new DataView(bytes.buffer);
  const usaCount = pageSizeBytes / FIXUP_STRIDE_BYTES + 1;
  const restartOffset = Math.max(RESTART_OFFSET, Math.ceil((USA_OFFSET + usaCount * 2) / 8) * 8);
  Object.assign(new RestartPage(view), {
    signature: options.signature ?? "RSTR",
    usaOffset: USA_OFFSET,
    usaCount,
    systemPageSize: pageSizeBytes,
    logPageSize: pageSizeBytes,
    restartOffset,
    minorVersion: options.minorVersion ?? 1,
    majorVersion: options.majorVersion ?? 1,
  });
  const clientInUseList = options.clientInUseList ?? 0xffff;
  Object.assign(new RestartArea(view, restartOffset), {
    currentLsn: options.currentLsn ?? 100n,
    clientCount: 1,
    clientFreeList: clientInUseList === 0xffff ? 0 : 0xffff,
    clientInUseList,
    flags: options.flags ?? 0,
    sequenceNumberBits: 67 - Math.ceil(Math.log2(logSizeBytes)),
    areaLength: 0x30 + 0xa0,
    clientArrayOffset: 0x30,
    fileSize: BigInt(logSizeBytes),
    recordHeaderLength: 0x30,
    logPageDataOffset: 0x40,
  });
  encodeClient(new DataView(bytes.buffer, restartOffset + 0x30, 0xa0));
  applyFixups(view, USA_OFFSET);
  return bytes;
}

/** The one client of the log, "NTFS"; no reader here looks at it, but ntfs-3g does. */
function encodeClient(view: DataView): void {
  view.setUint16(0x10, 0xffff, true);
  view.setUint16(0x12, 0xffff, true);
  view.setUint32(0x1c, 8, true);
  for (const [unit, letter] of [..."NTFS"].entries())
    view.setUint16(0x20 + unit * 2, letter.charCodeAt(0), true);
}
