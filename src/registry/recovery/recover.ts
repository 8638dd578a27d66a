// SPDX-License-Identifier: MIT
import { type Finding, finding } from "../../errors.ts";
import { type ByteSource, MemorySource } from "../../io/index.ts";
import { checksumOf, findBin, isIntact, readBaseBlock } from "../base-block.ts";
import { BaseBlock, FILE_TYPES } from "../layout.ts";
import { type Applied, openLogs, withoutDamage } from "./log-file.ts";
import { applyNewLogs } from "./new-format.ts";
import { applyOldLog } from "./old-format.ts";

/** Whether a hive was written completely, and if not, whether its logs made up for it. */
export type RecoveryState = "clean" | "recovered" | "unrecovered";

export interface Recovery {
  readonly state: RecoveryState;
  /** The hive as Windows would have it after loading it: the file itself, or the file with its logs applied. */
  readonly image: ByteSource;
  /** The base block of the image, not checked yet; undefined where the file is too short for one. */
  readonly block: BaseBlock | undefined;
  readonly findings: readonly Finding[];
}

/**
 * Brings a hive up to date with its transaction logs, in memory.
 *
 * A hive is dirty where its two sequence numbers differ or its base block is damaged. Only then does Windows apply the
 * logs; beside a clean hive they are left over from earlier, and are not even read.
 */
export function recover(source: ByteSource, logSources: readonly ByteSource[]): Recovery {
  const block = readBaseBlock(source);
  const primary = block !== undefined && isIntact(block) ? block : undefined;
  if (primary !== undefined && primary.primarySequence === primary.secondarySequence) {
    return { state: "clean", image: source, block, findings: [] };
  }
  const findings: Finding[] = [];
  const logs = openLogs(logSources, findings);
  const newLogs = logs.filter(({ isNewFormat }) => isNewFormat);
  const oldLogs = logs.filter(({ isNewFormat }) => !isNewFormat);
  const applied = withoutDamage("a transaction log", findings, () => {
    return (
      applyNewLogs(source, primary, newLogs, findings) ?? applyOldLog(source, primary, oldLogs, findings)
    );
  });

  const where = { structure: BaseBlock.structName, offset: 0 };
  const fault =
    primary === undefined
      ? "the base block is damaged"
      : `the sequence numbers ${primary.primarySequence} and ${primary.secondarySequence} differ`;
  if (applied !== undefined && hasItsBins(applied, primary)) {
    findings.unshift(finding("REGF_LOG_APPLIED", `${fault}; ${applied.what} were applied`, where));
    return { state: "recovered", block: complete(applied), image: applied.hive, findings };
  }
  if (applied !== undefined) {
    findings.push(
      finding("REGF_LOG", `${applied.what} would leave the hive without some of its bins`, where),
    );
  }
  findings.push(finding("REGF_DIRTY", `${fault}, and no transaction log can be applied`, where));
  return { state: "unrecovered", image: source, block, findings };
}

/**
 * Whether the first bin and all bins that the logs added are there. The others are as they were before; looking at each
 * of them would mean to read the whole hive.
 */
function hasItsBins({ hive, binsSize }: Applied, primary: BaseBlock | undefined): boolean {
  if (findBin(hive, 0) === undefined) return false;
  let end = primary?.binsSize ?? binsSize;
  while (end < binsSize) {
    const bin = findBin(hive, end);
    if (bin === undefined) return false;
    end += bin.sizeBytes;
  }
  return primary === undefined || end === Math.max(primary.binsSize, binsSize);
}

/** Puts a base block before the recovered bins that describes them, and gives it. */
function complete({ hive, base, binsSize, sequence, flags }: Applied): BaseBlock {
  const bytes = new Uint8Array(base.view.buffer, base.view.byteOffset, BaseBlock.sizeBytes).slice();
  const block = new BaseBlock(new DataView(bytes.buffer));
  block.fileType = FILE_TYPES.hive;
  block.primarySequence = sequence;
  block.secondarySequence = sequence;
  block.binsSize = binsSize;
  block.flags = flags;
  block.checksum = checksumOf(block);
  hive.patch(0, BaseBlock.sizeBytes, new MemorySource(bytes), 0);
  return block;
}
