import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Where a range begins and ends, both counted, as a request asks for it. */
export function askedRange({ headers }: IncomingMessage): [first: number, last: number] {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? [];
  if (first === undefined) throw new Error(`no range in ${JSON.stringify(headers)}`);
  return [Number(first), Number(last)];
}

export interface ServedObject {
  readonly bytes: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The headers of an object that does not change. */
export const STEADY = { etag: '"v1"', "last-modified": "Sat, 02 May 2026 10:00:00 GMT" };

/** Answers as a server does that has understood what a range is. `change` may make the answer a wrong one. */
export function serveRange(
  request: IncomingMessage,
  response: ServerResponse,
  { bytes, headers = STEADY }: ServedObject,
  change: {
    readonly status?: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: Uint8Array;
  } = {},
): void {
  const [first, asked] = askedRange(request);
  const last = Math.min(asked, bytes.length - 1);
  if (first > last) {
    response.writeHead(416, { ...headers, "content-range": `bytes */${bytes.length}` }).end();
    return;
  }
  const body = change.body ?? bytes.subarray(first, last + 1);
  response.writeHead(change.status ?? 206, {
    ...headers,
    "content-range": `bytes ${first}-${last}/${bytes.length}`,
    "content-length": String(body.length),
    ...change.headers,
  });
  response.end(body);
}

/** A server of this host that tells what it was asked. */
export interface LoopbackServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  readonly requests: IncomingMessage[];
}

export async function startServer(listener: RequestListener): Promise<LoopbackServer> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
