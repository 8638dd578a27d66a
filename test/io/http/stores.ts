import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { askedRange, type LoopbackServer, startServer } from "./range-server.ts";

// Stores of objects as the large ones behave towards presigned URLs, on this host.

/** What is in a store, by path: `/images/web.vhdx`. A test may change it at any time. */
export type Shelf = Map<string, Uint8Array>;

export interface Store extends LoopbackServer {
  /** A URL that lets its bearer read the object at `path`. */
  sign(path: string): string;
  /** What must be seen nowhere but here. */
  readonly secret: string;
}

const SIGNING_KEY = "the key of the store";

const signatureOf = (scope: string) => createHmac("sha256", SIGNING_KEY).update(scope).digest("hex");

/**
 * As Amazon S3: a URL is signed for one method and one object, so that HEAD is forbidden; errors are XML; an object has
 * its MD5 for an ETag and a version.
 */
export async function startS3(shelf: Shelf): Promise<Store> {
  const secret = signatureOf("GET /images/web.vhdx");
  const common = { server: "AmazonS3", "x-amz-request-id": "T5QJ6A4SGX0PCW2R", "x-amz-id-2": "bG9uZw==" };
  const fail = (response: ServerResponse, status: number, code: string, headers = {}) => {
    response.writeHead(status, { ...common, "content-type": "application/xml", ...headers });
    response.end(`<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code></Error>`);
  };
  const server = await startServer((request, response) => {
    const { pathname, searchParams } = locationOf(request);
    const isSigned = searchParams.get("X-Amz-Signature") === signatureOf(`${request.method} ${pathname}`);
    if (!isSigned) return fail(response, 403, "SignatureDoesNotMatch");
    const bytes = shelf.get(pathname);
    if (bytes === undefined) return fail(response, 404, "NoSuchKey");
    const etag = `"${createHash("md5").update(bytes).digest("hex")}"`;
    if (!matches(request, etag)) return fail(response, 412, "PreconditionFailed");
    const unsatisfied = { "content-range": `bytes */${bytes.length}` };
    sendRange(request, response, bytes, {
      headers: { ...common, etag, "x-amz-version-id": "3HL4kqtJlcpXroDTDmJ", "accept-ranges": "bytes" },
      refuse: () => fail(response, 416, "InvalidRange", unsatisfied),
    });
  });
  const sign = (path: string) =>
    `${server.origin}${path}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA%2F20260502%2Fs3%2Faws4_request` +
    `&X-Amz-Date=20260502T100000Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=${signatureOf(`GET ${path}`)}`;
  return { ...server, sign, secret };
}

/**
 * As Azure Blob storage: a shared access signature is for a whole container, in which page blobs lie; it knows If-Match
 * but not If-Range, and its ETags are times in hexadecimal.
 */
export async function startAzure(shelf: Shelf): Promise<Store> {
  const secret = signatureOf("container");
  const common = { server: "Windows-Azure-Blob/1.0", "x-ms-version": "2022-11-02" };
  const fail = (response: ServerResponse, status: number, code: string) => {
    response.writeHead(status, { ...common, "x-ms-error-code": code }).end();
  };
  const server = await startServer((request, response) => {
    const { pathname, searchParams } = locationOf(request);
    if (searchParams.get("sig") !== secret) return fail(response, 403, "AuthenticationFailed");
    const bytes = shelf.get(pathname);
    if (bytes === undefined) return fail(response, 404, "BlobNotFound");
    const etag = `"0x8D${createHash("md5").update(bytes).digest("hex").slice(0, 13).toUpperCase()}"`;
    if (!matches(request, etag)) return fail(response, 412, "ConditionNotMet");
    sendRange(request, response, bytes, {
      headers: { ...common, etag, "x-ms-blob-type": "PageBlob" },
      refuse: () => fail(response, 416, "InvalidRange"),
    });
  });
  const sign = (path: string) =>
    `${server.origin}${path}?sv=2022-11-02&se=2026-05-02T11%3A00%3A00Z&sr=c&sp=r&sig=${secret}`;
  return { ...server, sign, secret };
}

const locationOf = (request: IncomingMessage) => new URL(request.url ?? "/", "http://store");

const matches = ({ headers }: IncomingMessage, etag: string) => (headers["if-match"] ?? etag) === etag;

function sendRange(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Uint8Array,
  how: { readonly headers: Readonly<Record<string, string>>; readonly refuse: () => void },
): ReturnType<RequestListener> {
  const [first, asked] = askedRange(request);
  if (first >= bytes.length) return how.refuse();
  const last = Math.min(asked, bytes.length - 1);
  response.writeHead(206, {
    ...how.headers,
    "last-modified": "Sat, 02 May 2026 10:00:00 GMT",
    "content-length": last - first + 1,
    "content-range": `bytes ${first}-${last}/${bytes.length}`,
  });
  response.end(bytes.subarray(first, last + 1));
}
