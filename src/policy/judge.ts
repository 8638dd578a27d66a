// SPDX-License-Identifier: MIT
import { type ActionInput, chooseAction, type DataExchangeCondition } from "./actions.ts";
import type { JudgeInput, Verdict } from "./decision.ts";
import { explainAction, explainRule } from "./explain.ts";
import { choosePackage } from "./packages.ts";
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
  return integrationServices?.dataExchange ?? "unknown";
}
