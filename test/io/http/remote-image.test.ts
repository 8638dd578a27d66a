import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openRemoteImage, RemoteAccess, shownUrl } from "../../../src/io/http/index.ts";
import { auditBytes, imageFile } from "../../audit/audits.ts";
import { layGpt, windowsVolume } from "../../lab/guest-image.ts";
import { DATA_WRITE_GUID, VhdxImage, vhdxOf } from "../../lab/vhdx.ts";
import { ownFolder } from "../../support/own-folder.ts";
import { caught } from "./caught.ts";
import { buildParserProgram, type ParserStart, ParserThread } from "./parser-thread.ts";
import { STEADY, serveRange, startServer } from "./range-server.ts";
import { startAzure, startS3 } from "./stores.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

const access = new RemoteAccess();
let program: string;
beforeAll(async () => {
  program = await buildParserProgram();
});
afterAll(async () => await access.close());

const disk = layGpt([windowsVolume({ release: "ws2012r2" })]);
const image = vhdxOf(disk).toBytes();
const child = new VhdxImage({
  virtualSizeBytes: disk.length,
  parent: { parent_linkage: `{${DATA_WRITE_GUID}}`, relative_path: ".\\base.vhdx" },
}).toBytes();

/** A thread that knows the image by its shown name alone. */
function parse(url: string, start: Omit<ParserStart, "url" | "port"> = {}, by = access): ParserThread {
  return new ParserThread(program, { ...start, url: shownUrl(url), port: by.connect(url) });
}

describe("an image on a web server", () => {
  test("is audited like the same file on this host, and each read that is counted is a request", async () => {
    await using server = await startServer((request, response) =>
      serveRange(request, response, { bytes: image }),
    );
    const url = `${server.origin}/image.vhdx`;
    await using thread = parse(url);
    const remote = await thread.audit();
    const local = auditBytes(image);
    expect(remote.image).toEqual(JSON.parse(JSON.stringify(local).replaceAll(local.path, url)));
    expect(server.requests).toHaveLength(remote.reads);
    expect(remote.bytesRead).toBeLessThan(4 * MIB);
  });

  test("gives the bytes of any range, in requests of whole pages and of 4 MiB at most", async () => {
    const bytes = Uint8Array.from({ length: 9 * MIB + 5 }, (_, index) => (index * 7919) >>> 5);
    const asked: string[] = [];
    await using server = await startServer((request, response) => {
      asked.push(request.headers.range ?? "");
      serveRange(request, response, { bytes });
    });
    await using thread = parse(`${server.origin}/a`);
    const read = async (offset: number, length: number) => {
      asked.length = 0;
      const { result } = await thread.ask({ kind: "read", offset, length });
      expect(Buffer.compare(result as Uint8Array, bytes.subarray(offset, offset + length))).toBe(0);
      return asked;
    };
    expect(await read(5, 10)).toEqual(["bytes=0-32767"]);
    expect(await read(20 * KIB, 10)).toEqual([]);
    expect(await read(100 * KIB, 100)).toEqual(["bytes=98304-131071"]);
    expect(await read(31 * KIB, 200 * KIB)).toEqual(["bytes=32768-98303", "bytes=131072-262143"]);
    expect(await read(9 * MIB, 5)).toEqual([`bytes=${9 * MIB}-${9 * MIB + 4}`]);
    expect(await read(0, bytes.length)).toContain("bytes=262144-4456447");
    expect((await thread.ask({ kind: "read", offset: 9 * MIB, length: 6 })).error?.code).toBe(
      "OUT_OF_BOUNDS",
    );
  });

  test("is known by its shown URL, when it was put there, and its places are in it", async () => {
    await using server = await startServer((request, response) =>
      serveRange(request, response, { bytes: image }),
    );
    await using thread = parse(`${server.origin}/a?sig=c0ffee`);
    const { result } = await thread.ask({ kind: "describe" });
    const path = `${server.origin}/a`;
    expect(result).toEqual({
      path,
      identity: path,
      sizeBytes: image.length,
      modifiedMs: Date.parse(STEADY["last-modified"]),
      origin: { file: path, offset: 0 },
    });
  });

  test("is not read on the main thread, which would stand still", () => {
    const port = access.connect("https://h.example/a");
    const error = caught(() => openRemoteImage("https://h.example/a?sig=c0ffee", port));
    expect(error).toMatchObject({ code: "USAGE", where: { image: "https://h.example/a" } });
    port.close();
  });

  test("needs a port each time it is opened", async () => {
    await using server = await startServer((request, response) =>
      serveRange(request, response, { bytes: image }),
    );
    await using thread = parse(`${server.origin}/a`);
    expect((await thread.audit()).image.error).toBeNull();
    expect((await thread.ask({ kind: "describe" })).error?.code).toBe("USAGE");
  });

  test("that changes during the audit is not judged, nor asked for again", async () => {
    let count = 0;
    await using server = await startServer((request, response) => {
      const headers = { ...STEADY, etag: ++count > 5 ? '"v2"' : '"v1"' };
      serveRange(request, response, { bytes: image, headers });
    });
    await using thread = parse(`${server.origin}/a`);
    const { image: report } = await thread.audit();
    expect(report).toMatchObject({ guests: [], error: { code: "REMOTE_CHANGED" } });
    expect(count).toBe(6);
  });

  test("that changes after the last read is not judged either", async () => {
    let headers = STEADY;
    await using server = await startServer((request, response) =>
      serveRange(request, response, { bytes: image, headers }),
    );
    await using thread = parse(`${server.origin}/a`);
    expect((await thread.ask({ kind: "check" })).error).toBeUndefined();
    headers = { ...STEADY, etag: '"v2"' };
    expect((await thread.ask({ kind: "check" })).error?.code).toBe("REMOTE_CHANGED");
  });
});

