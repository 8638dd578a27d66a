import type { RequestListener, ServerResponse } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, test } from "vitest";
import type { Code } from "../../../src/errors.ts";
import { STEADY, serveRange, startServer } from "./range-server.ts";
import { RawClient } from "./raw-client.ts";

const KIB = 1024;
const bytes = Uint8Array.from({ length: 200 * KIB }, (_, index) => (index * 7919) >>> 5);
const object = { bytes };

/** For answers that never come; any other might be late on a busy host. */
const IMPATIENT = { timeouts: { silenceMs: 100, answerMs: 300 } };

/** What the server at `path` makes of the first request of all. */
async function openAt(listener: RequestListener, options = {}): Promise<[Code | "opened", string]> {
  await using server = await startServer(listener);
  await using client = new RawClient(`${server.origin}/image.vhdx`, options);
  const outcome = await client.open();
  return [typeof outcome === "string" ? outcome : "opened", client.message];
}

const status =
  (code: number, headers = {}): RequestListener =>
  (_, response) => {
    response.writeHead(code, headers).end();
  };

const changedAnswer =
  (change: Parameters<typeof serveRange>[3], headers: Record<string, string> = STEADY): RequestListener =>
  (request, response) =>
    serveRange(request, response, { bytes, headers }, change);

/** Writes for as long as somebody listens. */
function writeOn(response: ServerResponse): void {
  while (!response.destroyed && response.write(new Uint8Array(64 * KIB)));
  if (!response.destroyed) response.once("drain", () => writeOn(response));
}

