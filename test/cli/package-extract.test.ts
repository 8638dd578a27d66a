import {
  existsSync,
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
import { buildCabinet, buildCabinetSet, setPartName, stored } from "../lab/cab.ts";
import { labFile } from "../lab/disc-tree.ts";
import { buildIso } from "../lab/iso9660.ts";
import { buildMsi } from "../lab/msi.ts";
import { cabinetOf } from "./packages.ts";
import { run } from "./run.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-package-extract-"));
afterAll(() => rmSync(folder, { recursive: true }));

const out = join(folder, "out");
beforeEach(() => rmSync(out, { recursive: true, force: true }));

function write(name: string, content: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const cabinet = (name: string, files: Parameters<typeof cabinetOf>[0]) => write(name, cabinetOf(files));

const INNER = cabinetOf({ "innermost.txt": "inside" });
const GOOD = cabinet("good.cab", {
  "update.mum": "<assembly/>",
  "amd64_x/vmbus.sys": "driver",
  "amd64_x/deep/inner.cab": INNER,
  "empty.txt": "",
});
const HOSTILE = cabinet("hostile.cab", {
  "../escaped.txt": "out",
  "good.txt": "good",
  "/etc/absolute.txt": "out",
  "C:/drive.txt": "out",
  "GOOD.TXT": "twice",
  nul: "device",
});

const extract = (...argv: string[]) => run(["package", "extract", ...argv]);

/** All files below the folder that was extracted to, with what they hold. */
function written(): Record<string, string> {
  if (!existsSync(out)) return {};
  const names = readdirSync(out, { recursive: true, encoding: "utf8" }).sort();
  const files = names.filter((name) => statSync(join(out, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(out, name), "latin1")]));
}

describe("package extract", () => {
  test("writes all files below the folder, which it makes, with their times", async () => {
    const { code, stdout, stderr } = await extract(GOOD, out);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toBe(`4 files, ${17 + INNER.length} bytes extracted to ${out}\n`);
    expect(written()).toEqual({
      "update.mum": "<assembly/>",
      "amd64_x/vmbus.sys": "driver",
      "amd64_x/deep/inner.cab": Buffer.from(INNER).toString("latin1"),
      "empty.txt": "",
    });
    expect(statSync(join(out, "update.mum")).mtime).toEqual(new Date(2015, 10, 20, 12));
  });

  test.each([
    { members: ["update.mum"], files: ["update.mum"] },
    { members: ["amd64_x"], files: ["amd64_x/deep/inner.cab", "amd64_x/vmbus.sys"] },
    { members: ["*.SYS", "empty.txt"], files: ["amd64_x/vmbus.sys", "empty.txt"] },
  ])("writes only $members where they are named", async ({ members, files }) => {
    expect((await extract(GOOD, out, ...members)).code).toBe(0);
    expect(Object.keys(written())).toEqual(files);
  });

  test("takes files out of a package in a package", async () => {
    expect((await extract(`${GOOD}/amd64_x/deep/inner.cab`, out)).code).toBe(0);
    expect(written()).toEqual({ "innermost.txt": "inside" });
  });

  test("takes files off a disc, with their folders", async () => {
    const tree = {
      support: { x86: { "readme.txt": labFile("read me") }, amd64: {} },
      "empty.txt": labFile(""),
    };
    const disc = write("disc.iso", buildIso({ tree, joliet: true }).bytes);
    expect((await extract(disc, out)).code).toBe(0);
    expect(written()).toEqual({ "empty.txt": "", "support/x86/readme.txt": "read me" });
    expect(readdirSync(join(out, "support")).sort()).toEqual(["amd64", "x86"]);
  });

  test("puts files together that go on from one cabinet to the next", async () => {
    const members = ["a", "b"].map((name) => ({ name, bytes: Buffer.alloc(40_000, name) }));
    const cuts = [{ folder: 0, block: 1, byte: 9 }];
    for (const [name, part] of buildCabinetSet([{ encoder: stored, members }], { cuts })) write(name, part);
    expect((await extract(join(folder, setPartName(1)), out)).code).toBe(0);
    expect(written()).toEqual({ a: "a".repeat(40_000), b: "b".repeat(40_000) });
  });

  test("says for programs what it wrote", async () => {
    const { stdout } = await extract(GOOD, out, "update.mum", "--format", "json");
    expect(JSON.parse(stdout)).toEqual({
      schema: "vmguest.package-extraction/1",
      package: GOOD,
      folder: out,
      files: [{ path: "update.mum", sizeBytes: 11 }],
      lost: [],
      refused: [],
      findings: [],
      error: null,
    });
  });

  test("overwrites what exists only with --force", async () => {
    mkdirSync(out);
    writeFileSync(join(out, "empty.txt"), "old");
    const { code, stdout, stderr } = await extract(GOOD, out);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("--force overwrites it");
    expect(written()).toEqual({ "empty.txt": "old" });
    expect((await extract(GOOD, out, "--force")).code).toBe(0);
    expect(written()["empty.txt"]).toBe("");
  });

  test("never overwrites the package itself", async () => {
    mkdirSync(out);
    writeFileSync(join(out, "self.cab"), cabinetOf({ "self.cab": "x" }));
    const { code, stderr } = await extract(join(out, "self.cab"), out, "--force");
    expect(code).toBe(2);
    expect(stderr).toContain("the one that is read");
  });

  test("shows a person what it is at", async () => {
    const { stderr } = await run(["package", "extract", GOOD, out], { terminal: 80 });
    expect(stderr).toContain("[2] amd64_x/vmbus.sys");
  });
});

