import { execFile } from "node:child_process";
import type { RequestListener } from "node:http";
import { promisify } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Code } from "../../../src/errors.ts";
import { parseRetryAfterMs, retryDelayMs } from "../../../src/io/http/retries.ts";
import { bundleProgram } from "../../support/worker-program.ts";
import { serveRange, startServer } from "./range-server.ts";
import { Pauses, RawClient } from "./raw-client.ts";

const bytes = Uint8Array.from({ length: 50_000 }, (_, index) => (index * 7919) >>> 5);
const RETRIES = { attempts: 4, firstDelayMs: 100, delayMaxMs: 1000, retryAfterMaxMs: 30_000 };

interface Meeting {
  readonly outcome: Code | "opened";
  readonly message: string;
  readonly pauses: readonly number[];
  readonly requests: number;
}

/** What comes of opening an object whose server gives these answers first, and then the object. */
async function meet(first: readonly RequestListener[], timeLeftMs?: number): Promise<Meeting> {
  const pauses = new Pauses();
  let count = 0;
  await using server = await startServer((request, response) => {
    const listener = first[count++];
    if (listener === undefined) serveRange(request, response, { bytes });
    else listener(request, response);
  });
  const { delay } = pauses;
  await using client = new RawClient(server.origin, {
    retries: RETRIES,
    delay,
    random: () => 0,
    now: () => 0,
  });
  const outcome = await client.open(timeLeftMs);
  return {
    outcome: typeof outcome === "string" ? outcome : "opened",
    message: client.message,
    pauses: pauses.ms,
    requests: server.requests.length,
  };
}

const status =
  (code: number, headers = {}): RequestListener =>
  (_, response) => {
    response.writeHead(code, headers).end();
  };

const cut: RequestListener = (request, response) => {
  response.writeHead(206, { etag: '"v1"', "content-range": "bytes 0-32767/50000", "content-length": 32_768 });
  response.write(bytes.subarray(0, 99), () => request.socket.destroy());
};

describe("a request is sent again", () => {
  test.each([408, 429, 500, 502, 503, 504])("after status %i", async (code) => {
    expect(await meet([status(code)])).toMatchObject({ outcome: "opened", requests: 2 });
  });

  test("after an answer that broke off, and after a connection that did", async () => {
    const meeting = await meet([cut, (request) => request.socket.destroy()]);
    expect(meeting).toMatchObject({ outcome: "opened", requests: 3 });
  });

  test("after pauses that double, and not forever", async () => {
    const meeting = await meet(Array.from({ length: 9 }, () => status(503)));
    expect(meeting).toEqual({
      outcome: "REMOTE_STATUS",
      message: "the server answered with status 503 (4 attempts)",
      pauses: [50, 100, 200],
      requests: 4,
    });
  });

  test.each([
    { what: "seconds", headers: { "retry-after": "7" }, ms: 7000 },
    { what: "more than we have patience for", headers: { "retry-after": "86400" }, ms: 30_000 },
    {
      what: "a time, which is compared with the server's own clock",
      headers: { "retry-after": "Wed, 21 Oct 2026 07:28:09 GMT", date: "Wed, 21 Oct 2026 07:28:00 GMT" },
      ms: 9000,
    },
    { what: "nonsense", headers: { "retry-after": "soon" }, ms: 50 },
  ])("when the server asks for it: $what", async ({ headers, ms }) => {
    expect(await meet([status(429, headers)])).toMatchObject({ outcome: "opened", pauses: [ms] });
  });

  test("but not where the image has no time left for the pause", async () => {
    expect(await meet([status(503, { "retry-after": "10" })], 9999)).toMatchObject({
      outcome: "REMOTE_STATUS",
      pauses: [],
      requests: 1,
    });
  });

  test("nor at all where no time is left", async () => {
    expect(await meet([], 0)).toMatchObject({ outcome: "REMOTE_STALLED", requests: 0 });
  });

  test.each([400, 401, 403, 404, 501])("nor after status %i, which would come again", async (code) => {
    expect(await meet([status(code)])).toMatchObject({ pauses: [], requests: 1 });
  });
});

test("a pause is never longer than allowed, and never shorter than half of it", () => {
  const cases = fc.record({
    next: fc.integer({ min: 2, max: 60 }),
    random: fc.double({ min: 0, max: 0.999, noNaN: true }),
  });
  fc.assert(
    fc.property(cases, ({ next, random }) => {
      const most = Math.min(1000, 100 * 2 ** (next - 2));
      const delayMs = retryDelayMs(RETRIES, next, random, undefined);
      expect(delayMs).toBeGreaterThanOrEqual(most / 2);
      expect(delayMs).toBeLessThanOrEqual(most);
    }),
  );
});

test("a pause that ended before it began is none", () => {
  const before = "Wed, 21 Oct 2026 07:27:00 GMT";
  expect(parseRetryAfterMs(before, "Wed, 21 Oct 2026 07:28:00 GMT")).toBeUndefined();
  expect(parseRetryAfterMs(before, undefined)).toBeUndefined();
});

test("a process that waits for the next attempt and does nothing else does not end before", async () => {
  await using server = await startServer(status(503));
  const program = await bundleProgram("test/io/http/lone-program.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [program, server.origin]);
  expect(stdout).toBe("REMOTE_STATUS\n");
  expect(server.requests).toHaveLength(2);
});
