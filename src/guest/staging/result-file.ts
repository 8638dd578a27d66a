// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { InstallTool } from "./job.ts";

/** What the script says of itself, from its first word to its last. */
export const RESULT_PHASES = [
  "started",
  "waiting-cbs",
  "installing",
  "installed",
  "pending-reboot",
  "verified",
  "already-installed",
  "not-applicable",
  "deferred",
  "failed",
  "timeout",
  "aborted-safemode",
] as const;

/** One of {@link RESULT_PHASES}: how far the first-boot script has come. */
export type ResultPhase = (typeof RESULT_PHASES)[number];

/** What the first-boot script wrote down. */
export interface StagingResult {
  readonly phase: ResultPhase;
  /** Id of the job that it is about; undefined where it does not say. */
  readonly job?: string;
  /** Which attempt it was, from 1. */
  readonly attempt?: number;
  readonly tool?: InstallTool;
  /** Exit code of the tool as cmd.exe shows it: a signed number of 32 bits. */
  readonly exitCode?: number;
  readonly detail?: string;
  readonly rebootNeeded?: boolean;
  /** Every field as it was written, by its name in lower case; those that are known among them. */
  readonly fields: ReadonlyMap<string, string>;
}

/** A result is below 1 KiB; a script that appends for ever must not stall the audit. */
export const RESULT_FILE_SIZE_MAX = 16 * 1024;

/** Characters of a field that are kept: longer than any message of the script. */
const FIELD_LENGTH_MAX = 256;

/**
 * Reads `result.ini`: a `name=value` on each line, the last one of a name counting, other lines being passed over.
 *
 * The script runs in a code page that nobody knows offline, so that what is not ASCII reads as U+FFFD.
 * Throws STAGING_RESULT where the file is too large or says no phase.
 */
export function parseResult(bytes: Uint8Array): StagingResult {
  if (bytes.byteLength > RESULT_FILE_SIZE_MAX) {
    throw damagedResult(`it has ${bytes.byteLength} bytes, more than ${RESULT_FILE_SIZE_MAX}`);
  }
  const fields = new Map<string, string>();
  for (const line of decodeAscii(bytes).split(/\r\n?|\n/)) {
    const [, name, value] = /^\s*([A-Za-z_]{1,32})\s*=(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    fields.set(name.toLowerCase(), value.trim().slice(0, FIELD_LENGTH_MAX));
  }
  const result = resultOf(fields);
  if (result === undefined) {
    const found = fields.get("phase");
    throw damagedResult(found === undefined ? "it says no phase" : `${JSON.stringify(found)} is no phase`);
  }
  return result;
}

/** The result that fields spell, which are named as in `result.ini`; undefined where they say no phase. */
export function resultOf(fields: ReadonlyMap<string, string>): StagingResult | undefined {
  const phase = RESULT_PHASES.find((word) => word === fields.get("phase"));
  if (phase === undefined) return undefined;
  const job = fields.get("job")?.toLowerCase();
  const attempt = parseAttempt(fields.get("attempt"));
  const tool = (["dism", "pkgmgr"] as const).find((word) => word === fields.get("tool"));
  const exitCode = parseExitCode(fields.get("exit"));
  const detail = fields.get("detail");
  const rebootNeeded = fields.get("reboot_needed");
  return {
    phase,
    ...(job !== undefined && { job }),
    ...(attempt !== undefined && { attempt }),
    ...(tool !== undefined && { tool }),
    ...(exitCode !== undefined && { exitCode }),
    ...(detail !== undefined && detail !== "" && { detail }),
    ...(rebootNeeded !== undefined && { rebootNeeded: rebootNeeded === "1" }),
    fields,
  };
}

/** The number of an attempt, from 1; undefined for anything else. */
export function parseAttempt(text = ""): number | undefined {
  return /^[1-9]\d{0,3}$/.test(text) ? Number(text) : undefined;
}

/** Tools that print codes without their sign give the same code in another spelling. */
function parseExitCode(text = ""): number | undefined {
  const value = /^(?:0|-?[1-9]\d{0,9})$/.test(text) ? Number(text) : Number.NaN;
  if (value >= -(2 ** 31) && value < 2 ** 31) return value;
  return value >= 2 ** 31 && value < 2 ** 32 ? value - 2 ** 32 : undefined;
}

function decodeAscii(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : "\ufffd")).join("");
}

const damagedResult = (message: string) =>
  new VmguestError("STAGING_RESULT", message, { structure: "staging result" });
