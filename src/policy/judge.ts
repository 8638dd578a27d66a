// SPDX-License-Identifier: MIT
import { type ActionInput, chooseAction, type DataExchangeCondition } from "./actions.ts";
import type { PassedOver } from "./choice-reasons.ts";
import { choosePackageFor } from "./choose.ts";
import type { ChosenOffer, JudgeInput, PackageOffer, PassedOverOffer, Verdict } from "./decision.ts";
import { explainAction, explainRule } from "./explain.ts";
import { packageFor } from "./packages.ts";
import { judgeStatus } from "./status.ts";

/**
 * What is to be done about a guest's integration services, and why: each reason names the fact it rests on and where
 * that was found.
 *
 * @throws USAGE where `minimum` is not a version.
 */
export function judge(input: JudgeInput): Verdict {
  const choice = input.offered === undefined ? undefined : choosePackageFor(input, input.offered);
  const { status, reasons } = judgeStatus(input, choice);
  const served = packageFor(input.os);
  const situation: ActionInput = {
    mechanism: input.rule.mechanism,
    windowsUpdate: input.windowsUpdate,
    dataExchange: findDataExchange(input),
    status,
    // What is not at hand cannot be staged; where nobody offered anything, it may be had elsewhere.
    delivery: choice === undefined ? served.delivery : (choice.package?.kind ?? "none"),
  };
  const action = chooseAction(situation);
  return {
    status,
    action,
    package: served.name,
    offered: choice === undefined || choice.package === null ? null : nameChosen(choice.package),
    passedOver: choice?.passedOver.map(namePassedOver) ?? [],
    reasons: [...reasons, explainRule(input), ...explainAction(input, situation, action, served, choice)],
  };
}

function nameChosen({ place, name, kind, version, signature }: PackageOffer): ChosenOffer {
  return { place, name, kind, version, digestAlgorithms: signature.digestAlgorithms };
}

function namePassedOver({ package: { place }, because, reason }: PassedOver): PassedOverOffer {
  return { place, because, reason };
}

function findDataExchange({ rule, integrationServices }: JudgeInput): DataExchangeCondition {
  if (!rule.requiresDataExchange) return "not-required";
  return integrationServices?.dataExchange ?? "unknown";
}
