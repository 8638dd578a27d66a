// SPDX-License-Identifier: MIT
import { BOOT_ONCE, type CodeEntry, corrupt, damaged, notice, unsupported } from "./entry.ts";

/** Registry hives and their logs. */
export const REGISTRY_CODES = {
  REGF_NOT: corrupt("the file is not a registry hive"),
  REGF_VERSION: unsupported("the hive has a version or type that is not known"),
  REGF_BASE_BLOCK: corrupt("the base block of the hive is damaged"),
  REGF_BIN: corrupt("a bin of the hive is damaged"),
  REGF_CELL: corrupt("a cell of the hive is damaged or not allocated"),
  REGF_KEY: corrupt("a key of the hive is damaged"),
  REGF_LIST: corrupt("a subkey or value list of the hive is damaged"),
  REGF_VALUE: corrupt("a value of the hive is damaged"),
  REGF_LOOP: corrupt("the keys of the hive lead back to themselves"),
  REGF_LOG: damaged(
    "a transaction log of the hive is damaged from some place on; what came before it was used",
  ),
  REGF_LOG_APPLIED: notice(
    "the hive was not flushed; its transaction logs were applied in memory, the file was not changed",
  ),
  REGF_LOG_TIMESTAMP: damaged(
    "an old-format transaction log was applied although its time does not match the hive's",
  ),
  REGF_DIRTY: damaged(
    "the hive was not flushed and no transaction log of it can be applied: newest changes may be missing",
    BOOT_ONCE,
  ),
  HIVE_MISSING: corrupt("a Windows folder was found, but a registry hive that it must have is missing"),
} as const satisfies Record<string, CodeEntry>;
