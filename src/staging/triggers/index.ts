// SPDX-License-Identifier: MIT
export { planPayload } from "../payload-changes.ts";
export { planPersistVersion } from "../persist-version.ts";
export { planServiceStart, type ServiceStartWish } from "../service-start.ts";
export { chooseTrigger, warnOfTrigger } from "./choose-trigger.ts";
export { planTrigger, type TriggerJob } from "./plan-trigger.ts";
