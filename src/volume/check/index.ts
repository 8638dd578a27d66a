// SPDX-License-Identifier: MIT
export { checkPartitions } from "../check-partitions.ts";
