import type { MessagePort } from "node:worker_threads";
import type { Code } from "../../../src/errors.ts";
import { RemoteAccess, type RemoteAccessOptions } from "../../../src/io/http/index.ts";
import type { OpenedObject, RemoteAnswer } from "../../../src/io/http/messages.ts";

/** The pauses that were asked for, none of which was made. */
export class Pauses {
  readonly ms: number[] = [];
  readonly delay = async (ms: number): Promise<void> => {
    this.ms.push(ms);
  };
}

/** What came of a question. */
export type Outcome = OpenedObject | Uint8Array | Code;

/** Asks as a thread does that parses an image, but without waiting, so that a server can run in the same thread. */
export class RawClient implements AsyncDisposable {
  readonly access: RemoteAccess;
  readonly answers: RemoteAnswer[] = [];
  readonly #port: MessagePort;
  #id = 0;

  /** Unless told otherwise, nothing is tried twice. */
  constructor(url: string, options: RemoteAccessOptions = {}) {
    const once = { attempts: 1 };
    this.access = new RemoteAccess({
      retries: once,
      delay: async () => undefined,
      random: () => 0,
      ...options,
    });
    this.#port = this.access.connect(url);
  }

  open(timeLeftMs = Number.POSITIVE_INFINITY): Promise<Outcome> {
    return this.#ask({ kind: "open", timeLeftMs });
  }

  read(offset: number, length: number, timeLeftMs = Number.POSITIVE_INFINITY): Promise<Outcome> {
    return this.#ask({ kind: "read", object: 0, offset, length, timeLeftMs });
  }

  /** The sentence of the last error. */
  get message(): string {
    const last = this.answers.at(-1);
    return last !== undefined && "error" in last ? last.error.message : "";
  }

  async #ask(question: object): Promise<Outcome> {
    const id = ++this.#id;
    const answered = new Promise<RemoteAnswer>((resolve) => this.#port.once("message", resolve));
    this.#port.postMessage({ ...question, id });
    const answer = await answered;
    this.answers.push(answer);
    if ("error" in answer) return answer.error.code;
    return "opened" in answer ? answer.opened : answer.bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.access.close();
    this.#port.close();
  }
}
