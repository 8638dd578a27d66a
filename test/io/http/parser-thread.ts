import { join } from "node:path";
import { type MessagePort, Worker } from "node:worker_threads";
import { rolldown } from "rolldown";
import type { ImageReport } from "../../../src/audit/index.ts";
import type { Code, Where } from "../../../src/errors.ts";
import type { ReadLimits } from "../../../src/io/index.ts";
import { ownFolder } from "../../support/own-folder.ts";

/** What a thread is told when it starts. */
export interface ParserStart {
  readonly url: string;
  readonly port: MessagePort;
  readonly limits?: ReadLimits;
  readonly parentRoots?: readonly string[];
}

export type ParserRequest =
  | { readonly kind: "read"; readonly offset: number; readonly length: number }
  | { readonly kind: "check" | "describe" | "audit" };

/** What it answers, and what the answer cost it. */
export interface ParserAnswer {
  readonly result?: unknown;
  readonly error?: { readonly code: Code; readonly message: string; readonly where: Where };
  readonly reads: number;
  readonly bytesRead: number;
}

/** Builds the program of the threads; a thread of Node reads no TypeScript. */
export async function buildParserProgram(): Promise<string> {
  const file = join(ownFolder(), "parser-program.mjs");
  const bundle = await rolldown({
    input: join(import.meta.dirname, "parser-program.ts"),
    platform: "node",
    external: ["undici", "p-limit"],
  });
  await bundle.write({ file, format: "esm", codeSplitting: false });
  await bundle.close();
  return file;
}

/** A thread that parses one image, and the side of the test. */
export class ParserThread implements AsyncDisposable {
  readonly #worker: Worker;

  constructor(program: string, start: ParserStart) {
    this.#worker = new Worker(program, { workerData: start, transferList: [start.port] });
  }

  async ask(request: ParserRequest): Promise<ParserAnswer> {
    const answered = new Promise<ParserAnswer>((resolve, reject) => {
      this.#worker.once("message", resolve);
      this.#worker.once("error", reject);
    });
    this.#worker.postMessage(request);
    return await answered;
  }

  async audit(): Promise<{
    readonly image: ImageReport;
    readonly reads: number;
    readonly bytesRead: number;
  }> {
    const { result, ...cost } = await this.ask({ kind: "audit" });
    return { image: result as ImageReport, ...cost };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}
