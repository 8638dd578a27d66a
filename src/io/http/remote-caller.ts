// SPDX-License-Identifier: MIT
import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { VmguestError, type Where } from "../../errors.ts";
import type { ReadBudget } from "../read-budget.ts";
import type { ReadStats } from "../read-stats.ts";
import { HEAD_BYTES, type OpenedObject, type RemoteAnswer, type RemoteQuestion } from "./messages.ts";

export interface RemoteCallerOptions {
  readonly stats?: ReadStats;
  readonly budget?: ReadBudget;
}

/** The thread that makes the requests gives up by itself when the time is over; it gets this much longer to say so. */
const GRACE_MS = 1000;

/** Timers may fire a little early: what the other thread gives up for want of time has none left by this clock too. */
const TIMER_SLACK_MS = 10;

/** Without a budget: all attempts of one request with their pauses take less, unless the other thread stands still. */
const WAIT_MAX_MS = 10 * 60 * 1000;

const CLOSED_PORTS = new WeakSet<MessagePort>();

type Ask<T> = T extends unknown ? Omit<T, "id" | "timeLeftMs"> : never;
type Question = Ask<Extract<RemoteQuestion, { readonly id: number }>>;

/** Asks the thread that makes the requests, and blocks this one until it has answered. */
export class RemoteCaller {
  readonly #port: MessagePort;
  readonly #where: Where;
  readonly #options: RemoteCallerOptions;
  readonly #signal = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  #latestId = 0;

  /** `image` is its URL as it may be shown. Throws USAGE for a port that was closed with the image it was for. */
  constructor(port: MessagePort, image: string, options: RemoteCallerOptions) {
    // Nobody would hear what is asked through it, and nobody could tell us so.
    if (CLOSED_PORTS.has(port))
      throw new VmguestError("USAGE", "each opening of an image needs a port", { image });
    this.#port = port;
    this.#where = { image };
    this.#options = options;
    this.#post({ kind: "attach", signal: this.#signal });
  }

  /** Opens the image itself. */
  open(): OpenedObject {
    return this.#open({ kind: "open" });
  }

  /** Opens a file in its folder or below. */
  openSibling(parts: readonly string[]): OpenedObject {
    return this.#open({ kind: "open-sibling", parts });
  }

  /** Exactly these bytes of an object that was opened. */
  read(object: number, offset: number, length: number): Uint8Array {
    this.#options.budget?.spend(length);
    const answer = this.#ask({ kind: "read", object, offset, length });
    if (!("bytes" in answer)) throw new VmguestError("INTERNAL", "bytes were asked for", this.#where);
    this.#options.stats?.record(offset, length);
    return answer.bytes;
  }

  close(): void {
    CLOSED_PORTS.add(this.#port);
    this.#port.close();
  }

  #open(question: Question): OpenedObject {
    this.#options.budget?.spend(HEAD_BYTES);
    const answer = this.#ask(question);
    if (!("opened" in answer)) throw new VmguestError("INTERNAL", "a file was to be opened", this.#where);
    this.#options.stats?.record(0, answer.opened.head.length);
    return answer.opened;
  }

  #ask(question: Question): Exclude<RemoteAnswer, { error: unknown }> {
    const { budget } = this.#options;
    const id = ++this.#latestId;
    const timeLeftMs = budget?.timeLeftMs ?? Number.POSITIVE_INFINITY;
    let seen = Atomics.load(this.#signal, 0);
    this.#post({ ...question, id, timeLeftMs: timeLeftMs + TIMER_SLACK_MS } as RemoteQuestion);
    for (;;) {
      const isWoken =
        Atomics.wait(this.#signal, 0, seen, Math.min(timeLeftMs + GRACE_MS, WAIT_MAX_MS)) !== "timed-out";
      seen = Atomics.load(this.#signal, 0);
      const answer = this.#receive(id);
      if (answer !== undefined) return this.#take(answer);
      budget?.check();
      if (!isWoken)
        throw new VmguestError("REMOTE_STALLED", "the thread that asks the server stands still", this.#where);
    }
  }

  /** The answer to the latest question; those to questions that were given up are passed over. */
  #receive(id: number): RemoteAnswer | undefined {
    for (;;) {
      const received = receiveMessageOnPort(this.#port) as { message: RemoteAnswer } | undefined;
      if (received === undefined || received.message.id === id) return received?.message;
    }
  }

  #take(answer: RemoteAnswer): Exclude<RemoteAnswer, { error: unknown }> {
    if (!("error" in answer)) return answer;
    // Where the time is over, that is what went wrong.
    this.#options.budget?.check();
    const { code, message, where } = answer.error;
    throw new VmguestError(code, message, { ...this.#where, ...where });
  }

  #post(question: RemoteQuestion): void {
    this.#port.postMessage(question);
  }
}
