// SPDX-License-Identifier: MIT
import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  realpathSync,
} from "node:fs";
import { UNDO_ENDING } from "../interrupted-change.ts";

/** What tells whether a file is still the one it was; nothing else of it is read. */
export interface FileIdentity {
  /** The same as long as nobody writes to the file, replaces it, or gives it other rights. */
  readonly text: string;
  /** When the file was last changed, milliseconds since 1970, by the clock of whoever keeps it. */
  readonly changedMs: number;
}

/**
 * Both headers of a VHDX and what lies between them (MS-VHDX 2.2.2): one read of 64 KiB takes no longer than two of a
 * page. The first 80 bytes of a header have its sequence number, FileWriteGuid, DataWriteGuid and log GUID, and a
 * checksum of the whole. Both copies count, so that it does not matter which of them is in force.
 */
const FIRST_HEADER_OFFSET = 64 * 1024;
const HEADER_DISTANCE = 64 * 1024;
const HEADER_PART_SIZE = 80;
const HEADER_SIGNATURE = "head";

/**
 * The footer of a VHD, which has its identity and a checksum ("Hard Disk Footer Format"); the rest of it is reserved. It
 * begins a byte later where an old Virtual PC left off its last one.
 */
const FOOTER_SIZE = 512;
const FOOTER_SIGNATURE = "conectix";
const FOOTER_PART_SIZE = 86;

const headers = Buffer.alloc(HEADER_DISTANCE + HEADER_PART_SIZE);
const footer = Buffer.alloc(FOOTER_SIZE);

/**
 * The identity of an image file: size, times and number of the file, and what its format says of itself. Undefined for
 * what is no regular file or cannot be read.
 *
 * The device is left out: a share or a snapshot has another number each time it is mounted, and the time of the last
 * change, which nobody can set, tells files apart as well.
 */
export function identifyFile(path: string): FileIdentity | undefined {
  let descriptor: number | undefined;
  try {
    // O_NONBLOCK: a named pipe must not stop the run before fstat can refuse it.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const status = fstatSync(descriptor, { bigint: true });
    if (!status.isFile()) return undefined;
    return {
      text: `${describe(status)} ${formatIdentity(descriptor, Number(status.size))}`,
      changedMs: changedMsOf(status),
    };
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/**
 * The identity of what vmguest left beside an image to take a change back, on which findings of an audit depend. A link
 * is not followed, as no reader of it does.
 */
export function identifyUndo(path: string): FileIdentity | undefined {
  try {
    // Few images are links, and finding out where one leads takes several calls.
    const isLink = lstatSync(path).isSymbolicLink();
    const undo = `${isLink ? realpathSync.native(path) : path}${UNDO_ENDING}`;
    const status = lstatSync(undo, { bigint: true, throwIfNoEntry: false });
    if (status === undefined) return { text: "no undo", changedMs: 0 };
    return { text: `undo ${describe(status)}`, changedMs: changedMsOf(status) };
  } catch {
    return undefined;
  }
}

const describe = ({ size, mtimeNs, ctimeNs, ino }: BigIntStats): string =>
  `${size} ${mtimeNs} ${ctimeNs} ${ino}`;

function changedMsOf({ mtimeNs, ctimeNs }: BigIntStats): number {
  return Number((mtimeNs > ctimeNs ? mtimeNs : ctimeNs) / 1_000_000n);
}

/** What the file says of itself; a raw disk says nothing. */
function formatIdentity(descriptor: number, sizeBytes: number): string {
  const size = readSync(descriptor, headers, 0, headers.length, FIRST_HEADER_OFFSET);
  const parts = [0, HEADER_DISTANCE]
    .filter((at) => at + HEADER_PART_SIZE <= size)
    .map((at) => headers.subarray(at, at + HEADER_PART_SIZE));
  const isVhdx = parts.some(
    (part) => part.toString("latin1", 0, HEADER_SIGNATURE.length) === HEADER_SIGNATURE,
  );
  if (isVhdx) return parts.map((part) => part.toString("base64")).join(" ");
  if (sizeBytes < FOOTER_SIZE) return "raw";
  const end = footer.subarray(0, readSync(descriptor, footer, 0, FOOTER_SIZE, sizeBytes - FOOTER_SIZE));
  const isVhd = end.toString("latin1", 0, FOOTER_SIGNATURE.length + 1).includes(FOOTER_SIGNATURE);
  return isVhd ? end.subarray(0, FOOTER_PART_SIZE).toString("base64") : "raw";
}
