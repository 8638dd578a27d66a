// SPDX-License-Identifier: MIT
export { type ControlSet, currentControlSet } from "./control-set.ts";
export { Hive, type HiveOptions } from "./hive.ts";
export { Key } from "./key.ts";
export type { RecoveryState } from "./recovery/recover.ts";
export { Value } from "./value.ts";
