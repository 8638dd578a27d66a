// SPDX-License-Identifier: MIT
import { type Code, VmguestError } from "../../errors.ts";
import { type HeaderRule, headersFor } from "./header-rules.ts";
import { shownUrl } from "./image-url.ts";
import { HEAD_BYTES } from "./messages.ts";
import { isStrong, type ObjectVersion, versionIdentity } from "./object-version.ts";
import { checkRangeAnswer, readRange, readVersion } from "./range-answer.ts";
import { nextUrl, REDIRECT_COUNT_MAX, REDIRECTS } from "./redirects.ts";
import { type RemoteRetries, retryDelayMs } from "./retries.ts";
import { BusyServerError } from "./status-error.ts";
import { withinTime } from "./time-limit.ts";
import type { HttpAnswer, Transport } from "./transport.ts";

/** What all objects that are read have in common. */
export interface RemoteContext {
  readonly transport: Transport;
  readonly headers: readonly HeaderRule[];
  readonly retries: RemoteRetries;
  readonly answerMs: number;
  /** Aborts when the access is closed. */
  readonly closing: AbortSignal;
  /** Runs no more of such at once than are allowed. */
  readonly limit: <T>(work: () => Promise<T>) => Promise<T>;
  readonly now: () => number;
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly random: () => number;
}

/** The first bytes of an object, and what its server says of it. */
export interface ObjectHead {
  readonly bytes: Uint8Array;
  readonly version: ObjectVersion;
  /** See {@link versionIdentity}. */
  readonly identity: string | undefined;
}

interface Target {
  readonly url: URL;
  /** Whether no other server had a say in it than the one that the user named. */
  readonly isNamedServer: boolean;
}

const EXPIRED_STATUSES: ReadonlySet<number> = new Set([401, 403, 404, 410]);

const PASSING_CODES: ReadonlySet<Code> = new Set<Code>(["REMOTE_UNREACHABLE", "REMOTE_STALLED"]);

/**
 * One object on a server, read by range. Every answer must be about the very bytes that were asked for, of the object
 * as it was when it was opened. Errors name the object as it may be shown.
 */
export class RemoteObject {
  readonly url: URL;
  readonly #context: RemoteContext;
  /** Where the last redirects led to, so that they are not followed again for each range. */
  #target: Target;
  #version: ObjectVersion | undefined;

  constructor(url: URL, context: RemoteContext) {
    this.url = url;
    this.#target = { url, isNamedServer: true };
    this.#context = context;
  }

  /** Opens the object. `deadline` is when the answer is of no more use, by the context's clock. */
  async open(deadline: number): Promise<ObjectHead> {
    return await this.#ask(0, HEAD_BYTES, deadline, async (answer, signal) => {
      const version = readVersion(answer);
      const bytes = await readRange(answer, Math.min(HEAD_BYTES, version.sizeBytes), signal);
      this.#version = version;
      return { bytes, version, identity: versionIdentity(version, answer.header("date")) };
    });
  }

  /** A range of the object, which has been opened. */
  async read(offset: number, length: number, deadline: number): Promise<Uint8Array> {
    const opened = this.#version;
    if (opened === undefined) throw new VmguestError("INTERNAL", "the object was not opened");
    return await this.#ask(offset, length, deadline, async (answer, signal) => {
      checkRangeAnswer(answer, opened, offset, length);
      return await readRange(answer, length, signal);
    });
  }

  async #ask<T>(
    offset: number,
    length: number,
    deadline: number,
    take: (answer: HttpAnswer, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { retries, limit, now, delay, random, closing } = this.#context;
    for (let attempt = 1; ; attempt++) {
      try {
        return await limit(() => this.#attempt(offset, length, deadline, take));
      } catch (error) {
        if (!(error instanceof VmguestError)) throw error;
        const retryAfterMs = error instanceof BusyServerError ? error.retryAfterMs : undefined;
        const delayMs = retryDelayMs(retries, attempt + 1, random(), retryAfterMs);
        const isLast = !isPassing(error) || attempt >= retries.attempts || now() + delayMs >= deadline;
        if (isLast || closing.aborted) throw this.#describe(error, offset, attempt);
        await delay(delayMs, closing);
      }
    }
  }

  #describe({ code, message, where }: VmguestError, offset: number, attempts: number): VmguestError {
    const often = attempts === 1 ? "" : ` (${attempts} attempts)`;
    return new VmguestError(code, message + often, { image: shownUrl(this.url.href), offset, ...where });
  }

  async #attempt<T>(
    offset: number,
    length: number,
    deadline: number,
    take: (answer: HttpAnswer, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { now, answerMs, closing } = this.#context;
    const timeLeftMs = Math.min(deadline - now(), answerMs);
    if (timeLeftMs <= 0) throw new VmguestError("REMOTE_STALLED", "the time for reading the image is over");
    return await withinTime(timeLeftMs, closing, async (signal) => {
      const answer = await this.#follow(`bytes=${offset}-${offset + length - 1}`, signal);
      try {
        return await take(answer, signal);
      } finally {
        answer.body.destroy();
      }
    });
  }

  /** The first answer that is no redirect. */
  async #follow(range: string, signal: AbortSignal): Promise<HttpAnswer> {
    let target = this.#target;
    for (let hop = 0; ; hop++) {
      const answer = await this.#context.transport.get(target.url, this.#headersFor(target, range), signal);
      // What a redirect leads to is often signed for some minutes only; its origin then knows the next.
      const isExpired = hop === 0 && target.url !== this.url && EXPIRED_STATUSES.has(answer.status);
      if (!REDIRECTS.has(answer.status) && !isExpired) {
        this.#target = target;
        return answer;
      }
      answer.body.destroy();
      if (hop === REDIRECT_COUNT_MAX)
        throw new VmguestError("REMOTE_REDIRECT", `it is sent on more than ${REDIRECT_COUNT_MAX} times`);
      target = isExpired
        ? { url: this.url, isNamedServer: true }
        : this.#next(target, answer.header("location"));
    }
  }

  #next({ url, isNamedServer }: Target, location: string | undefined): Target {
    const next = nextUrl(url, location);
    return { url: next, isNamedServer: isNamedServer && next.origin === this.url.origin };
  }

  #headersFor({ url, isNamedServer }: Target, range: string): Record<string, string> {
    const etag = this.#version?.etag;
    return {
      "user-agent": "vmguest",
      // What is meant for the server that the user named goes to no other, and not to where another sends it.
      ...(isNamedServer && headersFor(this.#context.headers, url)),
      range,
      "accept-encoding": "identity",
      ...(isStrong(etag) && { "if-match": etag }),
    };
  }
}

/** Whether another attempt may go better. */
function isPassing(error: VmguestError): boolean {
  return error instanceof BusyServerError || PASSING_CODES.has(error.code);
}
