import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  linkSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HEAD_LENGTH, HEADER_LINE, makeLine } from "../../../src/batch/cache/record-line.ts";
import type { BatchAuditOptions } from "../../../src/batch/index.ts";
import { brokenImage, image } from "../../report/reports.ts";
import { audited, findIn, keep, keptReport, newFolder, openCache, rawFile } from "./kept-images.ts";

/** An image that a cache has, and the cache. */
function keptImage() {
  const folder = newFolder();
  const path = rawFile(folder, "web01.raw");
  const file = join(folder, "cache");
  expect(keep(file, path)).toBe(true);
  return { folder, path, file };
}

test("an image that nobody touched is found as it was kept, by every run to come", () => {
  const { path, file } = keptImage();
  for (let run = 0; run < 2; run++) expect(findIn(file, path)).toEqual(audited(path));
});

test("an image that was never kept is not found", () => {
  const { folder, file } = keptImage();
  expect(findIn(file, rawFile(folder, "web02.raw"))).toBeUndefined();
  expect(findIn(file, join(folder, "absent.raw"))).toBeUndefined();
});

describe("an image is audited again after", () => {
  const UNDO = ".vmguest-undo";

  test.each<{ what: string; change: (path: string, folder: string) => void }>([
    { what: "its bytes were written over", change: (path) => writeFileSync(path, Buffer.alloc(512, 1)) },
    { what: "it became longer", change: (path) => appendFileSync(path, "x") },
    {
      what: "its bytes were written over and its date put back",
      change: (path) => {
        const { atime, mtime } = statSync(path);
        writeFileSync(path, Buffer.alloc(512, 1));
        utimesSync(path, atime, mtime);
      },
    },
    { what: "its date was changed", change: (path) => utimesSync(path, 1, 1) },
    { what: "its rights were changed", change: (path) => chmodSync(path, 0o600) },
    { what: "it got a second name", change: (path) => linkSync(path, `${path}.link`) },
    {
      what: "another file took its place",
      change: (path) => {
        copyFileSync(path, `${path}.copy`);
        renameSync(`${path}.copy`, path);
      },
    },
    {
      what: "a link to another file took its place",
      change: (path, folder) => {
        rmSync(path);
        symlinkSync(rawFile(folder, "other.raw"), path);
      },
    },
    { what: "it was removed", change: (path) => rmSync(path) },
    { what: "an undo file was left beside it", change: (path) => writeFileSync(`${path}${UNDO}`, "") },
    {
      what: "a link that leads nowhere took the place of an undo file",
      change: (path) => symlinkSync("nowhere", `${path}${UNDO}`),
    },
  ])("$what", ({ change }) => {
    const { path, file, folder } = keptImage();
    change(path, folder);
    expect(findIn(file, path)).toBeUndefined();
  });

  test("its undo file was removed, or written to", () => {
    const folder = newFolder();
    const path = rawFile(folder, "web01.raw");
    const undo = rawFile(folder, `web01.raw${UNDO}`);
    const file = join(folder, "cache");
    keep(file, path);
    expect(findIn(file, path)).toBeDefined();
    writeFileSync(undo, Buffer.alloc(512, 1));
    expect(findIn(file, path)).toBeUndefined();
    keep(file, path);
    rmSync(undo);
    expect(findIn(file, path)).toBeUndefined();
  });

  test("one of its parents was written to, or is gone", () => {
    const folder = newFolder();
    const [path = "", parent = "", base = ""] = ["leaf", "parent", "base"].map((name) =>
      rawFile(folder, name),
    );
    const file = join(folder, "cache");
    const chain = audited(path, { container: { chain: [path, parent, base] } });
    keep(file, path, chain);
    expect(findIn(file, path)).toEqual(chain);
    writeFileSync(base, "changed");
    expect(findIn(file, path)).toBeUndefined();
    keep(file, path, chain);
    rmSync(parent);
    expect(findIn(file, path)).toBeUndefined();
  });
});

