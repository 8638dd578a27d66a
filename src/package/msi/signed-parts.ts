// SPDX-License-Identifier: MIT
import { encodeUtf16, parseGuid } from "../../bytes/index.ts";
import type { ByteSource } from "../../io/index.ts";
import { readCompoundFile } from "./compound-file.ts";
import type { DirectoryEntry } from "./layout.ts";

/** The signature of an MSI, and what it is about. */
export interface MsiSignedParts {
  /** PKCS #7, DER; undefined where the file has no signature. */
  readonly signature: Uint8Array | undefined;
  /** The digest of {@link metadata} as it is stored, where there is one: then it is a part of what is signed. */
  readonly metadataDigest: Uint8Array | undefined;
  /** Names, sizes, times and flags of the streams, in the order in which they are digested. */
  readonly metadata: readonly Uint8Array[];
  /** What the streams hold, in the order in which it is digested, and the class of the file. */
  readonly contents: readonly Uint8Array[];
  /** False where the file has folders or names that are not told apart, so that these parts are not all of it. */
  readonly isComplete: boolean;
}

const SIGNATURE_STREAM = "\u0005DigitalSignature";
const METADATA_STREAM = "\u0005MsiDigitalSignatureEx";

/**
 * Reads what the signature of an MSI covers: every stream but its own two, in the order of their names as bytes. There
 * is no published specification; this is as signtool does it and osslsigncode has it.
 *
 * Throws as `readMsi` does for a damaged compound file.
 */
export function readSignedParts(source: ByteSource): MsiSignedParts {
  const { root, entries, streams, hasStorages } = readCompoundFile(source);
  const signed = entries
    .filter(({ name }) => name !== SIGNATURE_STREAM && name !== METADATA_STREAM)
    .map((entry) => ({ entry, name: encodeUtf16(entry.name), content: streams.get(entry.name) }))
    .toSorted((a, b) => Buffer.compare(a.name, b.name));
  const classId = parseGuid(root.classId);
  const contents = signed.flatMap(({ content }) => content ?? []);
  // Names that cannot be told apart, or not be read, leave open which stream is which.
  const isTold = signed.every(({ entry, name }) => name.length === entry.nameSize - 2);
  return {
    signature: streams.get(SIGNATURE_STREAM),
    metadataDigest: streams.get(METADATA_STREAM),
    metadata: [
      classId,
      numberBytes(root.stateBits),
      ...signed.flatMap(({ entry, name }) => [name, ...describeStream(entry)]),
    ],
    contents: [...contents, classId],
    isComplete:
      !hasStorages && isTold && streams.size === entries.length && contents.length === signed.length,
  };
}

function describeStream({ sizeLow, stateBits, created, modified }: DirectoryEntry): Uint8Array[] {
  return [numberBytes(sizeLow), numberBytes(stateBits), created, modified];
}

function numberBytes(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
