// SPDX-License-Identifier: MIT
import { linkSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { buildCabinet, type LabMember } from "../lab/cab.ts";
import { extract } from "./package-jobs.ts";

// H42
describe("a member that is called", () => {
  const GOOD_MEMBER = { name: "good.txt", bytes: Buffer.from("good") };
  const cabinetWith = (evil: Partial<LabMember>) =>
    buildCabinet({
      folders: [{ members: [GOOD_MEMBER, { name: "evil", bytes: Buffer.from("evil"), ...evil }] }],
    });

  test.each<{ what: string; name: string; code?: string }>([
    { what: "above the folder", name: "..\\evil" },
    { what: "above it by a way around", name: "a\\..\\..\\evil" },
    { what: "above it with slashes", name: "../../../../evil" },
    { what: "with a step up that leads nowhere", name: "a/../evil" },
    { what: "with a step that stays", name: "./evil" },
    { what: "with an empty step", name: "a\\\\evil" },
    { what: "with an end of a folder", name: "evil\\" },
    { what: "by an absolute path", name: "/tmp/vmguest-evil" },
    { what: "by an absolute path of Windows", name: "\\evil" },
    { what: "on a drive", name: "C:\\evil" },
    { what: "in a drive's own folder", name: "c:evil" },
    { what: "on a share", name: "\\\\server\\share\\evil" },
    { what: "as a device of Windows", name: "\\\\.\\PhysicalDrive0" },
    { what: "by a path of NT", name: "\\\\?\\C:\\evil" },
    { what: "as a stream", name: "good.txt:evil" },
    { what: "as the device NUL", name: "NUL" },
    { what: "as a device with an extension", name: "a\\con.txt" },
    { what: "as a device with a space", name: "lpt1 .txt" },
    { what: "as a device with a superscript", name: "com¹" },
    { what: "with a dot that Windows drops", name: "good.txt." },
    { what: "with a space that Windows drops", name: "good.txt " },
    { what: "with an escape sequence", name: "\x1b[2Jevil" },
    { what: "with a line end", name: "evil\r\n" },
    { what: "nothing", name: "" },
    { what: "as another with other letters", name: "GOOD.TXT" },
    { what: "as what is in a file", name: "good.txt\\evil", code: "EXTRACT_COLLISION" },
  ])(
    "$what ($name) is not written, nor is anything unless that is wished",
    async ({ name, code = "EXTRACT_NAME" }) => {
      const cabinet = cabinetWith({ name, fields: { attributes: 0xa0 } });
      expect(await extract(cabinet)).toMatchObject({
        outcome: expect.stringMatching(new RegExp(`^4 .*${code}`)),
        files: {},
      });
      const rest = await extract(cabinet, ["--skip-unsafe"]);
      expect(rest).toMatchObject({
        outcome: expect.stringMatching(new RegExp(`^4 .*${code}`)),
        files: { "good.txt": "good" },
      });
      expect(Object.keys(rest.files)).toEqual(["good.txt"]);
    },
  );

  test("in more than 255 bytes is none, and the cabinet is damaged", async () => {
    const cabinet = cabinetWith({ name: "n".repeat(256) });
    expect(await extract(cabinet)).toEqual({ outcome: "3 CAB_MEMBER", files: {} });
  });

  test.each([
    "__proto__",
    "constructor",
    "-rf",
    "%PATH%",
    "$(reboot)",
    "`x`;&",
    "=cmd|' /c calc'!A0",
    "~",
    "\u00a0",
  ])("%s is a name like any other, if the host can have it", async (name) => {
    const { outcome, files } = await extract(cabinetWith({ name }));
    const isWritten = Object.hasOwn(files, name);
    expect(outcome).toBe(isWritten ? "0" : "4 EXTRACT_NAME");
    expect(isWritten).toBe(!/["*<>?|]/.test(name));
  });

  test.each([
    { what: "no UTF-8", nameBytes: [0x61, 0xff, 0xfe, 0x62], written: "aÿþb" },
    {
      what: "a step up in overlong UTF-8",
      nameBytes: [0xc0, 0xae, 0xc0, 0xae, 0x2f, 0x65],
      written: "À®À®/e",
    },
    { what: "half of a surrogate pair", nameBytes: [0x61, 0xed, 0xa0, 0x80], written: "aí\u00a0€" },
  ])(
    "in bytes that are $what is written as those of a code page, which is said",
    async ({ nameBytes, written }) => {
      const evil = { nameBytes: Uint8Array.from(nameBytes), fields: { attributes: 0xa0 } };
      const { outcome, files } = await extract(cabinetWith(evil));
      expect({ outcome, names: Object.keys(files) }).toEqual({
        outcome: "0 CAB_NAME_ENCODING",
        names: [written, "good.txt"].sort(),
      });
    },
  );
});

describe("what stands in the folder already", () => {
  const cabinet = buildCabinet({
    folders: [{ members: [{ name: "a.txt", bytes: Buffer.from("new") }, { name: "deep\\way\\b.txt" }] }],
  });

  test.each<{ what: string; prepare: (target: string, outside: string) => void }>([
    {
      what: "a link to a file",
      prepare: (target, outside) => symlinkSync(join(outside, "f"), join(target, "a.txt")),
    },
    { what: "a link to nothing", prepare: (target) => symlinkSync("/nowhere/at/all", join(target, "a.txt")) },
    { what: "a link to a folder", prepare: (target, outside) => symlinkSync(outside, join(target, "deep")) },
    {
      what: "a link to a folder, further down",
      prepare: (target, outside) => {
        mkdirSync(join(target, "deep"));
        symlinkSync(outside, join(target, "deep/way"));
      },
    },
    { what: "a link to the folder itself", prepare: (target) => symlinkSync(".", join(target, "deep")) },
    { what: "a folder in the place of a file", prepare: (target) => mkdirSync(join(target, "a.txt")) },
    {
      what: "a file in the place of a folder",
      prepare: (target) => writeFileSync(join(target, "deep"), "mine"),
    },
  ])("is not gone through, and nothing is written: $what", async ({ prepare }) => {
    for (const words of [[], ["--force"]]) {
      let left: unknown;
      const { outcome, files } = await extract(cabinet, words, (target, outside) => {
        writeFileSync(join(outside, "f"), "kept");
        prepare(target, outside);
        left = readdirSync(target);
      });
      expect(outcome).toBe("4 EXTRACT_LINK");
      expect(Object.values(files)).not.toContain("new");
      expect(left).toHaveLength(1);
    }
  });

  test("by another name elsewhere is not written into, but replaced here", async () => {
    const { outcome, files } = await extract(cabinet, ["--force"], (target, outside) => {
      writeFileSync(join(outside, "f"), "kept");
      linkSync(join(outside, "f"), join(target, "a.txt"));
    });
    expect({ outcome, a: files["a.txt"] }).toEqual({ outcome: "0", a: "new" });
  });
});
