// SPDX-License-Identifier: MIT
import {
  type ActionInput,
  chooseAction,
  type DataExchangeCondition,
  type WindowsUpdateVerdict,
} from "./actions.ts";
import type { Action, JudgeInput, Mechanism, Rule, Verdict } from "./decision.ts";
import { findGuest } from "./guests.ts";
import { nameHost } from "./hosts.ts";
import { choosePackage, type GuestPackage } from "./packages.ts";
import { judgeStatus } from "./status.ts";

/**
 * What is to be done about a guest's integration services, and why: each reason names the fact it rests on and where
 * that was found.
 *
 * @throws USAGE where `minimum` is not a version.
 */
export function judge(input: JudgeInput): Verdict {
  const { status, reasons } = judgeStatus(input);
  const served = choosePackage(input.os);
  const situation: ActionInput = {
    mechanism: input.rule.mechanism,
    windowsUpdate: input.windowsUpdate,
    dataExchange: findDataExchange(input),
    status,
    delivery: served.delivery,
  };
  const action = chooseAction(situation);
  return {
    status,
    action,
    package: served.name,
    reasons: [...reasons, explainRule(input), ...explainAction(input, situation, action, served)],
  };
}

function findDataExchange({ rule, integrationServices }: JudgeInput): DataExchangeCondition {
  if (!rule.requiresDataExchange) return "not-required";
  return integrationServices?.dataExchange ?? "absent";
}

const WAYS: Readonly<Record<Mechanism, string>> = {
  "windows-update": "Windows Update",
  "integration-services-disk": "the integration services disk",
  "package-manager": "the distribution's package manager",
  none: "no documented way",
};

function explainRule({ host, os, rule }: JudgeInput): string {
  const way = `${findGuest(os).name} on ${nameHost(host)} hosts is updated by ${WAYS[rule.mechanism]}`;
  const other = rule.alternative === null ? "" : `, or by ${WAYS[rule.alternative]} as MS2015 has it`;
  const note = rule.note === "" ? "" : `: ${rule.note}`;
  return `${way}${other} (${rule.source})${note}`;
}

function explainAction(
  { rule, sha2 }: JudgeInput,
  situation: ActionInput,
  action: Action,
  served: GuestPackage,
): string[] {
  if (situation.status === "unknown" && action === "refuse") {
    return ["nothing is done to a guest whose integration services could not be judged"];
  }
  if (situation.status !== "outdated" && situation.status !== "missing") return [];
  const reasons: string[] = [];
  if (rule.mechanism === "windows-update") {
    reasons.push(WINDOWS_UPDATE[situation.windowsUpdate]);
    reasons.push(...explainDataExchange(rule, situation));
  }
  if (rule.mechanism === "none") reasons.push("nothing is done where no documented way leads");
  if (rule.mechanism !== "package-manager") reasons.push(...explainPackage(action, served));
  if (action === "stage-cab" && sha2 === "missing") {
    reasons.push(
      "the package 6.3.9600.19456 is signed with SHA-256 only, which this guest shows no support for; 6.3.9600.18692 is signed with SHA-1",
    );
  }
  return reasons;
}

const WINDOWS_UPDATE: Readonly<Record<WindowsUpdateVerdict, string>> = {
  "windows-update": "the guest is on Windows Update",
  wsus: "the guest is updated by a WSUS server, where the update must be approved",
  disabled: "the guest is not on Windows Update",
  unknown: "whether the guest is on Windows Update is not known",
};

/** Windows Update reads the host's version that Data Exchange leaves in the guest, and offers nothing without it. */
function explainDataExchange(rule: Rule, { dataExchange, windowsUpdate }: ActionInput): string[] {
  if (!rule.requiresDataExchange || dataExchange === "enabled" || dataExchange === "not-required") return [];
  const remedy =
    dataExchange === "disabled"
      ? "enable vmickvpexchange in the guest and Windows Update can offer the update again"
      : "Windows Update cannot offer the update until the guest has vmickvpexchange";
  const reasons = [
    `the guest's Data Exchange service is ${dataExchange}, which Windows Update needs here: ${remedy}`,
  ];
  if (windowsUpdate === "unknown") {
    reasons.push(
      "a package is staged only into a guest that is known to be on Windows Update or known not to be: say which it is",
    );
  }
  return reasons;
}

function explainPackage(action: Action, served: GuestPackage): string[] {
  if (action !== "stage-cab" && action !== "install-msi" && action !== "refuse") return [];
  const reasons: string[] = [];
  if (action === "stage-cab") reasons.push(`${served.name}.cab serves this guest`);
  if (action === "install-msi") {
    reasons.push(`${served.name}.msi serves this guest, and must be installed while it runs`);
  }
  if (served.note !== null) reasons.push(served.note);
  return reasons;
}