describe("names that must not become paths", () => {
  test("keep everything from being written, each with its reason", async () => {
    const { code, stdout, stderr } = await extract(HOSTILE, out);
    expect({ code, stdout }).toEqual({ code: 4, stdout: "" });
    for (const name of ["../escaped.txt", "/etc/absolute.txt", "C:/drive.txt", "nul"]) {
      expect(stderr).toContain(`${HOSTILE}: ${name}: it `);
    }
    expect(stderr.match(/\[EXTRACT_NAME\]/g)).toHaveLength(5);
    expect(stderr).toMatch(/nothing was extracted; --skip-unsafe extracts the others\n$/);
    expect(existsSync(out)).toBe(false);
    expect(existsSync(join(folder, "escaped.txt"))).toBe(false);
  });

  const name = (text: string) => ({ bytes: Buffer.from(text.replaceAll("/", "\\")) });

  test.each([
    { what: "leads upwards", name: name("a/../../x") },
    { what: "leads upwards behind a dot", name: name("./../x") },
    { what: "is absolute", name: name("/x") },
    { what: "names a drive", name: name("c:x") },
    { what: "names a share", name: name("//server/share/x") },
    { what: "names an alternate stream", name: name("x:stream") },
    { what: "names a device", name: name("a/COM1.txt") },
    { what: "ends in a dot", name: name("a./x") },
    { what: "ends in a space", name: name("x ") },
    { what: "has an empty component", name: name("a//x") },
    { what: "has a control character", name: name("x\x07") },
  ])("H42: a name that $what is refused", async ({ name: { bytes } }) => {
    const members = [
      { name: "", nameBytes: bytes, bytes: Buffer.from("x") },
      { name: "good", bytes: Buffer.from("y") },
    ];
    const path = write("h42.cab", buildCabinet({ folders: [{ members }] }));
    const before = readdirSync(folder);
    const { code, stderr } = await extract(path, out, "--skip-unsafe");
    expect(code).toBe(4);
    expect(stderr.match(/\[EXTRACT_NAME\]/g)).toHaveLength(1);
    expect(written()).toEqual({ good: "y" });
    expect(readdirSync(folder).filter((one) => !before.includes(one))).toEqual(["out"]);
  });

  test.each([
    { what: "is empty", bytes: Buffer.from("") },
    { what: "is longer than the format has it", bytes: Buffer.alloc(300, "x") },
  ])("H42: a name that $what is refused, or the cabinet is", async ({ bytes }) => {
    const path = write("h42.cab", buildCabinet({ folders: [{ members: [{ name: "", nameBytes: bytes }] }] }));
    expect([3, 4]).toContain((await extract(path, out)).code);
    expect(existsSync(out)).toBe(false);
  });

  test("H42: a name that is not the UTF-8 that it says is extracted under the one that it is read as", async () => {
    const members = [{ name: "", nameBytes: Buffer.from("caf\xe9", "latin1"), fields: { attributes: 0xa0 } }];
    const path = write("h42.cab", buildCabinet({ folders: [{ members }] }));
    const { code, stdout } = await extract(path, out);
    expect({ code, isTold: stdout.includes("[CAB_NAME_ENCODING]") }).toEqual({ code: 0, isTold: true });
    expect(Object.keys(written())).toEqual(["caf\u00e9"]);
  });

  test("are left out with --skip-unsafe, which does not change the exit code", async () => {
    const { code, stdout } = await extract(HOSTILE, out, "--skip-unsafe");
    expect(code).toBe(4);
    expect(stdout).toBe(`1 file, 4 bytes extracted to ${out}; 5 left out for safety\n`);
    expect(written()).toEqual({ "good.txt": "good" });
    expect(readdirSync(folder)).not.toContain("escaped.txt");
  });

  test("do not matter where they are not wanted", async () => {
    expect((await extract(HOSTILE, out, "good.txt", "--skip-unsafe")).code).toBe(4);
    expect((await extract(HOSTILE, join(out, "x"), "missing")).code).toBe(2);
  });
});

