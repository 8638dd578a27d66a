import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { RemoteAccess } from "../../../src/io/http/index.ts";
import { caught } from "./caught.ts";
import { serveRange, startServer } from "./range-server.ts";
import { RawClient } from "./raw-client.ts";

const bytes = new Uint8Array(100_000);

/** A proxy that tells what it is asked for and lets nobody through. */
async function startProxy() {
  const asked: string[] = [];
  const proxy = createServer().listen(0, "127.0.0.1");
  proxy.on("connect", (request, socket) => {
    asked.push(`${request.url} ${request.headers["proxy-authorization"]}`);
    socket.end("HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n");
  });
  await once(proxy, "listening");
  const { port } = proxy.address() as AddressInfo;
  return { url: `http://me:hunter2@127.0.0.1:${port}`, asked, [Symbol.dispose]: () => proxy.close() };
}

describe("the access to web servers", () => {
  test("goes through the proxy that the environment names, and tells nobody its password", async () => {
    using proxy = await startProxy();
    await using client = new RawClient("https://h.example/a", { env: { HTTPS_PROXY: proxy.url } });
    expect(await client.open()).toBe("REMOTE_UNREACHABLE");
    expect(proxy.asked).toEqual([`h.example:443 Basic ${btoa("me:hunter2")}`]);
    expect(JSON.stringify(client.answers)).not.toContain("hunter2");
  });

  test("goes to this host without it", async () => {
    using proxy = await startProxy();
    await using server = await startServer((request, response) => serveRange(request, response, { bytes }));
    const env = { HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url };
    await using client = new RawClient(server.origin, { env });
    expect(await client.open()).toMatchObject({ sizeBytes: bytes.length });
    expect(proxy.asked).toEqual([]);
  });

  test("gives nothing but errors when it is closed, and waits for nobody", async () => {
    await using server = await startServer((request, response) => serveRange(request, response, { bytes }));
    const client = new RawClient(server.origin);
    await client.open();
    await client[Symbol.asyncDispose]();
    await using late = new RawClient(server.origin);
    await late.access.close();
    expect(await late.open()).toBe("REMOTE_UNREACHABLE");
    await expect(late.access.identify(server.origin)).rejects.toMatchObject({ code: "REMOTE_UNREACHABLE" });
    expect(server.requests).toHaveLength(1);
  });

  test("has the headers of file and environment, of which the file's count more", async () => {
    await using server = await startServer((request, response) => serveRange(request, response, { bytes }));
    const access = RemoteAccess.create({
      headerFileText: "Authorization: of the file",
      env: { VMGUEST_HTTP_AUTHORIZATION: "of the environment", VMGUEST_HTTP_HEADERS: "X-Key: 1" },
    });
    await access.identify(server.origin);
    await access.close();
    expect(server.requests[0]?.headers).toMatchObject({ authorization: "of the file", "x-key": "1" });
  });

  test("asks no more than twice what an object is: whoever audits it has the patience", async () => {
    await using server = await startServer((_, response) => response.writeHead(503).end());
    const access = new RemoteAccess({ delay: async () => undefined });
    await expect(access.identify(server.origin)).rejects.toMatchObject({ code: "REMOTE_STATUS" });
    expect(server.requests).toHaveLength(2);
    await access.close();
  });

  test("refuses a URL before anything is asked", () => {
    const access = new RemoteAccess();
    expect(caught(() => access.connect("http://h.example/a")).code).toBe("REMOTE_SCHEME");
  });
});
