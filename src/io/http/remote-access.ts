// SPDX-License-Identifier: MIT
import { randomInt } from "node:crypto";
import { setMaxListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { type HeaderRule, headersOfEnvironment, parseHeaderFile } from "./header-rules.ts";
import { parseImageUrl } from "./image-url.ts";
import { type RemoteContext, RemoteObject } from "./remote-object.ts";
import { CLOSED, RemoteReader } from "./remote-reader.ts";
import type { RemoteRetries } from "./retries.ts";
import { type RemoteTimeouts, Transport } from "./transport.ts";

/** What requests say, and how long and how often a server is asked; all of it may be left out. */
export interface RemoteAccessOptions {
  readonly headers?: readonly HeaderRule[];
  /** Where HTTPS_PROXY and NO_PROXY are looked for; no proxy is used without it. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Requests at once, over all images. */
  readonly maxConcurrent?: number;
  readonly timeouts?: Partial<RemoteTimeouts>;
  readonly retries?: Partial<RemoteRetries>;
  /** Milliseconds that never go back. */
  readonly now?: () => number;
  readonly delay?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** A number in [0, 1). */
  readonly random?: () => number;
}

const TIMEOUTS: RemoteTimeouts = { connectMs: 10_000, silenceMs: 15_000, answerMs: 60_000 };

const RETRIES: RemoteRetries = { attempts: 5, firstDelayMs: 200, delayMaxMs: 5000, retryAfterMaxMs: 30_000 };

/** More would not make one server faster, and another one angry. */
const CONCURRENT_MAX = 8;

/** Who does not learn by them what an object is audits it, and that has more patience. */
const IDENTIFY_ATTEMPTS = 2;

const RANDOM_STEPS = 2 ** 32;

/**
 * Reads images on web servers for threads that wait for the bytes. It lives in a thread whose event loop runs, the main
 * thread most often; each image that another thread parses gets a port to it. Nothing is loaded or connected before it
 * is asked for. Close it after use.
 */
export class RemoteAccess {
  readonly #context: RemoteContext;
  readonly #closing = new AbortController();
  readonly #readers = new Set<RemoteReader>();

  constructor(options: RemoteAccessOptions = {}) {
    const timeouts = { ...TIMEOUTS, ...options.timeouts };
    const { maxConcurrent = CONCURRENT_MAX, env = {} } = options;
    // As many wait as there are images to be identified at once, which is no leak.
    setMaxListeners(0, this.#closing.signal);
    this.#context = {
      transport: new Transport({ timeouts, connectionCountMax: maxConcurrent, env }),
      headers: options.headers ?? [],
      retries: { ...RETRIES, ...options.retries },
      answerMs: timeouts.answerMs,
      closing: this.#closing.signal,
      limit: limitTo(maxConcurrent),
      now: options.now ?? (() => performance.now()),
      delay: options.delay ?? wait,
      random: options.random ?? (() => randomInt(RANDOM_STEPS) / RANDOM_STEPS),
    };
  }

  /**
   * As a command line has it: `headerFileText` is what the file of `--header-file` holds, `env` the environment with
   * further headers and the proxy. Throws REMOTE_HEADERS.
   */
  static create(given: {
    readonly headerFileText?: string | undefined;
    readonly env?: Readonly<Record<string, string | undefined>>;
    readonly maxConcurrent?: number;
  }): RemoteAccess {
    const { headerFileText, env = {}, maxConcurrent = CONCURRENT_MAX } = given;
    const fromFile = headerFileText === undefined ? [] : parseHeaderFile(headerFileText);
    return new RemoteAccess({ headers: [...headersOfEnvironment(env), ...fromFile], env, maxConcurrent });
  }

  /**
   * A port for one image, to be transferred to the thread that calls `openRemoteImage` with it. Throws REMOTE_URL and
   * REMOTE_SCHEME; what the server says to the URL is the business of who opens it.
   */
  connect(url: string): MessagePort {
    const { port1, port2 } = new MessageChannel();
    const reader = new RemoteReader(parseImageUrl(url), port1, this.#context);
    this.#readers.add(reader);
    port1.once("close", () => this.#readers.delete(reader));
    return port2;
  }

  /**
   * A text that is another one as soon as the object has other bytes, at the cost of reading its first 32 KiB; undefined
   * where its server gives nothing that surely changes. Throws what opening the image would throw.
   */
  async identify(url: string): Promise<string | undefined> {
    const { attempts } = this.#context.retries;
    const retries = { ...this.#context.retries, attempts: Math.min(attempts, IDENTIFY_ATTEMPTS) };
    const object = new RemoteObject(parseImageUrl(url), { ...this.#context, retries });
    return (await object.open(Number.POSITIVE_INFINITY)).identity;
  }

  /** Ends all connections; who waits for bytes, or asks for some later, gets an error. */
  async close(): Promise<void> {
    this.#closing.abort(CLOSED);
    await Promise.all([...this.#readers].map(async (reader) => await reader.close()));
    await this.#context.transport.close();
  }
}

/** Keeps the process alive: there may be nothing else meanwhile, and who asked would never get an answer. */
async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}

/** Runs so much at once. The library is loaded when there is something to be run. */
function limitTo(count: number): RemoteContext["limit"] {
  let library: Promise<typeof import("p-limit")> | undefined;
  let limit: ReturnType<typeof import("p-limit").default> | undefined;
  return async (work) => {
    library ??= import("p-limit");
    const { default: pLimit } = await library;
    limit ??= pLimit(count);
    return await limit(work);
  };
}
