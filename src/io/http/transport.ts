// SPDX-License-Identifier: MIT
import type { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import { VmguestError } from "../../errors.ts";
import { isLoopback } from "./image-url.ts";

/** How many milliseconds a server is waited for. */
export interface RemoteTimeouts {
  /** To the end of the handshakes of TCP and TLS. */
  readonly connectMs: number;
  /** From the request to the headers of the answer, and between two pieces of its body. */
  readonly silenceMs: number;
  /** From the start to the last byte of an answer, for a server that sends a byte now and then. */
  readonly answerMs: number;
}

/** One answer of a server. Its body must be read or destroyed. */
export interface HttpAnswer {
  readonly status: number;
  header(name: string): string | undefined;
  readonly body: Readable;
}

export interface TransportOptions {
  readonly timeouts: RemoteTimeouts;
  /** Connections to one server at most. */
  readonly connectionCountMax: number;
  /** Where HTTPS_PROXY and NO_PROXY are looked for. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Sends GET requests over kept connections; nothing on this host is asked through a proxy. Close it after use. */
export class Transport {
  readonly #options: TransportOptions;
  #library: Promise<typeof import("undici")> | undefined;
  #direct: Dispatcher | undefined;
  #proxied: Dispatcher | undefined;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /** Follows no redirects. Throws REMOTE_UNREACHABLE, REMOTE_TLS, REMOTE_STALLED and REMOTE_PROTOCOL. */
  async get(url: URL, headers: Record<string, string>, signal: AbortSignal): Promise<HttpAnswer> {
    this.#library ??= import("undici");
    const library = await this.#library;
    try {
      const dispatcher = isLoopback(url) ? this.#directTo(library) : this.#proxiedTo(library);
      const answer = await library.request(url, { headers, signal, dispatcher });
      // A body that is destroyed says so by an event, which nobody needs to hear.
      answer.body.on("error", () => undefined);
      return {
        status: answer.statusCode,
        header: (name) => [answer.headers[name] ?? []].flat().join(", ") || undefined,
        body: answer.body,
      };
    } catch (error) {
      throw describeFailure(error, signal);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#direct?.destroy(), this.#proxied?.destroy()]);
  }

  #directTo({ Agent }: typeof import("undici")): Dispatcher {
    this.#direct ??= new Agent(this.#agentOptions());
    return this.#direct;
  }

  #proxiedTo({ EnvHttpProxyAgent }: typeof import("undici")): Dispatcher {
    const { env } = this.#options;
    this.#proxied ??= new EnvHttpProxyAgent({
      ...this.#agentOptions(),
      // Without these the library would look into the environment of the process.
      httpProxy: "",
      httpsProxy: env["https_proxy"] ?? env["HTTPS_PROXY"] ?? "",
      noProxy: env["no_proxy"] ?? env["NO_PROXY"] ?? "",
    });
    return this.#proxied;
  }

  #agentOptions() {
    const { timeouts, connectionCountMax } = this.#options;
    return {
      connections: connectionCountMax,
      pipelining: 1,
      headersTimeout: timeouts.silenceMs,
      bodyTimeout: timeouts.silenceMs,
      connect: { timeout: timeouts.connectMs },
    };
  }
}

/** The bytes of a body that must have exactly that many. Throws REMOTE_RANGE_WRONG, and what {@link Transport.get} does. */
export async function readBody(body: Readable, length: number, signal: AbortSignal): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  try {
    for await (const piece of body as AsyncIterable<Uint8Array>) {
      if (piece.length > length - done) throw lengthError(`more than the ${length} bytes asked for`);
      bytes.set(piece, done);
      done += piece.length;
    }
  } catch (error) {
    throw error instanceof VmguestError ? error : describeFailure(error, signal);
  }
  if (done !== length) throw lengthError(`${done} bytes instead of the ${length} asked for`);
  return bytes;
}

function lengthError(what: string): VmguestError {
  return new VmguestError("REMOTE_RANGE_WRONG", `the server sent ${what}`);
}

const TIMEOUTS: ReadonlySet<string> = new Set([
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
  "UND_ERR_CONNECT_TIMEOUT",
  "ETIMEDOUT",
]);

/** What Node and OpenSSL call the reasons for which a certificate or a handshake is refused. */
const TLS_FAILURE =
  /^(ERR_TLS_|ERR_SSL_|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|EPROTO)/;

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the server refuses the connection",
  ENOTFOUND: "there is no server of that name",
  EAI_AGAIN: "the name of the server could not be looked up",
  ECONNRESET: "the connection was broken",
  EPIPE: "the connection was broken",
  UND_ERR_SOCKET: "the connection was broken",
  EHOSTUNREACH: "the server cannot be reached",
  ENETUNREACH: "the network of the server cannot be reached",
};

/** The typed error for what the library throws; its own message is not repeated, for it may hold what was sent. */
function describeFailure(error: unknown, signal: AbortSignal): VmguestError {
  const code = codeOf(error);
  if (signal.reason instanceof VmguestError) return signal.reason;
  if (signal.aborted || TIMEOUTS.has(code))
    return new VmguestError("REMOTE_STALLED", "the server did not answer in time");
  if (TLS_FAILURE.test(code)) return new VmguestError("REMOTE_TLS", `no secure connection (${code})`);
  if (/^(HPE_|HTTPParserError|UND_ERR_HEADERS_OVERFLOW)/.test(code))
    return new VmguestError("REMOTE_PROTOCOL", `the answer cannot be understood (${code})`);
  const message = REASONS[code] ?? `the connection failed (${code})`;
  return new VmguestError("REMOTE_UNREACHABLE", message);
}

/** The code of an error, or of the first one that it sums up: a name may have several addresses. */
function codeOf(error: unknown): string {
  const { code, cause, errors, name } = error as Partial<AggregateError & NodeJS.ErrnoException>;
  if (typeof code === "string") return code;
  const inner: unknown = errors?.[0] ?? cause;
  return inner === undefined ? (name ?? "unknown") : codeOf(inner);
}
