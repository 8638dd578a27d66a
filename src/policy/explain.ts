// SPDX-License-Identifier: MIT
import type { ActionInput, WindowsUpdateVerdict } from "./actions.ts";
import type { PackageChoice } from "./choose.ts";
import type { Action, JudgeInput, Mechanism } from "./decision.ts";
import { findGuest } from "./guests.ts";
import { nameHost } from "./hosts.ts";
import type { GuestPackage } from "./packages.ts";
import { inBoxServices } from "./services.ts";

const WAYS: Readonly<Record<Mechanism, string>> = {
  "windows-update": "Windows Update",
  "integration-services-disk": "the integration services disk",
  "package-manager": "the distribution's package manager",
  none: "no documented way",
};

/** The rule in words, with the row it comes from and what the other document has. */
export function explainRule({ host, os, rule }: JudgeInput): string {
  const way = `${findGuest(os).name} on ${nameHost(host)} hosts is updated by ${WAYS[rule.mechanism]}`;
  const other = rule.alternative === null ? "" : `, or by ${WAYS[rule.alternative]} as MS2015 has it`;
  const note = rule.note === "" ? "" : `: ${rule.note}`;
  return `${way}${other} (${rule.source})${note}`;
}

/** Why this action and no other follows from the situation; empty where the status alone decides it. */
export function explainAction(
  input: JudgeInput,
  situation: ActionInput,
  action: Action,
  served: GuestPackage,
  choice: PackageChoice | undefined,
): string[] {
  const { mechanism, status } = situation;
  if (status === "unknown" && action === "refuse") {
    return ["nothing is done to a guest whose integration services could not be judged"];
  }
  if ((status !== "outdated" && status !== "missing") || mechanism === "package-manager") return [];
  if (mechanism === "none") return ["nothing is done where no documented way leads"];
  return [
    ...(mechanism === "windows-update" ? explainWindowsUpdate(input, situation) : []),
    ...(choice === undefined ? explainPackage(input, action, served) : explainChoice(choice, action)),
  ];
}

const VERDICTS: Readonly<Record<WindowsUpdateVerdict, string>> = {
  "windows-update": "the guest is on Windows Update",
  wsus: "the guest is updated by a WSUS server, where the update must be approved",
  disabled: "the guest is not on Windows Update",
  unknown: "whether the guest is on Windows Update is not known",
};

function explainWindowsUpdate(input: JudgeInput, { windowsUpdate, dataExchange }: ActionInput): string[] {
  const reasons = [VERDICTS[windowsUpdate]];
  if (dataExchange === "not-required" || dataExchange === "enabled" || windowsUpdate === "disabled")
    return reasons;
  const remedies = {
    disabled: "which is disabled: enable vmickvpexchange in the guest",
    absent: `which is absent: ${explainAbsence(input)}`,
    unknown: "of which it is not known whether it can run: look at vmickvpexchange in the guest",
  };
  reasons.push(`Windows Update needs the Data Exchange service, ${remedies[dataExchange]}`);
  if (windowsUpdate === "unknown") {
    reasons.push("a package is staged only where it is known how the guest stands to Windows Update: say so");
  }
  return reasons;
}

/** A guest of NT 6.0 or 6.1 that never ran on Hyper-V lacks the service only until it does. */
function explainAbsence({ os }: JudgeInput): string {
  const expected = inBoxServices(os).find(({ name }) => name === "vmickvpexchange");
  return findGuest(os).inBox && expected?.presence === "first-device"
    ? "vmickvpexchange comes when Hyper-V first presents its device"
    : "the guest has no vmickvpexchange";
}

function explainPackage({ sha2 }: JudgeInput, action: Action, served: GuestPackage): string[] {
  if (action === "windows-update") return [];
  const reasons: string[] = [];
  if (action === "stage-cab") reasons.push(`${served.name}.cab serves this guest`);
  if (action === "install-msi") {
    reasons.push(`${served.name}.msi serves this guest, and is installed while the guest runs`);
  }
  if (served.note !== null) reasons.push(served.note);
  if (action === "stage-cab" && sha2 === "missing") {
    reasons.push(
      "the guest shows no support for SHA-2 signatures: it takes the SHA-1 signed 6.3.9600.18692, or 6.3.9600.19456 after KB4474419",
    );
  }
  return reasons;
}

/** What was chosen of the packages offered, or why nothing; where none serves the guest, its standard says so. */
function explainChoice(choice: PackageChoice, action: Action): readonly string[] {
  if (choice.standard === null || action === "windows-update") return [];
  return [...choice.reasons, ...choice.remarks];
}
