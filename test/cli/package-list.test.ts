import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { buildCabinetSet, mszip } from "../lab/cab.ts";
import { labFile } from "../lab/disc-tree.ts";
import { buildMsu } from "../lab/ic-package.ts";
import { buildIso } from "../lab/iso9660.ts";
import { buildMsi } from "../lab/msi.ts";
import { cabinetOf, parseReport } from "./packages.ts";
import { run } from "./run.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-package-list-"));
afterAll(() => rmSync(folder, { recursive: true }));

const bytes = (text: string): Uint8Array => Buffer.from(text);

const path = (name: string) => join(folder, name);

function write(name: string, content: Uint8Array): string {
  mkdirSync(join(path(name), ".."), { recursive: true });
  writeFileSync(path(name), content);
  return path(name);
}

const INNER = cabinetOf({ "deep/file.txt": "the innermost file" });
const CABINET = write("a.cab", cabinetOf({ "update.mum": "<assembly/>", "folder/inner.CAB": INNER }));

const list = (...argv: string[]) => run(["package", "list", ...argv]);

describe("package list", () => {
  test("has the members of a cabinet, for people", async () => {
    const { code, stdout, stderr } = await list(CABINET);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.replace(CABINET, "a.cab")).toMatchInlineSnapshot(`
      "a.cab: cabinet, 2 files, 115 bytes
      2015-11-20 12:00:00             11  ---A-  mszip    update.mum
      2015-11-20 12:00:00            104  ---A-  mszip    folder/inner.CAB
      "
    `);
  });

  test("has the same for programs", async () => {
    const { stdout } = await list(CABINET, "--format", "json");
    expect(parseReport("package-list-1", stdout)).toEqual({
      schema: "vmguest.package-list/1",
      packages: [
        {
          path: CABINET,
          kind: "cab",
          sizeBytes: expect.any(Number),
          disc: null,
          msi: null,
          entries: [
            {
              path: "update.mum",
              isDirectory: false,
              sizeBytes: 11,
              modified: "2015-11-20T12:00:00",
              attributes: ["archive"],
              compression: "mszip",
              unsafe: null,
            },
            expect.objectContaining({ path: "folder/inner.CAB", sizeBytes: INNER.length }),
          ],
          findings: [],
          error: null,
        },
      ],
    });
  });

  test("goes on into a package, also one in another", async () => {
    const inner = `${CABINET}/folder/INNER.cab`;
    const { packages } = parseReport("package-list-1", (await list(inner, "--format", "json")).stdout);
    expect(packages).toMatchObject([
      {
        path: `${CABINET}/folder/inner.CAB`,
        kind: "cab",
        entries: [{ path: "deep/file.txt", sizeBytes: 18 }],
      },
    ]);
  });

  test("tells an MSU from its members", async () => {
    const msu = write("kb.bin", buildMsu({ cabinet: INNER, signing: null }));
    const { packages } = parseReport("package-list-1", (await list(msu, "--format", "json")).stdout);
    expect(packages[0]).toMatchObject({ kind: "msu" });
    expect(packages[0].entries.map((entry: { path: string }) => entry.path)).toEqual([
      "WSUSSCAN.cab",
      "Windows8.1-KB5063950-x64.cab",
      "Windows8.1-KB5063950-x64-pkgProperties.txt",
      "Windows8.1-KB5063950-x64.xml",
    ]);
  });

  test("finds the cabinets inside a file of another kind, and goes into them", async () => {
    const setup = write(
      "setup.exe",
      Buffer.concat([bytes("MZ"), Buffer.alloc(5000), INNER, Buffer.alloc(99), INNER]),
    );
    const { packages } = parseReport("package-list-1", (await list(setup, "--format", "json")).stdout);
    expect(packages[0]).toMatchObject({
      kind: "cabinets",
      entries: [{ path: "cabinet-1.cab" }, { path: "cabinet-2.cab" }],
    });
    const { stdout } = await list(`${setup}/cabinet-2.cab`);
    expect(stdout).toContain("deep/file.txt");
  });

  test("has the files of a disc image, and goes into them", async () => {
    const { bytes: iso } = buildIso({
      tree: { support: { amd64: { "ic.cab": labFile(INNER) } } },
      label: "VMGUEST",
      joliet: true,
    });
    const disc = write("vmguest.iso", iso);
    const { stdout } = await list(disc);
    expect(stdout.replace(disc, "vmguest.iso")).toMatchInlineSnapshot(`
      "vmguest.iso: disc image, joliet, label VMGUEST, 1 file, 104 bytes
      2012-03-04 03:06:07          <DIR>  -----  -        support
      2012-03-04 03:06:07          <DIR>  -----  -        support/amd64
      2012-03-04 03:06:07            104  -----  -        support/amd64/ic.cab
      "
    `);
    expect((await list(`${disc}/support/amd64/ic.cab`)).stdout).toContain("deep/file.txt");
  });

  test("has what an MSI says of itself", async () => {
    const msi = write("ic.msi", buildMsi());
    const { stdout } = await list(msi);
    expect(stdout.replace(msi, "ic.msi")).toMatchInlineSnapshot(`
      "ic.msi: Windows Installer package, 3584 bytes
        product       Hyper-V Integration Services (version 6.3.9600.16384)
        version       6.3.9600.16384
        product code  {11111111-2222-3333-4444-555555555555}
        upgrade code  {66666666-7777-8888-9999-000000000000}
        manufacturer  Microsoft
        architecture  x86
        signature     none
      "
    `);
    const { packages } = parseReport("package-list-1", (await list(msi, "--format", "json")).stdout);
    expect(packages).toMatchObject([{ kind: "msi", entries: [], msi: { isSigned: false } }]);
  });

  test("looks for the other cabinets of a set beside the one that is named", async () => {
    const members = ["a", "b", "c"].map((name) => ({ name, bytes: Buffer.alloc(40_000, name) }));
    const cuts = [
      { folder: 0, block: 1, byte: 5 },
      { folder: 0, block: 2, byte: 0 },
    ];
    for (const [name, part] of buildCabinetSet([{ encoder: mszip, members }], { cuts })) {
      write(`set/${name.toUpperCase()}`, part);
    }
    const { packages } = parseReport(
      "package-list-1",
      (await list(path("set/PART2.CAB"), "--format", "json")).stdout,
    );
    expect(packages[0].findings).toEqual([]);
    expect(packages[0].entries.map((entry: { path: string }) => entry.path)).toEqual(["a", "b", "c"]);
    // What leads away from the folder is no part of the set.
    rmSync(path("set/PART1.CAB"));
    symlinkSync(path("set/PART3.CAB"), path("set/PART1.CAB"));
    const { stdout } = await list(path("set/PART2.CAB"));
    expect(stdout).toContain("[CAB_SET_INCOMPLETE]");
  });

  test("searches folders, and lists each package in its turn", async () => {
    write("folder/b/x.cab", INNER);
    write("folder/a.MSU", INNER);
    write("folder/readme.txt", INNER);
    const { packages } = parseReport(
      "package-list-1",
      (await list(path("folder"), CABINET, "--format", "json")).stdout,
    );
    expect(packages.map((one: { path: string }) => one.path)).toEqual([
      path("folder/a.MSU"),
      path("folder/b/x.cab"),
      CABINET,
    ]);
  });

  test("shows hostile names for what they are", async () => {
    const hostile = write("hostile.cab", cabinetOf({ "../\u202e\x1b[31m.txt": "x" }));
    const { stdout } = await list(hostile);
    expect(stdout).toContain("../");
    expect(stdout).toContain("(unsafe: ");
    for (const hidden of ["\x1b", "\u202e"]) expect(stdout).not.toContain(hidden);
  });

  test("colours for a terminal only", async () => {
    const { stdout } = await run(["package", "list", CABINET], { terminal: 100 });
    expect(stdout).toContain("\x1b[1m");
  });

  test("counts its reads, which are few: nothing is unpacked", async () => {
    const large = write("large.cab", cabinetOf({ x: Buffer.alloc(1e6, "0123456789") }, { isStored: true }));
    const { stderr } = await list(large, "--stats");
    const stats = JSON.parse(stderr);
    expect(stats).toMatchObject({ images: 1 });
    expect(stats.bytesRead).toBeLessThan(200_000);
  });
});

