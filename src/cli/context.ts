// SPDX-License-Identifier: MIT
import type { auditBatch, ListFolder } from "../batch/index.ts";
import { ReadStats } from "../io/index.ts";
import { Output, type OutputStream } from "./output.ts";
import type { Ticker } from "./ticker.ts";
import type { StagingLayer, StartChange } from "./verbs/changes/change-request.ts";

/** The process around a command line; a test gives its own. */
export interface Process extends SignalSource {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where answers come from; nobody can be asked where it is left out, or is no terminal. */
  readonly stdin?: InputStream;
}

/** As much of `process.stdin` as a question needs. */
export type InputStream = NodeJS.ReadableStream & { readonly isTTY?: boolean };

/** What asks a process to end: Ctrl-C, a shutdown of the host, a terminal that is closed. */
export const STOP_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
export type StopSignal = (typeof STOP_SIGNALS)[number];

/** As much of `process` as is needed to hear of a signal; a test that sends none gives none. */
export interface SignalSource {
  on?(signal: StopSignal, listener: (signal: StopSignal) => void): unknown;
  off?(signal: StopSignal, listener: (signal: StopSignal) => void): unknown;
}

/** What commands stand on; a test gives its own. */
export interface Dependencies {
  /** The layers that read images, loaded when a command needs them. */
  loadAudit(): Promise<AuditLayer>;
  /** The layer that plans changes of images and makes them, loaded by the commands that do. */
  loadStaging(): Promise<StagingLayer>;
  /** Makes a change of an image while this thread stays free to hear signals. */
  readonly startChange: StartChange;
  /** In the place of the host's own folders, where images are searched. */
  readonly listFolder?: ListFolder;
  /** In the place of the audit of all images. */
  readonly auditBatch?: typeof auditBatch;
  /** In the place of the host's clock, for what is told while something goes on. */
  readonly ticker?: Ticker;
}

/** What the commands take from the audit layer; checks have a face of their own, so that audits start without them. */
export type AuditLayer = Pick<typeof import("../audit/index.ts"), "OpenedImage" | "reportChain">;

/** What a command gets beside its arguments. */
export interface Context {
  /** The report, and nothing else. */
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Process["env"];
  readonly stdin: InputStream | undefined;
  readonly signals: SignalSource;
  readonly dependencies: Dependencies;
  /** Counts the reads of the command's images. */
  readonly stats: ReadStats;
  /** Images the command has opened, or tried to. */
  imageCount: number;
  /** How long each of the activities took that a command tells of, all images together. */
  readonly activitiesMs: Map<string, number>;
}

export function createContext(io: Process, dependencies: Dependencies): Context {
  const { stdout, stderr, stdin, env } = io;
  return {
    stdout: new Output(stdout),
    stderr: new Output(stderr, false),
    env,
    stdin,
    signals: io,
    dependencies,
    stats: new ReadStats(),
    imageCount: 0,
    activitiesMs: new Map(),
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

/** Whether a person sits at both ends of a question on stderr. */
export function canAsk({ env, stdin, stderr }: Pick<Context, "env" | "stdin" | "stderr">): boolean {
  return stdin?.isTTY === true && stderr.isTerminal && !isSet(env["CI"]);
}

/** How wide a table may be. */
export function tableWidth({ env, stdout }: Pick<Context, "env" | "stdout">): number {
  const stated = Number(env["COLUMNS"]);
  return stdout.columns ?? (Number.isInteger(stated) && stated > 0 ? stated : WIDTH_OF_A_FILE);
}

/** An environment variable counts where it is set and not empty (no-color.org). */
function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== "";
}
