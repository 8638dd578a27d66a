import { describe, expect, test } from "vitest";
import { VmguestError } from "../../src/errors.ts";
import { findSystemRoots, findWindows, openWindows } from "../../src/guest/index.ts";
import { FakeFileSystem } from "../lab/fake-file-system.ts";
import { baseBlockOf, buildHive } from "../lab/hive.ts";
import { buildWindows, windowsFiles } from "../lab/windows.ts";

const thrownBy = (work: () => unknown): VmguestError => {
  try {
    work();
  } catch (error) {
    if (error instanceof VmguestError) return error;
    throw error;
  }
  return expect.fail("nothing was thrown");
};

const rootsOf = (files: Record<string, Uint8Array | VmguestError>) =>
  findSystemRoots(new FakeFileSystem(files)).roots;

const torn = new VmguestError("NTFS_INDEX", "the index is damaged", { structure: "INDX record" });

describe("finding Windows on a volume", () => {
  test("finds the usual folder, spelled as on disk", () => {
    expect(
      findWindows(buildWindows({ release: "xp", root: "WINDOWS" })).map(({ systemRoot }) => systemRoot),
    ).toEqual(["WINDOWS"]);
  });

  test("finds several, the usual ones first", () => {
    const files = {
      ...windowsFiles({ release: "ws2003", root: "Second" }),
      ...windowsFiles({ release: "ws2003", root: "WINNT" }),
      ...windowsFiles({ release: "ws2012r2" }),
    };
    expect(findWindows(new FakeFileSystem(files)).map(({ systemRoot }) => systemRoot)).toEqual([
      "Windows",
      "WINNT",
      "Second",
    ]);
  });

  test.each<[title: string, files: Record<string, Uint8Array>]>([
    ["an empty volume", {}],
    ["a folder that only has the name", { "Windows/notes.txt": new Uint8Array() }],
    ["a folder of another name with one hive", { "Backup/System32/config/SYSTEM": buildHive({}) }],
    ["a file of that name", { Windows: new Uint8Array() }],
  ])("does not find it in %s", (_title, files) => {
    expect(rootsOf(files as Record<string, Uint8Array>)).toEqual([]);
  });

  test("does not look into folders that never hold it", () => {
    const fs = buildWindows(
      { release: "win7" },
      { "Users/": new Uint8Array(), "Program Files/": new Uint8Array() },
    );
    findSystemRoots(fs);
    expect(fs.asked.filter((path) => /users|program/i.test(path))).toEqual([]);
  });

  test("looks into a limited number of folders", () => {
    const folders = Array.from({ length: 5000 }, (_, index) => [`data${index}/`, new Uint8Array()]);
    const fs = new FakeFileSystem(Object.fromEntries(folders));
    expect(findSystemRoots(fs).roots).toEqual([]);
    expect(fs.asked.length).toBeLessThan(100);
  });

  test("names what an upgrade left behind, which is no guest", () => {
    const fs = buildWindows(
      { release: "win10" },
      windowsFiles({ release: "win7", root: "Windows.old/WINDOWS" }),
    );
    const [windows, ...more] = findWindows(fs);
    expect(more).toEqual([]);
    expect(windows?.findings).toMatchObject([{ code: "WINDOWS_PREVIOUS", where: { path: "Windows.old" } }]);
  });

  test("goes around a damaged folder that need not hold it, with a finding", () => {
    const fs = buildWindows({ release: "win7" }, { "Data/": torn as never });
    expect(findSystemRoots(fs)).toMatchObject({ roots: ["Windows"], findings: [{ code: "NTFS_INDEX" }] });
  });

  test("goes around a folder that leads elsewhere, without one", () => {
    const junction = new VmguestError("NTFS_REPARSE", "it is a junction");
    const fs = buildWindows({ release: "win7" }, { "Mounted/": junction as never });
    expect(findSystemRoots(fs)).toEqual({ roots: ["Windows"], findings: [] });
  });

  test("fails where the usual folder is damaged: a guest may be hidden there", () => {
    expect(thrownBy(() => findSystemRoots(new FakeFileSystem({ "Windows/": torn as never }))).code).toBe(
      "NTFS_INDEX",
    );
  });
});