describe("what is asked for is part of what is found:", () => {
  const options: BatchAuditOptions = { host: "ws2019", minimumVersion: "6.3.9600.0", parentRoots: ["."] };

  test.each<{ what: string; other: Parameters<typeof findIn>[2] }>([
    { what: "another host", other: { options: { ...options, host: "ws2016" } } },
    { what: "another minimum", other: { options: { ...options, minimumVersion: "6.3.9600.1" } } },
    { what: "no minimum", other: { options: { host: "ws2019", parentRoots: ["."] } } },
    { what: "packages", other: { options: { ...options, offered: [] } } },
    { what: "no Windows Update", other: { options: { ...options, isNotOnWindowsUpdate: true } } },
    { what: "other folders of parents", other: { options: { ...options, parentRoots: [".."] } } },
    { what: "another version of the tool", other: { toolVersion: "1.2.4" } },
  ])("$what", ({ other }) => {
    const folder = newFolder();
    const path = rawFile(folder, "web01.raw");
    const file = join(folder, "cache");
    keep(file, path, audited(path), { options });
    expect(findIn(file, path, { options, ...other })).toBeUndefined();
    expect(findIn(file, path, { options })).toBeDefined();
  });

  test("the order and the way of saying it are not", () => {
    const folder = newFolder();
    const path = rawFile(folder, "web01.raw");
    const file = join(folder, "cache");
    keep(file, path, audited(path), { options });
    const same = { parentRoots: [process.cwd()], minimumVersion: "6.3.9600.0", host: "ws2019" } as const;
    expect(findIn(file, path, { options: same })).toBeDefined();
  });

  test("the name under which the report knows the image", () => {
    const { path, file } = keptImage();
    expect(findIn(file, relative(process.cwd(), path))).toBeUndefined();
  });
});

describe("an audit is kept only if the next one would say the same:", () => {
  const error = { code: "NTFS_DAMAGED", kind: "corrupt", message: "", where: "x", hint: null } as const;

  test.each<{ what: string; isKept: boolean; report: (path: string) => ReturnType<typeof image> }>([
    { what: "a guest", isKept: true, report: (path) => audit(path) },
    { what: "an image without a guest", isKept: true, report: (path) => audit(path, { guests: [] }) },
    {
      what: "a file system that is damaged",
      isKept: true,
      report: (path) => audit(path, { guests: [], error: { ...error, code: "VOLUME_BITLOCKER" } }),
    },
    { what: "an image that cannot be opened", isKept: true, report: (path) => brokenImage(path) },
    {
      what: "one whose parent cannot be opened",
      isKept: false,
      report: (path) =>
        withError(brokenImage(path), { where: "/elsewhere/base.vhdx: VHDX header at 0x10000" }),
    },
    ...(
      [
        ["IO_READ", "io"],
        ["READ_LIMIT", "io"],
        ["IO_CHANGED", "io"],
        ["INTERNAL", "corrupt"],
        ["DISK_PARENT_MISSING", "io"],
        ["DISK_PARENT_OUTSIDE", "unsafe"],
        ["DISK_PARENT_MISMATCH", "corrupt"],
        ["DISK_CHAIN_TOO_LONG", "unsupported"],
        ["DISK_DIFFERENCING", "unsupported"],
        ["LIMIT_EXCEEDED", "corrupt"],
        ["NO_SUCH_CODE", "corrupt"],
      ] as const
    ).map(([code, kind]) => ({
      what: `the error ${code}`,
      isKept: false,
      report: (path: string) => withError(brokenImage(path), { code, kind }),
    })),
    ...["UNDO_INTERRUPTED", "UNDO_FOREIGN", "IO_READ"].map((code) => ({
      what: `the finding ${code}`,
      isKept: false,
      report: (path: string) =>
        audit(path, { findings: [{ code, severity: "warning", message: "", where: path }] }),
    })),
  ])("$what: $isKept", ({ report, isKept }) => {
    const folder = newFolder();
    const path = rawFile(folder, "web01.raw");
    const file = join(folder, "cache");
    expect(keep(file, path, keptReport(report(path)))).toBe(isKept);
    expect(findIn(file, path) !== undefined).toBe(isKept);
  });

  const audit = (path: string, changes: Parameters<typeof image>[0] = {}) =>
    image({ path, container: { chain: [path] }, ...changes });

  function withError(
    report: ReturnType<typeof image>,
    changes: Partial<NonNullable<ReturnType<typeof image>["error"]>>,
  ): ReturnType<typeof image> {
    return { ...report, error: { ...error, where: report.path, ...report.error, ...changes } };
  }

  test.each<{ what: string; known: string[]; read: string[] }>([
    { what: "parents of which nobody knew", known: [], read: ["base"] },
    { what: "no parents where there were some", known: ["base"], read: [] },
    { what: "other parents", known: ["base"], read: ["other"] },
    { what: "one parent more", known: ["base"], read: ["base", "other"] },
  ])("not one that has read $what", ({ known, read }) => {
    const folder = newFolder();
    const at = (name: string) => rawFile(folder, name);
    const path = at("leaf");
    const chain = audited(path, { container: { chain: [path, ...read.map(at)] } });
    const parents = known.map(at);
    using cache = openCache(join(folder, "cache"));
    const identity = cache.identify(path, parents);
    expect(identity && cache.store(path, { ...chain, parents }, identity)).toBe(false);
  });

  test("not one of an image that was changed while it was audited", () => {
    const folder = newFolder();
    const path = rawFile(folder, "web01.raw");
    const file = join(folder, "cache");
    {
      using cache = openCache(file);
      const identity = cache.identify(path, []);
      writeFileSync(path, Buffer.alloc(512, 1));
      expect(identity && cache.store(path, audited(path), identity)).toBe(true);
    }
    expect(findIn(file, path)).toBeUndefined();
  });

  test.each([
    { what: "two seconds ago", ago: 2000, isKept: false },
    { what: "five seconds ago", ago: 5000, isKept: true },
    { what: "in the future", ago: -5000, isKept: false },
  ])("of one that was changed $what: $isKept", ({ ago, isKept }) => {
    const folder = newFolder();
    const path = rawFile(folder, "web01.raw");
    const { mtimeMs, ctimeMs } = statSync(path);
    const now = () => Math.max(mtimeMs, ctimeMs) + ago;
    expect(keep(join(folder, "cache"), path, audited(path), { now })).toBe(isKept);
  });

  test("one of a parent that was changed just now is not kept either", () => {
    const folder = newFolder();
    const [path = "", base = ""] = ["leaf", "base"].map((name) => rawFile(folder, name));
    const { ctimeMs } = statSync(path);
    utimesSync(base, (ctimeMs + 10_000) / 1000, (ctimeMs + 10_000) / 1000);
    const chain = audited(path, { container: { chain: [path, base] } });
    expect(keep(join(folder, "cache"), path, chain, { now: () => ctimeMs + 11_000 })).toBe(false);
    expect(keep(join(folder, "cache"), path, chain, { now: () => ctimeMs + 14_000 })).toBe(true);
  });
});

