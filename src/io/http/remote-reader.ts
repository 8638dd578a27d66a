// SPDX-License-Identifier: MIT
import type { MessagePort } from "node:worker_threads";
import { VmguestError } from "../../errors.ts";
import { objectKey, shownUrl } from "./image-url.ts";
import type { OpenedObject, RemoteAnswer, RemoteQuestion } from "./messages.ts";
import { type RemoteContext, RemoteObject } from "./remote-object.ts";
import { siblingUrl } from "./sibling-url.ts";

type Question = Extract<RemoteQuestion, { readonly id: number }>;

/** Answers the questions of the thread that parses one image. */
export class RemoteReader {
  readonly #url: URL;
  readonly #port: MessagePort;
  readonly #context: RemoteContext;
  readonly #objects: RemoteObject[] = [];
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  #signal: Int32Array | undefined;

  constructor(url: URL, port: MessagePort, context: RemoteContext) {
    this.#url = url;
    this.#port = port;
    this.#context = { ...context, closing: this.#closing.signal };
    port.on("message", (question: RemoteQuestion) => this.#receive(question));
    // Who asks is gone with the port: what it still waits for is of no use.
    port.on("close", () => this.#closing.abort(CLOSED));
    // The thread that asks keeps the process alive, not the port.
    port.unref();
  }

  /** Answers with an error from now on: a thread that waits at a port that was closed would not be told. */
  async close(): Promise<void> {
    this.#closing.abort(CLOSED);
    await Promise.all(this.#underWay);
  }

  #receive(question: RemoteQuestion): void {
    if (question.kind === "attach") this.#signal = question.signal;
    else this.#track(this.#answer(question));
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }

  async #answer(question: Question): Promise<void> {
    const { id } = question;
    try {
      const answer = await this.#perform(question);
      const [bytes] = "bytes" in answer ? [answer.bytes] : [answer.opened.head];
      this.#post({ id, ...answer }, [bytes.buffer as ArrayBuffer]);
    } catch (error) {
      this.#post({ id, error: describe(error) }, []);
    }
  }

  async #perform(question: Question): Promise<{ bytes: Uint8Array } | { opened: OpenedObject }> {
    const deadline = this.#context.now() + question.timeLeftMs;
    switch (question.kind) {
      case "open":
        return { opened: await this.#open(this.#url, deadline) };
      case "open-sibling":
        return { opened: await this.#open(siblingUrl(this.#url, question.parts), deadline) };
      case "read": {
        const object = this.#objects[question.object];
        if (object === undefined) throw new VmguestError("INTERNAL", "no such object was opened");
        return { bytes: await object.read(question.offset, question.length, deadline) };
      }
    }
  }

  async #open(url: URL, deadline: number): Promise<OpenedObject> {
    const object = new RemoteObject(url, this.#context);
    const { bytes, version } = await object.open(deadline);
    this.#objects.push(object);
    return {
      object: this.#objects.length - 1,
      path: shownUrl(url.href),
      identity: objectKey(url),
      sizeBytes: version.sizeBytes,
      modifiedMs: Date.parse(version.lastModified ?? ""),
      head: bytes,
    };
  }

  #post(answer: RemoteAnswer, transfer: ArrayBuffer[]): void {
    this.#port.postMessage(answer, transfer);
    if (this.#signal === undefined) return;
    Atomics.add(this.#signal, 0, 1);
    Atomics.notify(this.#signal, 0);
  }
}

/** Why requests end that nobody waits for any more. */
export const CLOSED = new VmguestError("REMOTE_UNREACHABLE", "the access to remote images was closed");

/** An error as it goes to the other thread: without causes, which may hold what was sent. */
function describe(error: unknown): Extract<RemoteAnswer, { error: unknown }>["error"] {
  if (error instanceof VmguestError) return { code: error.code, message: error.message, where: error.where };
  return { code: "INTERNAL", message: `a request failed: ${(error as Error).name}`, where: {} };
}
