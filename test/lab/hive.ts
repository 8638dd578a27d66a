export { type HiveListing, listHive } from "./hive/listing.ts";
export { buildNewLog, buildOldLog, crashed, entryOf, type LabEntry } from "./hive/log.ts";
export { openHive, Surgery } from "./hive/surgery.ts";
export { expand, type HiveTree, type HiveValue, type LabKey, link, RawValue, raw } from "./hive/tree.ts";
export {
  type BuildHiveOptions,
  baseBlockOf,
  buildHive,
  buildHiveOf,
  LAB_TIME,
  type LeafKind,
  seal,
} from "./hive/writer.ts";
