// SPDX-License-Identifier: MIT
import { BOOT_ONCE, type CodeEntry, corrupt, damaged, notice, unsupported } from "./entry.ts";

/** Registry hives and their logs. */
export const REGISTRY_CODES = {
  REGF_NOT: corrupt("the file is not a registry hive"),
  REGF_VERSION: unsupported("the hive has a version or type that is not known"),
  REGF_BASE_BLOCK: corrupt("the base block of the hive is damaged"),
  REGF_BIN: corrupt("a bin of the hive is damaged"),
  REGF_CELL: corrupt("a cell of the hive is damaged or not allocated"),
  REGF_CELL_TILING: corrupt("the cells of a bin do not fill it exactly"),
  REGF_CELL_SHARED: corrupt("a cell of the hive is in use twice"),
  REGF_CELL_UNREACHABLE: notice("cells of the hive are allocated, but nothing refers to them"),
  REGF_REFERENCE: corrupt("an offset in the hive does not lead to the begin of an allocated cell"),
  REGF_KEY: corrupt("a key of the hive is damaged"),
  REGF_LIST: corrupt("a subkey or value list of the hive is damaged"),
  REGF_LIST_KIND: damaged("a subkey list of the hive is of a kind that its version does not have"),
  REGF_COUNT: corrupt("a key of the hive counts other subkeys than its list has"),
  REGF_ORDER: damaged("a subkey list is not in the order of names: Windows may not find some of the keys"),
  REGF_HASH: damaged("the hash or hint in a subkey list does not fit the name: Windows may not find the key"),
  REGF_NAME: damaged("a key or value has a name that Windows does not allow"),
  REGF_NAME_DUPLICATE: corrupt("two subkeys or two values of a key have the same name"),
  REGF_NAME_MAX: damaged("a key understates the longest name or data below it: programs may be cut short"),
  REGF_PARENT: damaged("a key does not name the key that lists it as its parent"),
  REGF_CLASS: corrupt("the class name of a key does not fit into its cell"),
  REGF_FLAGS: damaged("the flags of a key contradict its place in the hive"),
  REGF_VOLATILE: notice("a key that should exist in memory only is stored in the hive"),
  REGF_SECURITY: corrupt("a security descriptor of the hive is damaged"),
  REGF_SECURITY_RING: damaged("the security descriptors of the hive are not linked in one ring"),
  REGF_SECURITY_COUNT: damaged("a security descriptor counts other keys than use it"),
  REGF_VALUE: corrupt("a value of the hive is damaged"),
  REGF_BIG_DATA: corrupt("the segments of a large value are damaged"),
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
