// SPDX-License-Identifier: MIT
import { GATE_CONDITIONS, type GateCondition } from "../../../audit/index.ts";
import type { BatchAuditOptions } from "../../../batch/index.ts";
import { located, VmguestError } from "../../../errors.ts";
import { DEFAULT_HOST, isVersion, type PolicyFile, parsePolicy } from "../../../policy/index.ts";
import { readHost } from "../../host-option.ts";
import { readInputFile } from "../../input-file.ts";

/** What `--fail-on` takes: the conditions of the gate, or that nothing is forbidden. */
export const FAIL_ON = [...GATE_CONDITIONS, "none"] as const;

/** The options that say what is asked of guests. */
export interface PolicyArguments {
  readonly host: string | undefined;
  readonly "fail-on": readonly (typeof FAIL_ON)[number][];
  readonly "min-version": string | undefined;
  readonly policy: string | undefined;
}

/** What is asked of guests, from the command line and the policy file together. */
export interface AuditPolicy {
  readonly judging: Pick<BatchAuditOptions, "host" | "minimumVersion" | "minimums">;
  /** What `--fail-on` or the policy file forbids; undefined where neither says anything of it. */
  readonly forbidden: ReadonlySet<GateCondition> | undefined;
}

/**
 * What the options ask for; each counts in place of what the policy file says of the same. Throws USAGE, and
 * POLICY_INVALID or the error of the host for the file.
 */
export function readAuditPolicy(args: PolicyArguments): AuditPolicy {
  const file = args.policy === undefined ? undefined : readPolicyFile(args.policy);
  const forbidden = args["fail-on"].length > 0 ? readFailOn(args["fail-on"]) : file?.failOn;
  return {
    judging: {
      host: args.host === undefined ? (file?.host ?? DEFAULT_HOST) : readHost(args.host),
      ...readMinimum(args["min-version"], file),
    },
    forbidden: forbidden && new Set(forbidden),
  };
}

function readFailOn(stated: PolicyArguments["fail-on"]): GateCondition[] {
  const conditions = GATE_CONDITIONS.filter((condition) => stated.includes(condition));
  if (conditions.length === 0 || !stated.includes("none")) return conditions;
  throw new VmguestError("USAGE", `--fail-on takes none alone, not with ${conditions.join(", ")}`);
}

function readMinimum(
  stated: string | undefined,
  file: PolicyFile | undefined,
): Pick<BatchAuditOptions, "minimumVersion" | "minimums"> {
  if (stated === undefined) {
    return file?.minimumVersions === undefined ? {} : { minimums: file.minimumVersions };
  }
  if (isVersion(stated)) return { minimumVersion: stated };
  throw new VmguestError("USAGE", `--min-version takes a version like 6.3.9600.18692, not "${stated}"`);
}

/** Rules for every guest and host that there are take a hundredth of it. */
const POLICY_BYTES_MAX = 1024 * 1024;

function readPolicyFile(path: string): PolicyFile<GateCondition> {
  const bytes = readInputFile({ path, noun: "the policy file", sizeBytesMax: POLICY_BYTES_MAX });
  try {
    return parsePolicy(decode(bytes), GATE_CONDITIONS);
  } catch (error) {
    throw located(error, { image: path });
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new VmguestError("POLICY_INVALID", "the text is not UTF-8", {}, { cause: error });
  }
}
