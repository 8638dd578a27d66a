// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { parseContentRange, parseUnsatisfiedRange } from "./content-range.ts";
import { HEAD_BYTES } from "./messages.ts";
import { isSameVersion, type ObjectVersion } from "./object-version.ts";
import { statusError } from "./status-error.ts";
import { type HttpAnswer, readBody } from "./transport.ts";

/**
 * What the first answer, to a request for the first bytes, says of the object. Throws where it is not these bytes that
 * the answer has, and REMOTE_NO_VERSION where a change of the object would not be seen.
 */
export function readVersion(answer: HttpAnswer): ObjectVersion {
  if (isEmpty(answer)) return versionIn(answer, 0);
  if (answer.status !== 206) throw statusError(answer);
  const { first, last, sizeBytes } = requireRange(answer);
  if (first !== 0 || last !== Math.min(HEAD_BYTES, sizeBytes) - 1) throw otherRange(0, HEAD_BYTES);
  const version = versionIn(answer, sizeBytes);
  if (version.etag !== undefined || version.lastModified !== undefined) return version;
  throw new VmguestError("REMOTE_NO_VERSION", "its server gives neither ETag nor Last-Modified");
}

/** Throws unless the answer has exactly these bytes, of the object as it was when it was opened. */
export function checkRangeAnswer(
  answer: HttpAnswer,
  opened: ObjectVersion,
  offset: number,
  length: number,
): void {
  const { status } = answer;
  const isWhole = status === 200 && isSameVersion(opened, versionIn(answer, opened.sizeBytes));
  if (!isWhole && CHANGED_STATUSES.has(status)) throw changed();
  if (status !== 206) throw statusError(answer);
  const { first, last, sizeBytes } = requireRange(answer);
  if (!isSameVersion(opened, versionIn(answer, sizeBytes))) throw changed();
  if (first !== offset || last !== offset + length - 1) throw otherRange(offset, length);
}

/** The body of an answer that was checked. */
export async function readRange(
  answer: HttpAnswer,
  length: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (length === 0) return new Uint8Array(0);
  const encoding = answer.header("content-encoding") ?? "identity";
  if (encoding === "identity") return await readBody(answer.body, length, signal);
  throw new VmguestError("REMOTE_RANGE_WRONG", "the server sent it encoded, which nobody asked for");
}

/** The whole object, in another version; the condition is not met; there are no such bytes any more. */
const CHANGED_STATUSES: ReadonlySet<number> = new Set([200, 412, 416]);

/** Of an object without a byte there is no range: servers refuse, or send all of it. */
function isEmpty({ status, header }: HttpAnswer): boolean {
  if (status === 416) return parseUnsatisfiedRange(header("content-range") ?? "") === 0;
  return status === 200 && header("content-length") === "0";
}

function versionIn({ header }: HttpAnswer, sizeBytes: number): ObjectVersion {
  return { etag: header("etag"), lastModified: header("last-modified"), sizeBytes };
}

function requireRange({ header }: HttpAnswer) {
  const range = parseContentRange(header("content-range") ?? "");
  if (range !== undefined) return range;
  throw new VmguestError("REMOTE_RANGE_WRONG", "the server does not say which part of the object it sent");
}

function otherRange(offset: number, length: number): VmguestError {
  const message = `the server sent another part than the ${length} bytes from 0x${offset.toString(16)}`;
  return new VmguestError("REMOTE_RANGE_WRONG", message);
}

function changed(): VmguestError {
  return new VmguestError("REMOTE_CHANGED", "size or version changed since it was opened");
}
