// SPDX-License-Identifier: MIT
import { ZERO_GUID } from "../../bytes/index.ts";
import { type Finding, finding, VmguestError } from "../../errors.ts";
import { type ByteSource, readBytes } from "../../io/index.ts";
import { checksumMatches } from "./checksum.ts";
import { HEADER_OFFSETS, VhdxHeader } from "./layout.ts";

const VERSION = 1;
const LOG_VERSION = 0;

interface Copy {
  readonly offset: number;
  readonly header: VhdxHeader;
  /** Why the copy must not be used; undefined where it may be. */
  readonly fault: string | undefined;
}

/** The header in force, and which of the two copies it is. */
export interface HeaderInForce {
  readonly header: VhdxHeader;
  readonly offset: number;
  readonly findings: readonly Finding[];
}

/**
 * The header in force: of the two copies, the valid one with the higher sequence number (2.2.2).
 *
 * The copies are rewritten in turn, so after a crash one may be torn while the other still describes a consistent
 * disk. Validity therefore comes first and the sequence number second.
 */
export function readHeader(file: ByteSource): HeaderInForce {
  const copies = HEADER_OFFSETS.map((offset) => readCopy(file, offset));
  const [first, second] = copies.filter((copy) => copy.fault === undefined);
  if (first === undefined) throw noHeader(copies);
  const { header, offset } = second === undefined ? first : newerOf(file, first, second);
  if (header.logVersion !== LOG_VERSION && header.logGuid !== ZERO_GUID) {
    throw new VmguestError(
      "VHDX_VERSION",
      `the log to be replayed is of version ${header.logVersion}, not 0`,
      {
        structure: VhdxHeader.structName,
      },
    );
  }
  return { header, offset, findings: copies.flatMap(findingOfCopy) };
}

function readCopy(file: ByteSource, offset: number): Copy {
  const header = new VhdxHeader(file.read(offset, VhdxHeader.sizeBytes));
  return { offset, header, fault: faultOf(header) };
}

function faultOf(header: VhdxHeader): string | undefined {
  if (header.signature !== "head") return "the signature is missing";
  if (!checksumMatches(header.view)) return "the checksum does not match";
  if (header.version !== VERSION) return `the version is ${header.version}, not ${VERSION}`;
  return undefined;
}

function newerOf(file: ByteSource, first: Copy, second: Copy): Copy {
  if (first.header.sequence !== second.header.sequence) {
    return second.header.sequence > first.header.sequence ? second : first;
  }
  // Disk2VHD writes the same header twice; two different ones of the same age leave nothing to choose by.
  const other = readBytes(file, second.offset, VhdxHeader.sizeBytes);
  if (readBytes(file, first.offset, VhdxHeader.sizeBytes).every((byte, index) => byte === other[index])) {
    return first;
  }
  throw new VmguestError(
    "VHDX_HEADER_AMBIGUOUS",
    `both headers have the sequence number ${first.header.sequence}, but they differ`,
    { structure: VhdxHeader.structName, offset: second.offset },
  );
}

function noHeader(copies: readonly Copy[]): VmguestError {
  const faults = copies.map(({ offset, fault }) => `0x${offset.toString(16)}: ${fault}`).join("; ");
  // A sound header of another version is a file from the future, not a broken one.
  const isFuture = copies.some(({ header }) => header.signature === "head" && checksumMatches(header.view));
  return new VmguestError(
    isFuture ? "VHDX_VERSION" : "VHDX_HEADERS_INVALID",
    `neither header can be used (${faults})`,
    { structure: VhdxHeader.structName, offset: HEADER_OFFSETS[0] },
  );
}

function findingOfCopy({ offset, fault }: Copy): Finding[] {
  if (fault === undefined) return [];
  const message = `${fault}; the other copy was used`;
  return [finding("VHDX_HEADER_DAMAGED", message, { structure: VhdxHeader.structName, offset })];
}
