import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ImageReport } from "../../src/audit/index.ts";
import { AuditCache } from "../../src/batch/cache/index.ts";
import type { AuditedImage, BatchEvent, BatchOptions, Discovery } from "../../src/batch/index.ts";
import { VmguestError } from "../../src/errors.ts";
import { RemoteAccess } from "../../src/io/http/index.ts";
import { serveRange, startServer } from "../io/http/range-server.ts";
import { CONTAINERS, layGpt, windowsVolume } from "../lab/guest-image.ts";
import { VhdxImage } from "../lab/vhdx.ts";
import { bundleProgram } from "../support/worker-program.ts";
import { AUDIT, auditAll, found } from "./image-library.ts";

const MIB = 1024 * 1024;
const GUID = "00000001-0000-0000-0000-000000000000";

const folder = mkdtempSync(join(tmpdir(), "vmguest-batch-"));
afterAll(() => rmSync(folder, { recursive: true }));

const pathOf = (name: string) => join(folder, name);
const GUESTS = ["a.vhdx", "b.vhdx", "c.vhdx", "d.vhdx", "e.vhdx"];

let workerProgram: string;
beforeAll(async () => {
  workerProgram = await bundleProgram("src/batch/pool/audit-worker.ts");
  const guest = CONTAINERS.vhdx(layGpt([windowsVolume({ release: "ws2012r2" })]));
  for (const name of GUESTS) writeFileSync(pathOf(name), guest);
  const base = new VhdxImage({ virtualSizeBytes: 4 * MIB, dataWriteGuid: GUID });
  const parent = { parent_linkage: `{${GUID}}`, relative_path: ".\\base.vhdx" };
  writeFileSync(pathOf("base.vhdx"), base.toBytes());
  writeFileSync(
    pathOf("child.avhdx"),
    new VhdxImage({ virtualSizeBytes: 4 * MIB, dataWriteGuid: GUID.replace("1", "2"), parent }).toBytes(),
  );
});

const reportOf = ({ json }: AuditedImage): ImageReport => JSON.parse(json);
const listOf = (...names: string[]) => found(names.map(pathOf));
const rolesOf = (images: readonly AuditedImage[]) =>
  images.map((image) => [basename(image.path), reportOf(image).role, image.outcome.role]);

describe("the disks of a chain", () => {
  test.each([true, false])("stand together, and those below are parents; on threads: %s", async (threads) => {
    const images = await auditAll(
      listOf("child.avhdx", "a.vhdx", "base.vhdx"),
      threads ? { workerProgram } : {},
    );
    expect(rolesOf(images)).toEqual([
      ["base.vhdx", "parent", "parent"],
      ["child.avhdx", "leaf", "leaf"],
      ["a.vhdx", "leaf", "leaf"],
    ]);
    expect(images.map(({ position }) => position)).toEqual([0, 1, 2]);
  });
});

test("shards are one batch, each image in one of them at the place that it has in all", async () => {
  const unreadable = ["x", "y", "z"].map((path) => ({ path, error: new VmguestError("IO_OPEN", "closed") }));
  const all = { ...listOf("child.avhdx", ...GUESTS, "base.vhdx"), unreadable };
  const whole = await auditAll(all, { workerProgram });
  const parts: AuditedImage[] = [];
  for (const index of [0, 1, 2])
    parts.push(...(await auditAll(all, { workerProgram, shard: { index, count: 3 } })));
  const order = parts.toSorted((a, b) => a.position - b.position);
  expect(order.map(({ json }) => json)).toEqual(whole.map(({ json }) => json));
  expect(whole.map(({ position }) => position)).toEqual(whole.map((_, index) => index));
});

/** A run of its own with a cache: what it keeps is for the next one. */
async function auditWithCache(
  name: string,
  discovery: Discovery,
  options: Partial<BatchOptions> = {},
): Promise<AuditedImage[]> {
  using cache = AuditCache.open(pathOf(name), {
    options: AUDIT.audit,
    toolVersion: "1",
    // By then nobody can have changed a file unseen.
    now: () => Date.now() + 60_000,
  });
  return await auditAll(discovery, { ...options, cache });
}

