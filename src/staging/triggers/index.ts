// SPDX-License-Identifier: MIT
export { chooseTrigger, warnOfTrigger } from "./choose-trigger.ts";
export { planTrigger, type TriggerJob } from "./plan-trigger.ts";
