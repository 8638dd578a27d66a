// SPDX-License-Identifier: MIT
export {
  type ActionInput,
  chooseAction,
  type DataExchangeCondition,
  type WindowsUpdateVerdict,
} from "./actions.ts";
export { formatPlace, type PassedOver } from "./choice-reasons.ts";
export { type ChoiceGuest, choosePackageFor, type PackageChoice } from "./choose.ts";
export { decide, type RuleGuest } from "./decide.ts";
export type * from "./decision.ts";
export { findGuest, OS_IDS, parseOsId } from "./guests.ts";
export { DEFAULT_HOST, HOST_IDS, nameHost, parseHostId, summariseHost } from "./hosts.ts";
export { judge } from "./judge.ts";
export { renderActionTable, renderServiceTable, renderUpdateTables } from "./markdown.ts";
export {
  checkMinimums,
  describeRule,
  GUEST_NAMES,
  type GuestName,
  HOST_NAMES,
  type HostName,
  type MinimumGuest,
  type MinimumRule,
  minimumFor,
} from "./minimums.ts";
export { type Delivery, type GuestPackage, type PackageGuest, packageFor, parentsOf } from "./packages.ts";
export { type PolicyFile, parsePolicy, readPolicy } from "./policy-file.ts";
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
