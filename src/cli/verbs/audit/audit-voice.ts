// SPDX-License-Identifier: MIT
import type { GateCondition, ImageReport } from "../../../audit/index.ts";
import type { AuditedImage, BatchEvent } from "../../../batch/index.ts";
import { type Finding, VmguestError } from "../../../errors.ts";
import { BatchProgress } from "../../batch-progress.ts";
import type { Context, StopSignal } from "../../context.ts";
import { describeErrorReport, describeFinding } from "../../error-text.ts";
import { EventLines } from "./event-lines.ts";

/** A batch that a signal has ended before its time. */
export interface StoppedBatch {
  readonly signal: StopSignal;
  /** Images that are done, of all that there are. */
  readonly done: number;
  readonly total: number;
  /** What is left of the work, for a person: "the cache keeps what is done". */
  readonly remains: string;
}

/** What stderr is told of an audit while it runs. */
export interface AuditVoice extends Disposable {
  hear(event: BatchEvent): void;
  /** Something about what the audit stands on, such as a package that is none. */
  tellFinding(finding: Finding): Promise<void>;
  /** Why an image could not be read. */
  tellImageError(image: AuditedImage): Promise<void>;
  /** What `--fail-on` forbids and was found. */
  tellViolations(conditions: readonly GateCondition[]): Promise<void>;
  tellStopped(batch: StoppedBatch): Promise<void>;
  /** What ends the command; false where that is left to whoever started it. */
  tellFailure(error: unknown): Promise<boolean>;
  /** Resolves when all that was told is handed over. */
  settle(): Promise<void>;
  /** All images are done: what is written to a terminal now is the report. */
  endProgress(): void;
}

/** The options that say what stderr is for. */
export interface VoiceArguments {
  readonly events: boolean;
  readonly quiet: boolean;
}

/** Progress and messages for people, events for programs with `--events`, or next to nothing with `--quiet`. */
export function chooseVoice({ events, quiet }: VoiceArguments, context: Context): AuditVoice {
  if (events && quiet) throw new VmguestError("USAGE", "--events tells what --quiet wants untold");
  if (events) return new EventLines(context);
  return quiet ? new QuietVoice(context) : new PersonVoice(context);
}

/** Says nothing but what keeps the report from being made. */
class QuietVoice implements AuditVoice {
  readonly #stderr: Context["stderr"];

  constructor({ stderr }: Context) {
    this.#stderr = stderr;
  }

  hear(): void {}
  async tellFinding(): Promise<void> {}
  async tellImageError(): Promise<void> {}
  async tellViolations(): Promise<void> {}

  async tellStopped(batch: StoppedBatch): Promise<void> {
    await this.#stderr.write(describeStop(batch));
  }

  async tellFailure(): Promise<boolean> {
    return false;
  }

  async settle(): Promise<void> {}
  endProgress(): void {}
  [Symbol.dispose](): void {}
}

class PersonVoice implements AuditVoice {
  readonly #stderr: Context["stderr"];
  readonly #progress: BatchProgress;

  constructor(context: Context) {
    this.#stderr = context.stderr;
    this.#progress = new BatchProgress(context, context.dependencies.ticker);
  }

  hear(event: BatchEvent): void {
    this.#progress.hear(event);
  }

  async tellFinding(finding: Finding): Promise<void> {
    await this.#write(describeFinding(finding));
  }

  async tellImageError({ json }: AuditedImage): Promise<void> {
    const { error }: ImageReport = JSON.parse(json);
    if (error !== null) await this.#write(describeErrorReport(error));
  }

  async tellViolations(conditions: readonly GateCondition[]): Promise<void> {
    await this.#write(`vmguest: found what --fail-on forbids: ${conditions.join(", ")}\n`);
  }

  async tellStopped(batch: StoppedBatch): Promise<void> {
    await this.#write(describeStop(batch));
  }

  async tellFailure(): Promise<boolean> {
    return false;
  }

  async settle(): Promise<void> {}

  endProgress(): void {
    this.#progress.end();
  }

  async #write(text: string): Promise<void> {
    this.#progress.clear();
    await this.#stderr.write(text);
  }

  [Symbol.dispose](): void {
    this.#progress.end();
  }
}

function describeStop({ signal, done, total, remains }: StoppedBatch): string {
  return `vmguest: stopped by ${signal}: ${done} of ${total} images were audited; ${remains}\n`;
}