describe("while a thread waits for a server that does not answer,", () => {
  /** A server that answers once, and the second request. */
  async function startSilent() {
    let isFirst = true;
    let tell = (_: NodeJS.EventEmitter) => {};
    const second = new Promise<NodeJS.EventEmitter>((resolve) => {
      tell = resolve;
    });
    const server = await startServer((request, response) => {
      if (isFirst) serveRange(request, response, { bytes: image });
      else tell(response);
      isFirst = false;
    });
    return { server, second };
  }
  const far = { kind: "read", offset: MIB, length: 1 } as const;

  test("the time that the image may take runs out: READ_LIMIT", async () => {
    const { server } = await startSilent();
    await using _ = server;
    await using thread = parse(`${server.origin}/a`, { limits: { seconds: 0.3, bytes: MIB } });
    expect((await thread.ask(far)).error?.code).toBe("READ_LIMIT");
  });

  test("it can be terminated, and the request ends with it", async () => {
    const { server, second } = await startSilent();
    await using _ = server;
    const thread = parse(`${server.origin}/a`);
    const asked = thread.ask(far).catch(() => undefined);
    const response = await second;
    const closed = once(response, "close");
    await thread[Symbol.asyncDispose]();
    await closed;
    void asked;
  });

  test("the access may be closed: it gets an error", async () => {
    const { server, second } = await startSilent();
    await using _ = server;
    const own = new RemoteAccess();
    await using thread = parse(`${server.origin}/a`, {}, own);
    const asked = thread.ask(far);
    await second;
    await own.close();
    const error = { code: "REMOTE_UNREACHABLE", message: "the access to remote images was closed" };
    expect((await asked).error).toMatchObject(error);
    expect((await thread.ask(far)).error).toMatchObject(error);
  });
});

describe("what an image may cost counts for", () => {
  test("the bytes that are asked for", async () => {
    await using server = await startServer((request, response) =>
      serveRange(request, response, { bytes: image }),
    );
    await using thread = parse(`${server.origin}/a`, { limits: { seconds: 60, bytes: 64 * KIB } });
    const { image: report } = await thread.audit();
    expect(report).toMatchObject({ error: { code: "READ_LIMIT" } });
    expect(server.requests).toHaveLength(2);
  });
});

