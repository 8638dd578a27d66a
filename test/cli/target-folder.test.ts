import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { TargetFolder } from "../../src/cli/verbs/packages/target-folder.ts";
import { VmguestError } from "../../src/errors.ts";

const home = mkdtempSync(join(tmpdir(), "vmguest-target-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** The folder that is written to; what lies beside it must stay as it is. */
const out = join(home, "out");
const outside = join(home, "outside");

beforeEach(() => {
  rmSync(out, { recursive: true, force: true });
  rmSync(outside, { recursive: true, force: true });
  mkdirSync(outside);
  writeFileSync(join(outside, "precious"), "precious");
});

const at = (isReplacing = false, inputs: string[] = []) => TargetFolder.at(out, { isReplacing, inputs });

const bytes = (text: string) => new TextEncoder().encode(text);

const file = (path: string, text = "new", modified: string | null = null) => {
  return { path, chunks: [bytes(text.slice(0, 1)), bytes(text.slice(1))], modified };
};

const read = (path: string) => readFileSync(join(out, path), "utf8");

test("files are written with the folders that lead to them, the folder itself included", () => {
  const target = at();
  expect(target.writeFile(file("a/b/c.txt", "hello"))).toBe(5);
  expect(target.writeFile(file("a/b/d.txt", ""))).toBe(0);
  target.makeFolder("empty/one");
  expect(read("a/b/c.txt")).toBe("hello");
  expect(read("a/b/d.txt")).toBe("");
  expect(readdirSync(join(out, "empty"))).toEqual(["one"]);
});

test("a folder that the host will not have made is told, and not tried for ever", () => {
  // Where there is no /proc, a file stands in the way.
  const file = join(outside, "precious");
  const refused = existsSync("/proc/self") ? "/proc/vmguest/out" : join(file, "out");
  const target = TargetFolder.at(refused, { isReplacing: false, inputs: [] });
  expect(() => target.makeFolder("")).toThrow(expect.objectContaining({ code: "IO_WRITE" }));
});

test.each([
  { modified: "2015-11-20T12:34:56", ms: new Date(2015, 10, 20, 12, 34, 56).getTime() },
  { modified: "2015-11-20T12:34:56Z", ms: Date.UTC(2015, 10, 20, 12, 34, 56) },
])("the time $modified becomes the file's", ({ modified, ms }) => {
  at().writeFile(file("a", "x", modified));
  expect(statSync(join(out, "a")).mtimeMs).toBe(ms);
});

test.each(["no time", ""])("%j is no time, and none is set", (modified) => {
  const before = new Date();
  at().writeFile(file("a", "x", modified));
  expect(statSync(join(out, "a")).mtimeMs).toBeGreaterThan(before.getTime() - 60_000);
});

test("a file that cannot be made to its end does not stay", () => {
  const damaged = new VmguestError("CAB_CHECKSUM", "damaged");
  const chunks = (function* () {
    yield bytes("half of it");
    throw damaged;
  })();
  expect(() => at().writeFile({ path: "a/b", chunks, modified: null })).toThrow(damaged);
  expect(readdirSync(join(out, "a"))).toEqual([]);
});

describe("a file that exists", () => {
  beforeEach(() => {
    mkdirSync(out);
    writeFileSync(join(out, "a"), "old");
  });

  test("is kept, and that is found out before anything is written", () => {
    const error = {
      code: "USAGE",
      message: expect.stringContaining("--force"),
      where: { image: join(out, "a") },
    };
    expect(() => at().check({ path: "a", isDirectory: false })).toThrow(expect.objectContaining(error));
    expect(() => at().writeFile(file("a"))).toThrow(expect.objectContaining(error));
    expect(read("a")).toBe("old");
  });

  test("is replaced where that is wished", () => {
    const target = at(true);
    target.check({ path: "a", isDirectory: false });
    target.writeFile(file("a"));
    expect(read("a")).toBe("new");
    expect(readdirSync(out)).toEqual(["a"]);
  });

  test("stays where the new one cannot be made to its end", () => {
    const chunks = (function* () {
      yield bytes("half");
      throw new VmguestError("CAB_CHECKSUM", "damaged");
    })();
    expect(() => at(true).writeFile({ path: "a", chunks, modified: null })).toThrow("damaged");
    expect(read("a")).toBe("old");
    expect(readdirSync(out)).toEqual(["a"]);
  });

  test("is replaced, not written into: its other names keep what they had", () => {
    linkSync(join(outside, "precious"), join(out, "linked"));
    at(true).writeFile(file("linked"));
    expect(read("linked")).toBe("new");
    expect(readFileSync(join(outside, "precious"), "utf8")).toBe("precious");
  });

  test("is never replaced where it is what is read", () => {
    expect(() => at(true, [join(out, "a")]).check({ path: "a", isDirectory: false })).toThrow(
      expect.objectContaining({ code: "USAGE", message: expect.stringContaining("the one that is read") }),
    );
  });
});

describe("nothing is written outside of the folder", () => {
  beforeEach(() => {
    mkdirSync(out);
    symlinkSync(outside, join(out, "folder-link"));
    symlinkSync(join(outside, "precious"), join(out, "file-link"));
    symlinkSync(join(outside, "made"), join(out, "dangling"));
    writeFileSync(join(out, "file"), "a file");
    mkdirSync(join(out, "folder"));
  });

  test.each([
    { what: "through a link to a folder", path: "folder-link/x" },
    { what: "deep below a link to a folder", path: "folder-link/x/y" },
    { what: "through a link to a file", path: "file-link" },
    { what: "through a link that leads nowhere yet", path: "dangling" },
    { what: "through a link that would be a folder", path: "dangling/x" },
    { what: "below a file", path: "file/x" },
    { what: "where a folder is", path: "folder" },
  ])("$what, with or without --force", ({ path }) => {
    for (const isReplacing of [false, true]) {
      const refusal = expect.objectContaining({ code: "EXTRACT_LINK", kind: "unsafe" });
      expect(() => at(isReplacing).check({ path, isDirectory: false })).toThrow(refusal);
      expect(() => at(isReplacing).writeFile(file(path))).toThrow(refusal);
    }
    expect(readdirSync(outside)).toEqual(["precious"]);
    expect(readFileSync(join(outside, "precious"), "utf8")).toBe("precious");
    expect(lstatSync(join(out, "file-link")).isSymbolicLink()).toBe(true);
  });

  test("nor a folder made where a link is", () => {
    const refusal = expect.objectContaining({ code: "EXTRACT_LINK" });
    expect(() => at().check({ path: "dangling", isDirectory: true })).toThrow(refusal);
    expect(() => at().makeFolder("dangling/x")).toThrow(refusal);
    expect(existsSync(join(outside, "made"))).toBe(false);
  });
});

describe("the folder itself", () => {
  test("may be a link, since the user named it", () => {
    symlinkSync(outside, out);
    at().writeFile(file("a"));
    expect(readFileSync(join(outside, "a"), "utf8")).toBe("new");
    rmSync(out);
  });

  test("must not be a file", () => {
    writeFileSync(out, "");
    expect(() => at()).toThrow(expect.objectContaining({ code: "USAGE", where: { image: out } }));
  });

  test("must be one that can be made", () => {
    const path = join(outside, "precious/out");
    expect(() => TargetFolder.at(path, { isReplacing: false, inputs: [] }).writeFile(file("a"))).toThrow(
      expect.objectContaining({ code: "IO_WRITE" }),
    );
  });
});

test("what the host refuses to write is told", () => {
  expect(() => at().writeFile(file("x".repeat(300)))).toThrow(
    expect.objectContaining({ code: "IO_WRITE", message: expect.stringContaining("ENAMETOOLONG") }),
  );
});
