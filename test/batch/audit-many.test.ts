import { basename, dirname } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { auditImage, auditMany, type ImageReport } from "../../src/index.ts";
import { RemoteAccess } from "../../src/io/http/index.ts";
import { makeLibrary } from "./image-library.ts";

let paths: readonly string[];
let folder: string;
beforeAll(() => {
  paths = makeLibrary("a.vhdx", "b.vhdx", "c.vhdx");
  folder = dirname(paths[0] ?? "");
});

async function collect(reports: AsyncIterable<ImageReport>): Promise<ImageReport[]> {
  const all: ImageReport[] = [];
  for await (const report of reports) all.push(report);
  return all;
}

test("many images are audited as each alone", async () => {
  const alone = paths.map((path) => auditImage(path, { host: "ws2012r2" }));
  expect(await collect(auditMany([folder], { host: "ws2012r2" }))).toEqual(alone);
  expect(alone.map(({ error }) => error)).toEqual([null, null, null]);
});

test("images are judged as is asked for", async () => {
  const [report] = await collect(auditMany(paths, { host: "ws2012r2", minimumVersion: "99.0.0.0" }));
  expect(report?.guests[0]?.verdict.status).toBe("outdated");
});

test("limits count for each image", async () => {
  const reports = await collect(auditMany(paths, { host: "ws2012r2", limits: { bytes: 1 } }));
  expect(reports.map(({ error }) => error?.code)).toEqual(["READ_LIMIT", "READ_LIMIT", "READ_LIMIT"]);
});

test("who leaves the loop gets no more", async () => {
  const seen: string[] = [];
  for await (const { path } of auditMany(paths, { host: "ws2019" })) {
    seen.push(basename(path));
    break;
  }
  expect(seen).toEqual(["a.vhdx"]);
});

test("without the program of its threads, it says that nobody can wait for a web server", async () => {
  const remote = new RemoteAccess();
  const options = { host: "ws2019", remote } as const;
  const [report] = await collect(auditMany(["https://images.example/a.vhdx"], options));
  await remote.close();
  expect(report).toMatchObject({
    path: "https://images.example/a.vhdx",
    error: { code: "USAGE", message: expect.stringContaining("read by a thread") },
  });
});

test("a signal ends it with its reason", async () => {
  const reason = new Error("enough");
  const options = { host: "ws2019", signal: AbortSignal.abort(reason) } as const;
  await expect(collect(auditMany(paths, options))).rejects.toBe(reason);
});

test("a path that names nothing is refused before anything is read", async () => {
  const named = [...paths, "nowhere"];
  await expect(collect(auditMany(named, { host: "ws2019" }))).rejects.toMatchObject({
    code: "PATH_NOT_FOUND",
  });
});
