// SPDX-License-Identifier: MIT
import type { AuditSummary, ReportHead } from "../../../audit/index.ts";
import { type AuditedImage, ReportSpool } from "../../../batch/index.ts";
import { ndjsonHeader, ndjsonImage, ndjsonSummary } from "../../../report/index.ts";
import { type Format, type FormatOptions, formatReport } from "./report-format.ts";
import type { ReportTarget } from "./report-target.ts";

/** What becomes of the images that are audited, in the order of the report. */
export interface ReportSink extends Disposable {
  /** What a person is told of the images that were taken, where no more will come. */
  readonly remains: string;
  take(image: AuditedImage): Promise<void>;
  /** Resolves when all that was taken is where it can be, where no more comes. */
  settle(): Promise<void>;
  finish(summary: AuditSummary): Promise<void>;
}

export interface SinkOptions {
  readonly format: Format;
  readonly target: ReportTarget;
  /** A shard's positions are those of the images that it will take. */
  readonly head: ReportHead;
  readonly formatting: FormatOptions;
}

/** Lines go out as images come; a report of any other format is written when all images are there. */
export function openSink(options: SinkOptions): ReportSink {
  return options.format === "ndjson"
    ? new LineSink(options)
    : new SpoolSink({ ...options, format: options.format });
}

/** Images that a cache knows come so fast that a system call for each would take as long as finding it. */
const TEXT_LENGTH_OF_ONE_WRITE = 64 * 1024;

class LineSink implements ReportSink {
  readonly #target: ReportTarget;
  readonly #head: ReportHead;
  #count = 0;
  /** What is not handed over yet; it is as soon as nothing else is to be done. */
  #text = "";
  /** How much is handed over and not written yet: a slow reader is waited for. */
  #pendingLength = 0;
  #written: Promise<void> = Promise.resolve();

  constructor({ target, head }: SinkOptions) {
    this.#target = target;
    this.#head = head;
  }

  get remains(): string {
    return `the report holds ${this.#count} of them, and no summary`;
  }

  async take({ json, position, isFromCache }: AuditedImage): Promise<void> {
    if (this.#text === "") setImmediate(() => this.#write());
    this.#begin();
    this.#text += ndjsonImage(json, this.#head.shard === undefined ? undefined : position);
    this.#count++;
    const isMuch = this.#text.length + this.#pendingLength >= TEXT_LENGTH_OF_ONE_WRITE;
    if (!isFromCache || isMuch) await this.settle();
  }

  async settle(): Promise<void> {
    this.#write();
    await this.#written;
  }

  async finish(summary: AuditSummary): Promise<void> {
    this.#begin();
    this.#text += ndjsonSummary(summary);
    await this.settle();
  }

  [Symbol.dispose](): void {}

  /** Nothing is written before there is an image, so that an earlier report stays where the first one cannot begin. */
  #begin(): void {
    if (this.#count === 0) this.#text += ndjsonHeader(this.#head);
  }

  /** One piece behind the other; what goes wrong is heard by who settles next. */
  #write(): void {
    const text = this.#text;
    if (text === "") return;
    this.#text = "";
    this.#pendingLength += text.length;
    this.#written = this.#written.then(async () => {
      await this.#target.write(text);
      this.#pendingLength -= text.length;
    });
    this.#written.catch(() => undefined);
  }
}

class SpoolSink implements ReportSink {
  readonly remains = "no report is written";
  readonly #options: SinkOptions & { readonly format: Exclude<Format, "ndjson"> };
  readonly #positions: number[] = [];
  readonly #spool = new ReportSpool();

  constructor(options: SinkOptions & { readonly format: Exclude<Format, "ndjson"> }) {
    this.#options = options;
  }

  async take({ json, position }: AuditedImage): Promise<void> {
    this.#spool.add(json);
    this.#positions.push(position);
  }

  async settle(): Promise<void> {}

  async finish(summary: AuditSummary): Promise<void> {
    const { format, target, head, formatting } = this.#options;
    const { shard, ...rest } = head;
    const placed = shard === undefined ? rest : { ...rest, shard: { ...shard, positions: this.#positions } };
    const report = { ...placed, images: this.#spool, summary };
    await target.writeAll(await formatReport(format, report, formatting));
  }

  [Symbol.dispose](): void {
    this.#spool.close();
  }
}
