// SPDX-License-Identifier: MIT
import { type CodeEntry, usage } from "./entry.ts";

/** What the user asks for of guests, in a file. */
export const POLICY_CODES = {
  POLICY_INVALID: usage(
    "a policy file, or a rule of a policy, says something that no policy can say",
    "docs/policy-file.md lists what a policy file may say, and docs/schema has its JSON Schema.",
  ),
} as const satisfies Record<string, CodeEntry>;