describe("a server that", () => {
  const CASES: { what: string; listener: RequestListener; code: Code | "opened" }[] = [
    { what: "knows ranges is read from", listener: changedAnswer({}), code: "opened" },
    { what: "knows nothing of ranges", listener: changedAnswer({ status: 200 }), code: "REMOTE_NO_RANGES" },
    {
      what: "does not say which part it sends",
      listener: changedAnswer({ headers: { "content-range": "" } }),
      code: "REMOTE_RANGE_WRONG",
    },
    {
      what: "sends another part than asked for",
      listener: changedAnswer({ headers: { "content-range": `bytes 1-${32 * KIB}/${bytes.length}` } }),
      code: "REMOTE_RANGE_WRONG",
    },
    {
      what: "sends less than asked for, and says so",
      listener: changedAnswer({ headers: { "content-range": `bytes 0-99/${bytes.length}` } }),
      code: "REMOTE_RANGE_WRONG",
    },
    {
      what: "does not say how large the object is",
      listener: changedAnswer({ headers: { "content-range": `bytes 0-${32 * KIB - 1}/*` } }),
      code: "REMOTE_RANGE_WRONG",
    },
    {
      what: "says that the object is larger than any",
      listener: changedAnswer({ headers: { "content-range": `bytes 0-${32 * KIB - 1}/9999999999999999` } }),
      code: "REMOTE_RANGE_WRONG",
    },
    {
      what: "says that the object ends before the part",
      listener: changedAnswer({ headers: { "content-range": `bytes 0-${32 * KIB - 1}/100` } }),
      code: "REMOTE_RANGE_WRONG",
    },
    {
      what: "sends fewer bytes than it says",
      listener: changedAnswer({ body: bytes.subarray(0, 99) }),
      code: "REMOTE_RANGE_WRONG",
    },
    {
      what: "sends more bytes than it says",
      listener: changedAnswer({ body: bytes }),
      code: "REMOTE_RANGE_WRONG",
    },
    {
      what: "compresses what nobody wanted compressed",
      listener: changedAnswer({ headers: { "content-encoding": "gzip" } }),
      code: "REMOTE_RANGE_WRONG",
    },
    {
      what: "gives the object no version",
      listener: changedAnswer({}, {}),
      code: "REMOTE_NO_VERSION",
    },
    { what: "wants credentials", listener: status(401), code: "REMOTE_UNAUTHORIZED" },
    { what: "does not let us in", listener: status(403), code: "REMOTE_FORBIDDEN" },
    { what: "has no such object", listener: status(404), code: "REMOTE_NOT_FOUND" },
    { what: "had such an object once", listener: status(410), code: "REMOTE_NOT_FOUND" },
    { what: "is out of order", listener: status(500), code: "REMOTE_STATUS" },
    { what: "is a teapot", listener: status(418), code: "REMOTE_STATUS" },
    { what: "sends on to nowhere", listener: status(302), code: "REMOTE_REDIRECT" },
    {
      what: "sends on in a circle",
      listener: status(302, { location: "/image.vhdx" }),
      code: "REMOTE_REDIRECT",
    },
    {
      what: "sends on to http on another host",
      listener: status(302, { location: "http://192.0.2.1/image.vhdx" }),
      code: "REMOTE_REDIRECT",
    },
    {
      what: "sends on to something that is not the web",
      listener: status(302, { location: "file:///etc/passwd" }),
      code: "REMOTE_REDIRECT",
    },
    {
      what: "sends on with a password",
      listener: status(302, { location: "https://me:secret@192.0.2.1/" }),
      code: "REMOTE_REDIRECT",
    },
    { what: "does not answer", listener: () => undefined, code: "REMOTE_STALLED" },
    {
      what: "stops in the middle of an answer",
      listener: (_, response) => {
        response.writeHead(206, { ...STEADY, "content-range": `bytes 0-${32 * KIB - 1}/${bytes.length}` });
        response.write(bytes.subarray(0, 99));
      },
      code: "REMOTE_STALLED",
    },
    {
      what: "breaks the connection",
      listener: (request) => {
        request.socket.destroy();
      },
      code: "REMOTE_UNREACHABLE",
    },
    {
      what: "breaks it in the middle of an answer",
      listener: (_, response) => {
        response.writeHead(206, {
          ...STEADY,
          "content-range": `bytes 0-${32 * KIB - 1}/${bytes.length}`,
          "content-length": 32 * KIB,
        });
        response.write(bytes.subarray(0, 99), () => response.destroy());
      },
      code: "REMOTE_UNREACHABLE",
    },
  ];

  test.each(CASES)("$what: $code", async ({ listener, code }) => {
    const [outcome, message] = await openAt(listener, code === "REMOTE_STALLED" ? IMPATIENT : {});
    expect(outcome).toBe(code);
    expect(message).not.toMatch(/secret|undefined|\[object/);
  });

  test("sends a byte now and then: REMOTE_STALLED, however often it sends", async () => {
    const drip = (response: ServerResponse) => {
      if (!response.destroyed) response.write("x", () => setTimeout(drip, 10, response));
    };
    const listener: RequestListener = (_, response) => {
      response.writeHead(206, { ...STEADY, "content-range": `bytes 0-${32 * KIB - 1}/${bytes.length}` });
      drip(response);
    };
    const [outcome] = await openAt(listener, { timeouts: { answerMs: 100 } });
    expect(outcome).toBe("REMOTE_STALLED");
  });

  test("sends the whole object, without end: none of it is taken", async () => {
    let close = () => {};
    const closed = new Promise<void>((resolve) => {
      close = resolve;
    });
    const listener: RequestListener = (_, response) => {
      response.writeHead(200, STEADY).once("close", close);
      writeOn(response);
    };
    const [outcome] = await openAt(listener);
    expect(outcome).toBe("REMOTE_NO_RANGES");
    await closed;
  });

  test("speaks something else: REMOTE_PROTOCOL", async () => {
    const server = createServer((socket) => socket.write("SSH-2.0-OpenSSH_9.2\r\n"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await using client = new RawClient(`http://127.0.0.1:${port}/`);
    expect(await client.open()).toBe("REMOTE_PROTOCOL");
    server.close();
  });

  test("knows no TLS: REMOTE_TLS", async () => {
    await using server = await startServer(status(200));
    await using client = new RawClient(server.origin.replace("http:", "https:"));
    expect(await client.open()).toBe("REMOTE_TLS");
  });

  test("is not there: REMOTE_UNREACHABLE", async () => {
    const server = await startServer(status(200));
    await server[Symbol.asyncDispose]();
    await using client = new RawClient(server.origin);
    expect(await client.open()).toBe("REMOTE_UNREACHABLE");
  });
});

describe("an object that was opened and then", () => {
  const LATER: {
    what: string;
    later: RequestListener;
    code: Code | "read";
    headers?: Record<string, string>;
  }[] = [
    { what: "stays as it is", later: changedAnswer({}), code: "read" },
    { what: "has another ETag", later: changedAnswer({ headers: { etag: '"v2"' } }), code: "REMOTE_CHANGED" },
    { what: "has no ETag", later: changedAnswer({}, {}), code: "REMOTE_CHANGED" },
    {
      what: "has another size",
      later: (request, response) => serveRange(request, response, { bytes: bytes.subarray(1) }),
      code: "REMOTE_CHANGED",
    },
    { what: "fails the condition", later: status(412), code: "REMOTE_CHANGED" },
    { what: "has no such range", later: status(416), code: "REMOTE_CHANGED" },
    {
      what: "comes as a whole, in another version",
      later: status(200, { etag: '"v2"' }),
      code: "REMOTE_CHANGED",
    },
    { what: "comes as a whole", later: status(200, STEADY), code: "REMOTE_NO_RANGES" },
    { what: "is gone", later: status(404), code: "REMOTE_NOT_FOUND" },
    {
      what: "was stored again with the same bytes",
      later: changedAnswer({ headers: { "last-modified": "Sun, 03 May 2026 10:00:00 GMT" } }),
      code: "read",
    },
    {
      what: "has another time, where an ETag is weak",
      headers: { ...STEADY, etag: 'W/"v1"' },
      later: changedAnswer({ headers: { etag: 'W/"v1"', "last-modified": "Sun, 03 May 2026 10:00:00 GMT" } }),
      code: "REMOTE_CHANGED",
    },
    {
      what: "has another time, where there is no ETag",
      headers: { "last-modified": STEADY["last-modified"] },
      later: changedAnswer({}, { "last-modified": "Sun, 03 May 2026 10:00:00 GMT" }),
      code: "REMOTE_CHANGED",
    },
    {
      what: "comes from another place",
      later: changedAnswer({ headers: { "content-range": `bytes 0-99/${bytes.length}` } }),
      code: "REMOTE_RANGE_WRONG",
    },
  ];

  test.each(LATER)("$what: $code", async ({ later, code, headers = STEADY }) => {
    let isOpen = false;
    await using server = await startServer((request, response) => {
      if (isOpen) later(request, response);
      else serveRange(request, response, { bytes, headers });
    });
    await using client = new RawClient(`${server.origin}/image.vhdx`);
    expect(await client.open()).toMatchObject({ sizeBytes: bytes.length });
    isOpen = true;
    const outcome = await client.read(100 * KIB, 100);
    if (code === "read") expect(outcome).toEqual(bytes.slice(100 * KIB, 100 * KIB + 100));
    else expect(outcome).toBe(code);
  });

  test.each([
    { etag: '"v1"', condition: '"v1"' },
    { etag: 'W/"v1"', condition: undefined },
  ])("is $etag is asked for under the condition $condition", async ({ etag, condition }) => {
    await using server = await startServer((request, response) =>
      serveRange(request, response, { bytes, headers: { ...STEADY, etag } }),
    );
    await using client = new RawClient(`${server.origin}/image.vhdx`);
    await client.open();
    await client.read(0, 1);
    const [first, second] = server.requests.map(({ headers }) => headers);
    expect(first).toMatchObject({ range: "bytes=0-32767", "accept-encoding": "identity" });
    expect(first).not.toHaveProperty("if-match");
    expect(second?.["if-match"]).toBe(condition);
    expect(server.requests.map(({ method }) => method)).toEqual(["GET", "GET"]);
  });
});

describe("an object", () => {
  test.each([0, 1, 32 * KIB - 1, 32 * KIB, 32 * KIB + 1])("of %i bytes is opened", async (size) => {
    await using server = await startServer((request, response) =>
      serveRange(request, response, { bytes: bytes.subarray(0, size) }),
    );
    await using client = new RawClient(`${server.origin}/image.vhdx`);
    const head = bytes.slice(0, Math.min(size, 32 * KIB));
    expect(await client.open()).toMatchObject({ sizeBytes: size, head });
  });

  test("without a byte is opened where all of it comes, too", async () => {
    await using server = await startServer(status(200, { ...STEADY, "content-length": "0" }));
    await using client = new RawClient(server.origin);
    expect(await client.open()).toMatchObject({ sizeBytes: 0 });
  });

  test("is asked for once at a time where no more is allowed", async () => {
    let underWay = 0;
    let most = 0;
    await using server = await startServer((request, response) => {
      most = Math.max(most, ++underWay);
      response.once("finish", () => underWay--);
      setImmediate(() => serveRange(request, response, object));
    });
    await using client = new RawClient(server.origin, { maxConcurrent: 2 });
    const urls = Array.from({ length: 10 }, (_, index) => `${server.origin}/${index}`);
    const identities = await Promise.all(urls.map(async (url) => await client.access.identify(url)));
    expect(new Set(identities)).toEqual(new Set([`etag "v1" ${bytes.length}`]));
    expect(most).toBeLessThanOrEqual(2);
  });
});