describe("opening a Windows", () => {
  test("gives its hives, the paths of their files and the current control set", () => {
    const fs = buildWindows({ release: "ws2012r2", system: { Select: { Current: 2 }, ControlSet002: {} } });
    const windows = openWindows(fs, "windows");
    expect(windows).toMatchObject({
      systemRoot: "Windows",
      softwarePath: "Windows/System32/config/SOFTWARE",
      systemPath: "Windows/System32/config/SYSTEM",
      controlSet: "ControlSet002",
      findings: [],
    });
    expect(windows.software.find("Microsoft\\Windows NT\\CurrentVersion")).toBeDefined();
  });

  test.each(["SYSTEM", "SOFTWARE"])("fails without the hive %s", (hive) => {
    const path = `Windows/System32/config/${hive}`;
    const fs = buildWindows({ release: "win7", files: { [`System32/config/${hive}`]: null } });
    expect(thrownBy(() => findWindows(fs))).toMatchObject({ code: "HIVE_MISSING", where: { path } });
  });

  test("names the hive that cannot be opened", () => {
    const fs = buildWindows({ release: "win7", files: { "System32/config/SOFTWARE": new Uint8Array(8192) } });
    const error = thrownBy(() => findWindows(fs));
    expect(error.code).toMatch(/^REGF_/);
    expect(error.where.path).toBe("Windows/System32/config/SOFTWARE");
  });

  test("fails where no control set can be started", () => {
    const fs = buildWindows({
      release: "win7",
      files: { "System32/config/SYSTEM": buildHive({ Select: { Current: 1 } }) },
    });
    expect(thrownBy(() => findWindows(fs))).toMatchObject({
      code: "GUEST_UNREADABLE",
      where: { path: "Windows/System32/config/SYSTEM" },
    });
  });

  test("says that the control set was guessed", () => {
    const [windows] = findWindows(buildWindows({ release: "win7", system: { Select: { Current: null } } }));
    expect(windows?.findings).toMatchObject([{ code: "CONTROL_SET_GUESSED" }]);
  });

  test("says of a hive that was not flushed, and of a log that cannot be read", () => {
    const dirty = buildHive({ Microsoft: {} }, { dirty: true });
    expect(baseBlockOf(dirty).primarySequence).not.toBe(baseBlockOf(dirty).secondarySequence);
    const files = { "System32/config/SOFTWARE": dirty, "System32/config/SOFTWARE.LOG1": torn as never };
    const [windows] = findWindows(buildWindows({ release: "win7", files }));
    expect(windows?.findings.map(({ code, where }) => [code, where.path])).toEqual([
      ["REGF_LOG", "Windows/System32/config/SOFTWARE.LOG1"],
      ["REGF_DIRTY", "Windows/System32/config/SOFTWARE"],
    ]);
  });

  test("is not read past a limit, or what the host cannot read, as if a log were damaged", () => {
    const dirty = buildHive({ Microsoft: {} }, { dirty: true });
    for (const code of ["READ_LIMIT", "IO_READ"] as const) {
      const log = new VmguestError(code, "for a test") as never;
      const files = { "System32/config/SOFTWARE": dirty, "System32/config/SOFTWARE.LOG1": log };
      expect(() => findWindows(buildWindows({ release: "win7", files }))).toThrow(
        expect.objectContaining({ code }),
      );
    }
  });

  test.each([
    { hive: "clean", dirty: false, beside: ["LOG1", "LOG"], asked: [] },
    { hive: "dirty", dirty: true, beside: ["LOG1", "LOG2", "LOG"], asked: ["LOG1", "LOG2"] },
    { hive: "dirty", dirty: true, beside: ["LOG"], asked: ["LOG1", "LOG2", "LOG"] },
  ])("of a $hive hive beside $beside asks for $asked", ({ dirty, beside, asked }) => {
    const logs = beside.map((ending) => [`System32/config/SOFTWARE.${ending}`, new Uint8Array(512)]);
    const software = buildHive({ Microsoft: {} }, { dirty });
    const files = { "System32/config/SOFTWARE": software, ...Object.fromEntries(logs) };
    const fs = buildWindows({ release: "win7", files });
    findWindows(fs);
    const endings = fs.asked.flatMap((path) => path.match(/(?<=SOFTWARE\.)LOG\d?$/) ?? []);
    expect(endings).toEqual(asked);
  });
});
