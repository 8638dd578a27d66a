import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { packFiles } from "../lab/ic-package/archive.ts";
import { buildMsu } from "../lab/ic-package.ts";
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

const INNER = packFiles(new Map([["deep/file.txt", bytes("the innermost file")]]));
const CABINET = write(
  "a.cab",
  packFiles(
    new Map([
      ["update.mum", bytes("<assembly/>")],
      ["folder/inner.CAB", INNER],
    ]),
  ),
);

const list = (...argv: string[]) => run(["package", "list", ...argv]);

describe("package list", () => {
  test("has the members of a cabinet, for people", async () => {
    const { code, stdout, stderr } = await list(CABINET);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.replace(CABINET, "a.cab")).toMatchInlineSnapshot(`
      "a.cab: cabinet, 2 files, 115 bytes
      2019-08-10 12:00:00             11  ---A-  mszip    update.mum
      2019-08-10 12:00:00            104  ---A-  mszip    folder/inner.CAB
      "
    `);
  });

  test("has the same for programs", async () => {
    const { stdout } = await list(CABINET, "--format", "json");
    expect(JSON.parse(stdout)).toEqual({
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
              modified: "2019-08-10T12:00:00",
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
    const { packages } = JSON.parse((await list(inner, "--format", "json")).stdout);
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
    const { packages } = JSON.parse((await list(msu, "--format", "json")).stdout);
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
    const { packages } = JSON.parse((await list(setup, "--format", "json")).stdout);
    expect(packages[0]).toMatchObject({
      kind: "cabinets",
      entries: [{ path: "cabinet-1.cab" }, { path: "cabinet-2.cab" }],
    });
    const { stdout } = await list(`${setup}/cabinet-2.cab`);
    expect(stdout).toContain("deep/file.txt");
  });

  test("searches folders, and lists each package in its turn", async () => {
    write("folder/b/x.cab", INNER);
    write("folder/a.MSU", INNER);
    write("folder/readme.txt", INNER);
    const { packages } = JSON.parse((await list(path("folder"), CABINET, "--format", "json")).stdout);
    expect(packages.map((one: { path: string }) => one.path)).toEqual([
      path("folder/a.MSU"),
      path("folder/b/x.cab"),
      CABINET,
    ]);
  });

  test("shows hostile names for what they are", async () => {
    const hostile = write("hostile.cab", packFiles(new Map([["../\u202e\x1b[31m.txt", bytes("x")]])));
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
    const large = write("large.cab", packFiles(new Map([["x", Buffer.alloc(1e6, "0123456789")]]), "none"));
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
    expect(stderr).toContain("neither a cabinet");
    const { packages } = JSON.parse((await list(text, "--format", "json")).stdout);
    expect(packages).toMatchObject([
      { path: text, kind: null, entries: [], error: { code: "PACKAGE_UNKNOWN" } },
    ]);
  });

  test.each([
    {
      what: "a path that leads nowhere in a package",
      inside: "folder/absent.cab",
      code: 2,
      says: "[NOT_FOUND]",
    },
    { what: "a folder in a package", inside: "folder", code: 2, says: "[NOT_FOUND]" },
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