test("a parent that was changed just now is not at rest later in the run, for which it is looked at once", () => {
  const folder = newFolder();
  const [path = "", base = ""] = ["leaf", "base"].map((name) => rawFile(folder, name));
  let now = statSync(base).ctimeMs + 1000;
  using cache = openCache(join(folder, "cache"), { now: () => now });
  expect(cache.identify(path, [base])?.isSettled).toBe(false);
  now += 60_000;
  expect(cache.identify(path, [])?.isSettled).toBe(true);
  expect(cache.identify(path, [base])?.isSettled).toBe(false);
});

test("an image on another host is known by what is said of it there", () => {
  const file = join(newFolder(), "cache");
  const url = "https://images.example/web01.vhdx";
  {
    using cache = openCache(file);
    const identity = cache.identify(url, [], '"etag-1" 4096');
    expect(identity && cache.store(url, audited(url), identity)).toBe(true);
  }
  using cache = openCache(file);
  expect(cache.find(url, '"etag-1" 4096')).toEqual(audited(url));
  expect(cache.find(url, '"etag-2" 4096')).toBeUndefined();
  expect(cache.find(url)).toBeUndefined();
});

/** Some that separate lines, and one that no text should have. */
const CHARACTERS = ["a", '"', "\\", "\t", "\n", "\r", "\0", "\u2028", "é", "😀", "\ud800"];

test("what is kept comes back as it was, whatever it says", () => {
  const folder = newFolder();
  const path = rawFile(folder, "web01.raw");
  const file = join(folder, "cache");
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...CHARACTERS) }), (message) => {
      const report = image({ path, container: { chain: [path] }, partitionTable: null });
      const finding = { code: "GUEST_NONE", severity: "info", message, where: path } as const;
      const audit = keptReport({ ...report, findings: [finding] });
      expect(keep(file, path, audit)).toBe(true);
      expect(findIn(file, path)).toEqual(audit);
    }),
  );
});

test("a record that somebody else has written is no audit unless it looks like one", () => {
  const folder = newFolder();
  const path = rawFile(folder, "web01.raw");
  const file = join(folder, "cache");
  keep(file, path);
  const [, , record = ""] = readFileSync(file, "utf8").split("\n");
  const [tool = "", key = ""] = record.split(" ");
  const payload = record.slice(HEAD_LENGTH);
  const [head = "", json = ""] = payload.split("\t");

  /** What a run finds that reads this in the place of the record. */
  const findForged = (forged: string) => {
    writeFileSync(file, `${HEADER_LINE}${makeLine(tool, key, forged)}`);
    return findIn(file, path);
  };
  expect(findForged(payload)).toEqual(audited(path));
  const changes = [
    { role: "child" },
    { parents: "none" },
    { parents: [1] },
    { identity: null },
    { identity: { own: 1, parents: [] } },
    { identity: { own: "", parents: null } },
    { outcome: null },
    { outcome: { ...JSON.parse(head).outcome, guests: [{}] } },
    { outcome: { ...JSON.parse(head).outcome, error: "none" } },
    { outcome: { ...JSON.parse(head).outcome, hasErrorFinding: 0 } },
  ].map((change) => `${JSON.stringify({ ...JSON.parse(head), ...change })}\t${json}`);
  for (const forged of ["", "\t", "null\t", "{}\t{}", "[]\t", head, `{\t${json}`, ...changes])
    expect(findForged(forged), forged).toBeUndefined();
});
