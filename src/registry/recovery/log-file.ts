// SPDX-License-Identifier: MIT
import { type Finding, finding, VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import { isIntact, readBaseBlock } from "../base-block.ts";
import { type BaseBlock, FILE_TYPES } from "../layout.ts";
import type { PatchedSource } from "./patched-source.ts";

/**
 * Windows writes the log back into the hive long before it gets this large. Every sector of a log is remembered while
 * the hive is open, so a larger one is not applied.
 */
const LOG_SIZE_MAX = 256 * 1024 * 1024;

/** A transaction log that may be applied. */
export interface LogFile {
  /** For findings: `transaction log 1`. */
  readonly name: string;
  readonly source: ByteSource;
  /** Copy of the hive's base block, with sequence numbers of the log's own. */
  readonly block: BaseBlock;
  /** Entries with hashes (Windows 8.1 and later) instead of a dirty vector. */
  readonly isNewFormat: boolean;
}

/** A hive with logs put over it, and what its base block has to say then. */
export interface Applied {
  readonly hive: PatchedSource;
  /** What the fields not named here are taken from: the hive's own base block, or the log's where that is damaged. */
  readonly base: BaseBlock;
  readonly binsSize: number;
  readonly sequence: number;
  readonly flags: number;
  /** For findings: `4 log entries`. */
  readonly what: string;
}

/** The logs that may be applied, in the order given; what is wrong with the others is added to `findings`. */
export function openLogs(sources: readonly ByteSource[], findings: Finding[]): LogFile[] {
  return sources.flatMap((source, index) => {
    const name = `transaction log ${index + 1}`;
    const block = withoutDamage(name, findings, () => readBaseBlock(source));
    // Windows leaves logs empty or full of zeros where there was nothing to log.
    if (block === undefined || isZero(block.view)) return [];
    const fault = faultOf(block, source.sizeBytes);
    if (fault === undefined) {
      return [{ name, source, block, isNewFormat: block.fileType === FILE_TYPES.newLog }];
    }
    findings.push(finding("REGF_LOG", `${fault}; the log was not applied`, { structure: name, offset: 0 }));
    return [];
  });
}

/**
 * What `work` gives, or undefined where it cannot read a log because the file system that holds it is damaged: the hive
 * can be read all the same. That the host cannot read the image is not the log's fault, and is thrown.
 */
export function withoutDamage<T>(name: string, findings: Finding[], work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof VmguestError) || error.kind === "io") throw error;
    findings.push(finding("REGF_LOG", `${name} cannot be read: ${error.message}`, error.where));
    return undefined;
  }
}

/** Whether one 32-bit sequence number comes before another; they may wrap around. */
export function isBefore(sequence: number, other: number): boolean {
  return difference(sequence, other) < 0;
}

/** Signed difference of two 32-bit sequence numbers. */
export function difference(sequence: number, other: number): number {
  return (sequence - other) | 0;
}

function faultOf(block: BaseBlock, sizeBytes: number): string | undefined {
  if (!isIntact(block)) return "the base block of the log is damaged";
  if (!LOG_TYPES.has(block.fileType)) return `the log has the unknown type ${block.fileType}`;
  if (block.primarySequence !== block.secondarySequence) return "the log was not written completely";
  return sizeBytes > LOG_SIZE_MAX ? `the log is larger than ${LOG_SIZE_MAX} bytes` : undefined;
}

const LOG_TYPES: ReadonlySet<number> = new Set([FILE_TYPES.oldLog, FILE_TYPES.oldLog2, FILE_TYPES.newLog]);

function isZero(view: DataView): boolean {
  for (let at = 0; at < view.byteLength; at++) if (view.getUint8(at) !== 0) return false;
  return true;
}
