// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { type ByteSource, copyBytes, readBytes } from "../../io/index.ts";
import { isRecordSize } from "./boot.ts";
import { undoFixups } from "./fixup.ts";
import { NO_CLIENT, RESTART_FLAGS, RestartArea, RestartPage } from "./layout.ts";

/**
 * What $LogFile says of the volume: `clean` it was dismounted, `unclean` changes wait in the log, `empty` the log was
 * wiped (as Linux drivers do) and holds nothing to apply, `v2` Windows 8 or later has changes in memory that are not
 * on the disk, `unreadable` it cannot be told.
 */
export type LogState = "clean" | "unclean" | "empty" | "v2" | "unreadable";

interface RestartState {
  readonly currentLsn: bigint;
  readonly majorVersion: number;
  readonly isClean: boolean;
}

/** Page size of every x86 and ARM Windows; another one stands in the first page. */
const PAGE_SIZE_BYTES = 4096;
/** What a wiped log is filled with. */
const WIPED = 0xff;

/**
 * Reads the state of the log from its two restart pages, and nothing else of it. The valid page with the newer LSN
 * counts, since they are written in turn. Damage is a state here, not an error.
 */
export function readLogState(log: ByteSource): LogState {
  const pageSizeBytes = readPageSize(log) ?? PAGE_SIZE_BYTES;
  const first = readPage(log, 0, pageSizeBytes);
  const second = readPage(log, pageSizeBytes, pageSizeBytes);
  if (first === undefined && second === undefined)
    return isWiped(log, pageSizeBytes) ? "empty" : "unreadable";
  const firstIsNewer = second === undefined || (first !== undefined && first.currentLsn >= second.currentLsn);
  return stateOf(firstIsNewer ? first : second);
}

function stateOf(state: RestartState | undefined): LogState {
  // A log of version 2 is brought back to 1.1 when the volume is dismounted, so its own clean flag means little.
  if (state?.majorVersion === 2) return "v2";
  if (state?.majorVersion !== 1) return "unreadable";
  return state.isClean ? "clean" : "unclean";
}

function readPageSize(log: ByteSource): number | undefined {
  if (log.sizeBytes < RestartPage.sizeBytes) return undefined;
  const { signature, systemPageSize } = new RestartPage(log.read(0, RestartPage.sizeBytes));
  return isSignature(signature) && isRecordSize(systemPageSize) ? systemPageSize : undefined;
}

/** The restart page at `offset`, or undefined where it is not whole. */
function readPage(log: ByteSource, offset: number, pageSizeBytes: number): RestartState | undefined {
  if (offset + pageSizeBytes > log.sizeBytes) return undefined;
  const view = new DataView(copyBytes(log, offset, pageSizeBytes).buffer);
  const page = new RestartPage(view);
  if (!isSignature(page.signature) || page.systemPageSize !== pageSizeBytes) return undefined;
  try {
    undoFixups(view, "NTFS_LOG_UNREADABLE", {});
    const area = new RestartArea(view, page.restartOffset);
    return {
      currentLsn: area.currentLsn,
      majorVersion: page.majorVersion,
      isClean: area.clientInUseList === NO_CLIENT || (area.flags & RESTART_FLAGS.volumeIsClean) !== 0,
    };
  } catch (error) {
    if (!(error instanceof VmguestError)) throw error;
    return undefined;
  }
}

function isSignature(signature: string): boolean {
  return signature === "RSTR" || signature === "CHKD";
}

function isWiped(log: ByteSource, pageSizeBytes: number): boolean {
  const lengthBytes = 2 * pageSizeBytes;
  return log.sizeBytes >= lengthBytes && readBytes(log, 0, lengthBytes).every((byte) => byte === WIPED);
}
