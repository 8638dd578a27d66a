// SPDX-License-Identifier: MIT
export { checkHive } from "./check-hive.ts";
