// SPDX-License-Identifier: MIT

/** What a server says of an object in the headers of an answer, by which a change of it is seen. */
export interface ObjectVersion {
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
  readonly sizeBytes: number;
}

/** Whether an ETag stands for the very bytes; a weak one stands for what somebody finds worth calling the same. */
export function isStrong(etag: string | undefined): etag is string {
  return etag !== undefined && /^"[\x21\x23-\x7e\x80-\xff]*"$/.test(etag);
}

/** Whether two answers are about the same bytes, as far as the server tells. */
export function isSameVersion(a: ObjectVersion, b: ObjectVersion): boolean {
  if (a.sizeBytes !== b.sizeBytes || a.etag !== b.etag) return false;
  return isStrong(a.etag) || a.lastModified === b.lastModified;
}

/** HTTP's times are whole seconds, so an object may change within the second in which it was stamped. */
const SETTLED_MS = 60_000;

/**
 * A text that changes with the bytes of the object, for a cache; undefined where the server gives nothing that surely
 * does. Without a strong ETag that is the time of the last change, if the answer is at least a minute younger
 * (RFC 9110, section 8.8.2.2).
 */
export function versionIdentity(version: ObjectVersion, answeredAt: string | undefined): string | undefined {
  const { etag, lastModified, sizeBytes } = version;
  if (isStrong(etag)) return `etag ${etag} ${sizeBytes}`;
  if (lastModified === undefined || answeredAt === undefined) return undefined;
  const ageMs = Date.parse(answeredAt) - Date.parse(lastModified);
  return ageMs >= SETTLED_MS ? `modified ${lastModified} ${sizeBytes}` : undefined;
}
