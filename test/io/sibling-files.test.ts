import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { SiblingFiles } from "../../src/io/index.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "vmguest-siblings-")));
afterAll(() => rmSync(folder, { recursive: true }));

for (const path of [
  "vm/disks/web01.vhdx",
  "vm/disks/sub/child.avhdx",
  "vm/Snapshots/one.avhdx",
  "secret/x.vhdx",
]) {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), path);
}
symlinkSync("../../secret/x.vhdx", join(folder, "vm/disks/link.vhdx"));
symlinkSync("../../secret", join(folder, "vm/disks/away"));
symlinkSync("vm/disks/web01.vhdx", join(folder, "entry.vhdx"));
symlinkSync("../secret", join(folder, "vm/Virtual Machines"));

const around = (path = "vm/disks/web01.vhdx") => SiblingFiles.around(join(folder, path));

describe("the files around an image", () => {
  test("are listed by name, without links", () => {
    expect(around().list("")).toEqual({
      entries: [
        { name: "sub", isFolder: true },
        { name: "web01.vhdx", isFolder: false },
      ],
      isComplete: true,
    });
  });

  test("are those where the image really stands, whatever link led to it", () => {
    const files = around("entry.vhdx");
    expect(files.imageName).toBe("web01.vhdx");
    expect(files.list("sub").entries).toEqual([{ name: "child.avhdx", isFolder: false }]);
  });

  test("may stand in a folder beside that of the image", () => {
    expect(around().list("../Snapshots").entries).toEqual([{ name: "one.avhdx", isFolder: false }]);
  });

  test.each(["none", "web01.vhdx", "away", "../Virtual Machines"])(
    "are none in %s, which is no folder of its own",
    (path) => {
      expect(around().list(path)).toEqual({ entries: [], isComplete: true });
    },
  );

  test("are read and closed", () => {
    using file = around().open("sub/child.avhdx");
    expect(file.sizeBytes).toBe("vm/disks/sub/child.avhdx".length);
    expect(() => around().open("none.vhdx")).toThrow(expect.objectContaining({ code: "IO_OPEN" }));
  });

  test("are not all told where there are more than may be listed", () => {
    const files = SiblingFiles.around(join(folder, "vm/disks/web01.vhdx"), { entryCountMax: 1 });
    expect(files.list("")).toMatchObject({ entries: [{}], isComplete: false });
    expect(files.list("sub")).toMatchObject({ entries: [{}], isComplete: true });
  });

  test("need an image", () => {
    expect(() => around("none.vhdx")).toThrow(expect.objectContaining({ code: "IO_OPEN" }));
  });
});
