// SPDX-License-Identifier: MIT
import type { WindowsUpdateFacts } from "../guest/index.ts";
import type { Action, Mechanism, Status } from "./decision.ts";
import type { Delivery } from "./packages.ts";

/** The guest's Data Exchange service, as far as the rule asks for it. */
export type DataExchangeCondition = "not-required" | "enabled" | "disabled" | "absent" | "unknown";

/** How the guest stands to Windows Update. */
export type WindowsUpdateVerdict = WindowsUpdateFacts["verdict"];

/** `from-disk` is `stage-cab` or `install-msi`, whichever serves the guest, and `refuse` where none does. */
export type Cell = Exclude<Action, "stage-cab" | "install-msi"> | "from-disk";

/** What is to be done for each status. */
export type ActionRow = Readonly<Record<Status, Cell>>;

const LET_WINDOWS_UPDATE: ActionRow = {
  current: "none",
  outdated: "windows-update",
  missing: "windows-update",
  unknown: "refuse",
  "not-applicable": "none",
};
const TAKE_FROM_DISK: ActionRow = {
  ...LET_WINDOWS_UPDATE,
  outdated: "from-disk",
  missing: "from-disk",
};
const ASK_A_PERSON: ActionRow = { ...LET_WINDOWS_UPDATE, outdated: "refuse", missing: "refuse" };
const LET_PACKAGE_MANAGER: ActionRow = {
  current: "none",
  outdated: "package-manager",
  missing: "package-manager",
  unknown: "package-manager",
  "not-applicable": "package-manager",
};

type ByDataExchange = Readonly<Record<DataExchangeCondition, ActionRow>>;
type ByWindowsUpdate = Readonly<Record<WindowsUpdateVerdict, ByDataExchange>>;

/** Windows Update offers integration services only to guests whose Data Exchange service runs. */
const withDataExchange = (works: ActionRow, without: ActionRow, unknown: ActionRow): ByDataExchange => ({
  "not-required": works,
  enabled: works,
  disabled: without,
  absent: without,
  unknown,
});
const always = (row: ActionRow): ByWindowsUpdate => {
  const cells = withDataExchange(row, row, row);
  return { "windows-update": cells, wsus: cells, disabled: cells, unknown: cells };
};

/**
 * The whole table of actions: mechanism x Windows Update x Data Exchange x status. `docs/verdicts.md` prints it and
 * gives the reasons.
 */
export const ACTIONS: Readonly<Record<Mechanism, ByWindowsUpdate>> = {
  "windows-update": {
    "windows-update": withDataExchange(LET_WINDOWS_UPDATE, TAKE_FROM_DISK, ASK_A_PERSON),
    wsus: withDataExchange(LET_WINDOWS_UPDATE, TAKE_FROM_DISK, ASK_A_PERSON),
    disabled: withDataExchange(TAKE_FROM_DISK, TAKE_FROM_DISK, TAKE_FROM_DISK),
    unknown: withDataExchange(LET_WINDOWS_UPDATE, ASK_A_PERSON, ASK_A_PERSON),
  },
  "integration-services-disk": always(TAKE_FROM_DISK),
  "package-manager": always(LET_PACKAGE_MANAGER),
  none: always(ASK_A_PERSON),
};

const FROM_DISK: Readonly<Record<Delivery, Action>> = {
  cab: "stage-cab",
  msi: "install-msi",
  none: "refuse",
};

/** Everything that an action depends on. */
export interface ActionInput {
  readonly mechanism: Mechanism;
  readonly windowsUpdate: WindowsUpdateVerdict;
  readonly dataExchange: DataExchangeCondition;
  readonly status: Status;
  /** What sort of package serves the guest. */
  readonly delivery: Delivery;
}

/** What is to be done; a total function, looked up in {@link ACTIONS}. */
export function chooseAction(input: ActionInput): Action {
  const cell = ACTIONS[input.mechanism][input.windowsUpdate][input.dataExchange][input.status];
  return cell === "from-disk" ? FROM_DISK[input.delivery] : cell;
}