describe("a symbolic link below the folder", () => {
  const outside = join(folder, "outside");

  test.each([
    { what: "in the place of a folder", name: "amd64_x", force: false },
    { what: "in the place of a folder", name: "amd64_x", force: true },
    { what: "in the place of a file", name: "update.mum", force: false },
    { what: "in the place of a file", name: "update.mum", force: true },
  ])("$what is not followed, and nothing is written (--force: $force)", async ({ name, force }) => {
    mkdirSync(outside, { recursive: true });
    mkdirSync(out);
    symlinkSync(name === "amd64_x" ? outside : join(outside, "made"), join(out, name));
    const { code, stderr } = await extract(GOOD, out, ...(force ? ["--force"] : []));
    expect(code).toBe(4);
    expect(stderr).toContain("[EXTRACT_LINK]");
    expect(readdirSync(outside)).toEqual([]);
    expect(readdirSync(out)).toEqual([name]);
  });
});

describe("limits", () => {
  const large = cabinet("large.cab", { a: new Uint8Array(1e6), b: new Uint8Array(1e6) });

  test("keep a package from writing more than it may, in all", async () => {
    const { code, stderr } = await extract(large, out, "--limit-total-bytes", "1999999");
    expect(code).toBe(4);
    expect(stderr).toContain("[EXTRACT_LIMIT] --limit-total-bytes allows more.");
    expect(existsSync(out)).toBe(false);
    expect((await extract(large, out, "--limit-total-bytes", "0")).code).toBe(0);
  });
});

describe("a damaged cabinet", () => {
  // Stored, so that a byte of the file is a byte of the second of two files.
  const content = cabinetOf({ first: "a".repeat(40_000), second: "b".repeat(40_000) }, { isStored: true });
  content[content.length - 20_000] = 0x42;
  const damaged = write("damaged.cab", content);

  test("gives what is whole; what is not is left out and told, with exit code 3", async () => {
    const { code, stdout, stderr } = await extract(damaged, out);
    expect(code).toBe(3);
    expect(stdout).toContain("1 file, 40000 bytes extracted");
    expect(stdout).toContain("1 could not be unpacked");
    expect(stderr).toContain(`${damaged}: second: `);
    expect(Object.keys(written())).toEqual(["first"]);
  });

  test("gives what can be unpacked with --salvage, with exit code 3", async () => {
    const { code, stdout } = await extract(damaged, out, "--salvage");
    expect(code).toBe(3);
    expect(stdout).toContain("2 files, 80000 bytes extracted");
    expect(/^b+Bb+$/.test(written()["second"] ?? "")).toBe(true);
  });
});

describe("what nothing can be taken out of", () => {
  test.each([
    { what: "a folder", path: folder, says: "one package is wanted, and this is a folder" },
    {
      what: "a path that is not there",
      path: join(folder, "absent.cab"),
      says: "no file or folder is named so",
    },
    {
      what: "a path into a package that leads nowhere",
      path: join(GOOD, "absent.cab"),
      says: "holds no such file",
    },
  ])("$what ends with 2", async ({ path, says }) => {
    const { code, stdout, stderr } = await extract(path, out);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(says);
  });

  test("an MSI ends with 2", async () => {
    const { code, stderr } = await extract(write("ic.msi", buildMsi()), out);
    expect(code).toBe(2);
    expect(stderr).toContain("an MSI is a database");
  });

  test("a folder of the host that is a file ends with 2", async () => {
    expect((await extract(GOOD, GOOD)).code).toBe(2);
  });

  test("a folder that cannot be made ends with 3, and is told in the report", async () => {
    const { code, stdout } = await extract(GOOD, join(folder, "\0"));
    expect({ code, stdout }).toMatchObject({ code: 3 });
  });
});
