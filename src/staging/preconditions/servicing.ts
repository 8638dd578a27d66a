// SPDX-License-Identifier: MIT
import { attempt, type Finding, finding } from "../../errors.ts";
import { guestSystemRoot, type WindowsInstallation } from "../../guest/index.ts";
import { chooseAction } from "../../policy/index.ts";
import type { StagingTarget } from "../target.ts";
import type { UpdateWish } from "./wish.ts";

/** `Start` of a service that is disabled. */
const DISABLED = 4;

/** Whether the guest is in a state in which it will install a package, and should. */
export function* checkServicing(target: StagingTarget, wish: UpdateWish): Generator<Finding> {
  const { windows, report } = target;
  const where = { partition: target.volume.index, path: windows.systemRoot };
  yield* checkSetupState(target, where);
  if (report.pendingServicing.length > 0) {
    yield finding("SERVICING_PENDING", report.pendingServicing.join("; "), where);
  }
  yield* checkInstaller(windows, where);
  yield* checkWindowsUpdate(target, wish, where);
  if (guestSystemRoot(windows) === undefined) {
    const message = `the drive that the guest calls ${windows.systemRoot} by is not known, or the name is not plain`;
    yield finding("STAGE_SYSTEM_ROOT", message, where);
  }
  const productType = yield* attempt(
    () => readText(windows, `${windows.controlSet}\\Control\\ProductOptions`, "ProductType"),
    { path: windows.systemPath },
  );
  if (productType?.toLowerCase() === "lanmannt") {
    yield finding(
      "STAGE_DOMAIN_CONTROLLER",
      "the guest is a domain controller (ProductType LanmanNT)",
      where,
    );
  }
}

type Place = { readonly partition: number; readonly path: string };

function* checkSetupState({ report }: StagingTarget, where: Place): Generator<Finding> {
  switch (report.setupState) {
    case "undeployable":
      yield finding(
        "STAGE_SETUP_STATE",
        "Windows Setup was interrupted, or its state contradicts itself",
        where,
      );
      break;
    case "unknown":
      yield finding(
        "STAGE_SETUP_STATE",
        "the guest does not say whether Windows Setup has come to its end",
        where,
      );
      break;
    case "audit":
      yield finding("STAGE_AUDIT_MODE", "the guest is in audit mode", where);
      break;
    default:
  }
}

function* checkInstaller(windows: WindowsInstallation, where: Place): Generator<Finding> {
  const path = `${windows.controlSet}\\Services\\TrustedInstaller`;
  const service = yield* attempt(() => ({ start: windows.system.find(path)?.value("Start")?.number() }), {
    path: windows.systemPath,
  });
  // What cannot be read is told by now, and is not taken for absent.
  if (service === undefined) return;
  if (service.start === undefined) {
    yield finding("STAGE_TRUSTED_INSTALLER", "the service TrustedInstaller is not registered", where);
  } else if (service.start === DISABLED) {
    yield finding("STAGE_TRUSTED_INSTALLER", "the service TrustedInstaller is disabled (Start = 4)", where);
  }
}

/** By the table of actions: whether an outdated guest like this one is left to Windows Update, or to a person. */
function* checkWindowsUpdate({ report }: StagingTarget, wish: UpdateWish, where: Place): Generator<Finding> {
  const { rule, windowsUpdate } = report;
  if (rule.mechanism !== "windows-update") return;
  const { dataExchange } = report.integrationServices;
  const action = chooseAction({
    mechanism: rule.mechanism,
    windowsUpdate: wish.isNotOnWindowsUpdate === true ? "disabled" : windowsUpdate.verdict,
    dataExchange: rule.requiresDataExchange ? dataExchange : "not-required",
    status: "outdated",
    delivery: "cab",
  });
  if (action === "stage-cab") return;
  const verdict = windowsUpdate.verdict === "unknown" ? "may be on Windows Update" : "is on Windows Update";
  const reasons = windowsUpdate.reasons.slice(0, 3).join("; ");
  const message = `the guest ${verdict}${reasons === "" ? "" : ` (${reasons})`}`;
  yield finding("STAGE_WINDOWS_UPDATE", message, where);
}

function readText({ system }: WindowsInstallation, key: string, value: string): string | undefined {
  return system.find(key)?.value(value)?.text();
}