describe("with a cache", () => {
  const cachedOf = (images: readonly AuditedImage[]) =>
    images.filter(({ isFromCache }) => isFromCache).map(({ path }) => basename(path));

  test("only what has changed is audited again, and says the same", async () => {
    const names = [...GUESTS, "base.vhdx", "child.avhdx"];
    const audit = () => auditWithCache("one.cache", listOf(...names), { workerProgram });
    const first = await audit();
    expect(cachedOf(first)).toEqual([]);
    const second = await audit();
    expect(cachedOf(second)).toEqual(names);
    const said = ({ json, outcome }: AuditedImage) => [json, outcome];
    expect(second.map(said)).toEqual(first.map(said));
    const cost = ({ reads, bytesRead, wallMs }: AuditedImage) => reads + bytesRead + wallMs;
    expect(second.map(cost)).toEqual(names.map(() => 0));
    utimesSync(pathOf("c.vhdx"), 1, 1);
    expect(cachedOf(await audit())).toEqual(names.filter((name) => name !== "c.vhdx"));
  });

  test("an image that has another role by now is audited again", async () => {
    await auditWithCache("two.cache", listOf("base.vhdx", "child.avhdx"));
    const alone = () => auditWithCache("two.cache", listOf("base.vhdx"));
    const first = await alone();
    expect(rolesOf(first)).toEqual([["base.vhdx", "leaf", "leaf"]]);
    expect(cachedOf(first)).toEqual([]);
    expect(cachedOf(await alone())).toEqual(["base.vhdx"]);
  });

  test("what was audited before the batch was stopped stays", async () => {
    const controller = new AbortController();
    const onEvent = ({ event }: BatchEvent) => {
      if (event === "image-end") controller.abort();
    };
    const { signal } = controller;
    const stopped = auditWithCache("three.cache", listOf(...GUESTS), { signal, onEvent });
    await expect(stopped).rejects.toThrow("aborted");
    expect(cachedOf(await auditWithCache("three.cache", listOf(...GUESTS)))).toEqual(["a.vhdx"]);
  });
});

describe("an image on a web server", () => {
  const serve = () => {
    const bytes = readFileSync(pathOf("a.vhdx"));
    return startServer((request, response) => {
      if (request.url?.startsWith("/a.vhdx")) serveRange(request, response, { bytes });
      else response.writeHead(404).end();
    });
  };

  test("is audited as a file is, beside files, and its signature is shown to nobody", async () => {
    await using server = await serve();
    const remote = new RemoteAccess();
    const url = `${server.origin}/a.vhdx`;
    const mixed = found([`${url}?X-Amz-Signature=secret`, pathOf("a.vhdx"), `${server.origin}/gone.vhdx`]);
    const images = await auditAll(mixed, { workerProgram, remote });
    await remote.close();
    const [web, file, gone] = images.map(reportOf);
    expect(images.map(({ path }) => path)).toEqual([url, pathOf("a.vhdx"), `${server.origin}/gone.vhdx`]);
    expect(web?.guests[0]?.verdict).toEqual(file?.guests[0]?.verdict);
    expect(web).toMatchObject({ path: url, error: null });
    expect(gone?.error?.code).toMatch(/^REMOTE_/);
    expect(JSON.stringify(images)).not.toContain("secret");
  });

  test("is audited on a thread even where it is the only one, and known again", async () => {
    await using server = await serve();
    const remote = new RemoteAccess();
    const one = found([`${server.origin}/a.vhdx`]);
    const [first] = await auditWithCache("remote.cache", one, { workerProgram, remote });
    const [again] = await auditWithCache("remote.cache", one, { workerProgram, remote });
    await remote.close();
    expect(first && reportOf(first)).toMatchObject({ error: null, guests: [{}] });
    expect(again).toMatchObject({ isFromCache: true, json: first?.json });
  });

  test("cannot be audited where no access is given", async () => {
    const [image] = await auditAll(found(["https://images.invalid/a.vhdx"]), { workerProgram });
    expect(image && reportOf(image).error).toMatchObject({ code: "USAGE" });
  });
});