describe("what cannot be listed", () => {
  test("is told beside what can, and the exit code is 3", async () => {
    const text = write("broken.cab", bytes("this is no cabinet"));
    const { code, stdout, stderr } = await list(text, CABINET);
    expect(code).toBe(3);
    expect(stdout).toContain(`${text}: could not be read [PACKAGE_UNKNOWN]`);
    expect(stdout).toContain("update.mum");
    expect(stderr).toContain("neither cabinet nor MSI");
    const { packages } = parseReport("package-list-1", (await list(text, "--format", "json")).stdout);
    expect(packages).toMatchObject([
      { path: text, kind: null, entries: [], error: { code: "PACKAGE_UNKNOWN" } },
    ]);
  });

  test("is called empty where it is", async () => {
    const { stderr } = await list(write("empty.cab", bytes("")));
    expect(stderr).toMatch(/the file is empty\n {2}\[PACKAGE_UNKNOWN\] Name a CAB/);
  });

  test("gives exit code 3 where something is wrong with what is listed", async () => {
    const longer = Uint8Array.from(cabinetOf({ a: "text" }));
    new DataView(longer.buffer).setUint32(8, longer.length + 1000, true);
    const { code, stdout } = await list(write("longer.cab", longer));
    expect(code).toBe(3);
    expect(stdout).toContain("  a\n");
    expect(stdout).toContain("[CAB_TRUNCATED]");
  });

  test.each([
    {
      what: "a path that leads nowhere in a package",
      inside: "folder/absent.cab",
      code: 2,
      says: "[NOT_FOUND]",
    },
    { what: "a folder in a package", inside: "folder", code: 2, says: "this is a folder\n  [NOT_FOUND]" },
    { what: "a path on into what is no package", inside: "update.mum/x", code: 3, says: "[PACKAGE_UNKNOWN]" },
  ])("ends with $code for $what", async ({ inside, code, says }) => {
    const outcome = await list(`${CABINET}/${inside}`);
    expect(outcome.code).toBe(code);
    expect(outcome.stderr).toContain(says);
  });

  test.each([
    { what: "a path that is not there", argv: ["absent.cab"] },
    { what: "a folder without packages", argv: ["empty"] },
  ])("ends with 2 for $what", async ({ argv }) => {
    mkdirSync(path("empty"), { recursive: true });
    const { code, stdout, stderr } = await list(...argv.map(path));
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("[PATH_NOT_FOUND]");
  });
});
