import type { RequestListener } from "node:http";
import { describe, expect, test } from "vitest";
import { parseHeaderFile } from "../../../src/io/http/index.ts";
import { nextUrl } from "../../../src/io/http/redirects.ts";
import { caught } from "./caught.ts";
import { type LoopbackServer, serveRange, startServer } from "./range-server.ts";
import { RawClient } from "./raw-client.ts";

const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7919) >>> 5);
const SECRETS = { headers: parseHeaderFile("Authorization: Bearer hunter2\nX-Key: hunter2") };

const serve: RequestListener = (request, response) => serveRange(request, response, { bytes });

/** A server that sends `/image.vhdx` on to what `target` says, and has everything else. */
async function startOrigin(target: () => string): Promise<LoopbackServer> {
  return await startServer((request, response) => {
    if (request.url === "/image.vhdx") response.writeHead(302, { location: target() }).end();
    else serve(request, response);
  });
}

const secretsOf = ({ requests }: LoopbackServer) =>
  requests.map(({ headers }) => [headers.authorization, headers["x-key"]].join(" "));

describe("a redirect", () => {
  test("is followed once, and what is read later is read where it led to", async () => {
    await using store = await startServer(serve);
    await using origin = await startOrigin(() => `${store.origin}/stored`);
    await using client = new RawClient(`${origin.origin}/image.vhdx`);
    expect(await client.open()).toMatchObject({ path: `${origin.origin}/image.vhdx` });
    expect(await client.read(70_000, 100)).toEqual(bytes.slice(70_000, 70_100));
    expect(origin.requests).toHaveLength(1);
    expect(store.requests.map(({ url }) => url)).toEqual(["/stored", "/stored"]);
  });

  test("takes no credentials to another server", async () => {
    await using store = await startServer(serve);
    await using origin = await startOrigin(() => `${store.origin}/stored`);
    await using client = new RawClient(`${origin.origin}/image.vhdx`, SECRETS);
    await client.open();
    await client.read(0, 1);
    expect(secretsOf(origin)).toEqual(["Bearer hunter2 hunter2"]);
    expect(secretsOf(store)).toEqual([" ", " "]);
  });

  test("takes them along on the same server", async () => {
    await using origin = await startOrigin(() => "/stored");
    await using client = new RawClient(`${origin.origin}/image.vhdx`, SECRETS);
    await client.open();
    expect(secretsOf(origin)).toEqual(["Bearer hunter2 hunter2", "Bearer hunter2 hunter2"]);
  });

  test("takes none back to the first server from another one", async () => {
    let back = "";
    await using other = await startServer((_, response) => {
      response.writeHead(307, { location: back }).end();
    });
    await using origin = await startOrigin(() => `${other.origin}/`);
    back = `${origin.origin}/private.vhdx`;
    await using client = new RawClient(`${origin.origin}/image.vhdx`, SECRETS);
    await client.open();
    expect(secretsOf(origin)).toEqual(["Bearer hunter2 hunter2", " "]);
  });

  test("is asked for again where what it led to has run out", async () => {
    let count = 0;
    await using store = await startServer((request, response) => {
      if (request.url === `/signed-${count}`) serve(request, response);
      else response.writeHead(403).end();
    });
    await using origin = await startOrigin(() => `${store.origin}/signed-${++count}`);
    await using client = new RawClient(`${origin.origin}/image.vhdx`);
    await client.open();
    count = 7;
    expect(await client.read(0, 4)).toEqual(bytes.slice(0, 4));
    expect(store.requests.map(({ url }) => url)).toEqual(["/signed-1", "/signed-1", "/signed-8"]);
  });

  test("is followed five times, and not a sixth time", async () => {
    for (const [length, isOpen] of [
      [5, true],
      [6, false],
    ] as const) {
      await using server = await startServer((request, response) => {
        const hop = Number(request.url?.slice(1));
        if (hop === length) serve(request, response);
        else response.writeHead(301, { location: `/${hop + 1}` }).end();
      });
      await using client = new RawClient(`${server.origin}/0`);
      expect(typeof (await client.open()) !== "string").toBe(isOpen);
    }
  });

  test.each([
    { from: "https://h.example/a", to: "/b?c=d#e", url: "https://h.example/b?c=d" },
    { from: "https://h.example/a", to: "//i.example/b", url: "https://i.example/b" },
    { from: "http://127.0.0.1:1/a", to: "http://localhost:2/b", url: "http://localhost:2/b" },
    { from: "http://127.0.0.1:1/a", to: "https://h.example/b", url: "https://h.example/b" },
  ])("from $from to $to leads to $url", ({ from, to, url }) => {
    expect(nextUrl(new URL(from), to).href).toBe(url);
  });

  test.each([
    { from: "https://h.example/a", to: "http://h.example/a?sig=hunter2" },
    { from: "https://h.example/a", to: "http://127.0.0.1/?sig=hunter2" },
    { from: "https://h.example/a", to: "https://localhost/?sig=hunter2" },
    { from: "https://h.example/a", to: "https://me:hunter2@h.example/" },
    { from: "https://h.example/a", to: "data:text/plain,x?hunter2" },
    { from: "https://h.example/a", to: "http://[hunter2" },
    { from: "https://h.example/a", to: undefined },
  ])("from $from to $to is refused, without a word of its secrets", ({ from, to }) => {
    const error = caught(() => nextUrl(new URL(from), to));
    expect(error.code).toBe("REMOTE_REDIRECT");
    expect(error.message).not.toContain("hunter2");
  });

  test.each([
    ["localhost."],
    ["images.localhost"],
    ["0.0.0.0"],
    ["0"],
    ["2130706433"],
    ["0x7f.1"],
    ["127.9.9.9."],
    ["[::]"],
    ["[0:0::1]"],
    ["[::ffff:127.0.0.1]"],
    ["[::ffff:0.0.0.0]"],
  ])("to this host is refused where it is spelled %s", (host) => {
    const { message } = caught(() => nextUrl(new URL("https://h.example/a"), `https://${host}/a`));
    expect(message).toContain("sends on to this host itself");
  });

  test.each(["localhost.example", "notlocalhost", "128.0.0.1", "[::2]", "[::ffff:10.0.0.1]"])(
    "to %s leads elsewhere",
    (host) => {
      expect(nextUrl(new URL("https://h.example/a"), `https://${host}/a`).href).toContain(host.slice(0, 8));
    },
  );
});