describe("the parent of a disk on a web server", () => {
  const shelf = new Map([
    ["/images/child.avhdx", child],
    ["/images/base.vhdx", image],
  ]);

  test("is read beside it, where the same signature lets us", async () => {
    await using store = await startAzure(shelf);
    await using thread = parse(store.sign("/images/child.avhdx"));
    const { image: report } = await thread.audit();
    const chain = ["child.avhdx", "base.vhdx"].map((name) => `${store.origin}/images/${name}`);
    expect(report).toMatchObject({ error: null, container: { kind: "differencing", chain }, findings: [] });
    expect(report.guests).toHaveLength(1);
  });

  test("is missing where the server has none", async () => {
    await using store = await startAzure(new Map([["/images/child.avhdx", child]]));
    await using thread = parse(store.sign("/images/child.avhdx"));
    expect((await thread.audit()).image.error).toMatchObject({ code: "DISK_PARENT_MISSING" });
  });

  test("is refused where the URL is signed for one object alone, which says what to do", async () => {
    await using store = await startS3(shelf);
    await using thread = parse(store.sign("/images/child.avhdx"));
    const { error } = (await thread.audit()).image;
    expect(error).toMatchObject({ code: "REMOTE_PARENT", hint: expect.stringContaining("--parent-root") });
  });

  test("is read in the folders that were named, and then nowhere else", async () => {
    const path = imageFile("base.vhdx", image);
    await using store = await startAzure(shelf);
    const url = store.sign("/images/child.avhdx");
    await using thread = parse(url, { parentRoots: [ownFolder()] });
    const { image: report } = await thread.audit();
    expect(report).toMatchObject({ error: null, container: { chain: [shownUrl(url), path] } });
    expect(new Set(store.requests.map((request) => request.url?.split("?")[0]))).toEqual(
      new Set(["/images/child.avhdx"]),
    );
  });

  test.each([
    ["..\\base.vhdx", "DISK_PARENT_OUTSIDE"],
    [".\\sub\\..\\..\\base.vhdx", "DISK_PARENT_OUTSIDE"],
    [".\\child.avhdx", "DISK_PARENT_CYCLE"],
  ])("is not %s: %s", async (relative_path, code) => {
    const parent = { parent_linkage: `{${DATA_WRITE_GUID}}`, relative_path };
    const strange = new VhdxImage({ virtualSizeBytes: disk.length, parent }).toBytes();
    await using store = await startAzure(new Map([["/images/child.avhdx", strange]]));
    await using thread = parse(store.sign("/images/child.avhdx"));
    expect((await thread.audit()).image.error).toMatchObject({ code });
    for (const { url } of store.requests) expect(url).toMatch(/^\/images\//);
  });
});

describe.each([
  { name: "S3", start: startS3 },
  { name: "Azure Blob storage", start: startAzure },
])("a presigned URL of $name", ({ start }) => {
  test("is all that an audit needs, and its secret is in nothing that comes out of it", async () => {
    await using store = await start(new Map([["/images/web.vhdx", image]]));
    const url = store.sign("/images/web.vhdx");
    expect(url).toContain(store.secret);
    await using thread = parse(url);
    const described = await thread.ask({ kind: "describe" });
    const { image: report } = await thread.audit();
    expect(report).toMatchObject({ path: `${store.origin}/images/web.vhdx`, error: null });
    expect(report.guests).toHaveLength(1);
    const identity = await access.identify(url);
    expect(identity).toMatch(/^etag "/);
    expect(JSON.stringify([report, described, identity])).not.toContain(store.secret);
  });

  test.each([
    {
      what: "was signed for another object",
      change: (url: string) => url.replace(/(Signature|sig)=../, "$1=00"),
      code: "REMOTE_FORBIDDEN",
    },
    { what: "names none", change: (url: string) => url, code: "REMOTE_NOT_FOUND" },
  ])("that $what: $code, without its secret", async ({ change, code }) => {
    await using store = await start(new Map());
    await using thread = parse(change(store.sign("/images/web.vhdx")));
    const { image: report } = await thread.audit();
    expect(report.error).toMatchObject({ code, where: `${store.origin}/images/web.vhdx: offset 0x0` });
    expect(JSON.stringify(report)).not.toContain(store.secret.slice(2));
  });

  test("notices that the object was replaced", async () => {
    const shelf = new Map([["/images/web.vhdx", image]]);
    await using store = await start(shelf);
    await using thread = parse(store.sign("/images/web.vhdx"));
    await thread.ask({ kind: "check" });
    shelf.set("/images/web.vhdx", image.slice(0, -1));
    expect((await thread.ask({ kind: "check" })).error?.code).toBe("REMOTE_CHANGED");
  });
});
