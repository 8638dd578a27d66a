// SPDX-License-Identifier: MIT
import type { ErrorReport, FindingReport, GateCondition } from "../../../audit/index.ts";
import type { BatchEvent } from "../../../batch/index.ts";
import type { Finding } from "../../../errors.ts";
import { makeJsonVisible } from "../../../report/index.ts";
import type { Context } from "../../context.ts";
import { toErrorReport, toFindingReport } from "../../error-report.ts";
import { exitCodeOf } from "../../exit-codes.ts";
import type { Output } from "../../output.ts";
import { HOST_TICKER, type Ticker } from "../../ticker.ts";
import type { AuditVoice, StoppedBatch } from "./audit-voice.ts";

/** What `--events` writes beside what the batch tells of itself (docs/events.md); `ms` is added to all of them. */
export type AuditEvent =
  | BatchEvent
  | ({ readonly event: "finding" } & FindingReport)
  | { readonly event: "violations"; readonly conditions: readonly GateCondition[] }
  | ({ readonly event: "stopped" } & Omit<StoppedBatch, "remains">)
  | ({ readonly event: "failed"; readonly exitCode: number } & ErrorReport);

/** What findings are about that name no file. */
const COMMAND = "vmguest audit";

/** Everything that happens as a line of JSON on stderr, for programs. */
export class EventLines implements AuditVoice {
  readonly #stderr: Output;
  readonly #ticker: Ticker;
  readonly #startMs: number;
  #written: Promise<void> = Promise.resolve();

  constructor({ stderr, dependencies }: Context) {
    this.#stderr = stderr;
    this.#ticker = dependencies.ticker ?? HOST_TICKER;
    this.#startMs = this.#ticker.now();
  }

  hear(event: BatchEvent): void {
    this.#write(event);
  }

  async tellFinding(finding: Finding): Promise<void> {
    this.#write({ event: "finding", ...toFindingReport(finding, COMMAND) });
    await this.settle();
  }

  /** The event of the image's end has its code. */
  async tellImageError(): Promise<void> {}

  async tellViolations(conditions: readonly GateCondition[]): Promise<void> {
    this.#write({ event: "violations", conditions });
    await this.settle();
  }

  async tellStopped({ signal, done, total }: StoppedBatch): Promise<void> {
    this.#write({ event: "stopped", signal, done, total });
    await this.settle();
  }

  async tellFailure(error: unknown): Promise<boolean> {
    this.#write({ event: "failed", exitCode: exitCodeOf(error), ...toErrorReport(error, COMMAND) });
    await this.settle();
    return true;
  }

  /** Lines are written in turn, so that those before the last are handed over when it is. */
  async settle(): Promise<void> {
    await this.#written;
  }

  endProgress(): void {}
  [Symbol.dispose](): void {}

  #write({ event, ...told }: AuditEvent): void {
    const ms = Math.round(this.#ticker.now() - this.#startMs);
    const text = JSON.stringify({ event, ms, ...told }, inWholeMilliseconds);
    this.#written = this.#stderr.write(`${makeJsonVisible(text)}\n`);
  }
}

/** No clock is better than that, and lines get shorter. */
function inWholeMilliseconds(key: string, value: unknown): unknown {
  return key === "wallMs" && typeof value === "number" ? Math.round(value) : value;
}
