// SPDX-License-Identifier: MIT
import type { ListFolder } from "../batch/index.ts";
import { ReadStats } from "../io/index.ts";
import { Output, type OutputStream } from "./output.ts";

/** The process around a command line; a test gives its own. */
export interface Process {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What commands stand on; a test gives its own. */
export interface Dependencies {
  /** The layers that read images, loaded when a command needs them. */
  loadAudit(): Promise<AuditLayer>;
  /** In the place of the host's own folders, where images are searched. */
  readonly listFolder?: ListFolder;
}

/** What the commands take from the audit layer; checks have a face of their own, so that audits start without them. */
export type AuditLayer = Pick<
  typeof import("../audit/index.ts"),
  "assembleReport" | "auditImage" | "OpenedImage" | "reportChain" | "reportError"
>;

/** What a command gets beside its arguments. */
export interface Context {
  /** The report, and nothing else. */
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Process["env"];
  readonly dependencies: Dependencies;
  /** Counts the reads of the command's images. */
  readonly stats: ReadStats;
  /** Images the command has opened, or tried to. */
  imageCount: number;
}

export function createContext({ stdout, stderr, env }: Process, dependencies: Dependencies): Context {
  return {
    stdout: new Output(stdout),
    stderr: new Output(stderr, false),
    env,
    dependencies,
    stats: new ReadStats(),
    imageCount: 0,
  };
}

/** Whether to colour what goes to `output`: only a terminal that can show it, outside CI, unless the user says so. */
export function wantsColour({ env }: Pick<Context, "env">, output: Pick<Output, "isTerminal">): boolean {
  const forced = env["FORCE_COLOR"];
  if (forced !== undefined && forced !== "") return forced !== "0" && forced !== "false";
  if (isSet(env["NO_COLOR"]) || isSet(env["CI"]) || env["TERM"] === "dumb") return false;
  return output.isTerminal;
}

/** Whether to show on stderr what is going on: only to a person who watches. */
export function wantsProgress({ env, stderr }: Pick<Context, "env" | "stderr">): boolean {
  return stderr.isTerminal && !isSet(env["CI"]) && env["TERM"] !== "dumb";
}

/** Columns for text that is no terminal's: a file or a log, where a line may well be longer than 80. */
const WIDTH_OF_A_FILE = 120;

/** How wide a table may be. */
export function tableWidth({ env, stdout }: Pick<Context, "env" | "stdout">): number {
  const stated = Number(env["COLUMNS"]);
  return stdout.columns ?? (Number.isInteger(stated) && stated > 0 ? stated : WIDTH_OF_A_FILE);
}

/** An environment variable counts where it is set and not empty (no-color.org). */
function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== "";
}
