// SPDX-License-Identifier: MIT
export {
  type ActionInput,
  chooseAction,
  type DataExchangeCondition,
  type WindowsUpdateVerdict,
} from "./actions.ts";
export { decide, type RuleGuest } from "./decide.ts";
export type * from "./decision.ts";
export { OS_IDS, parseOsId } from "./guests.ts";
export { DEFAULT_HOST, HOST_IDS, nameHost, parseHostId, summariseHost } from "./hosts.ts";
export { judge } from "./judge.ts";
export { renderActionTable, renderServiceTable, renderUpdateTables } from "./markdown.ts";
export {
  choosePackage,
  type Delivery,
  type GuestPackage,
  mayServe,
  type PackageGuest,
  packageFor,
} from "./packages.ts";
export {
  checkServices,
  inBoxServices,
  SERVICE_NAMES,
  type ServiceExpectation,
  type ServiceGuest,
  type ServiceName,
  type ServicePresence,
} from "./services.ts";
export { type UpdateTableRow, updateTableRows } from "./update-table.ts";
export { DOCUMENTS, type DocumentId, type GuestRowId, type SourceDocument } from "./update-table-data.ts";
export { compareVersions, isVersion } from "./versions.ts";
