import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { type ChangeImageOptions, editServices } from "../../src/staging/index.ts";
import { CONTAINERS, layGpt } from "../lab/guest-image.ts";
import { volumeOf } from "./preconditions/targets.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-change-image-"));
afterAll(() => rmSync(folder, { recursive: true }));

const SERVICE = "vmictimesync";
const OPTIONS: ChangeImageOptions = {
  host: "ws2012r2",
  toolVersion: "0.0.0",
  newGuid: () => randomUUID(),
  now: new Date("2026-01-02T03:04:05Z"),
};

const edit = (path: string, start: "enable" | "disable", options: Partial<ChangeImageOptions> = {}) =>
  editServices(path, [{ name: SERVICE, start }], { ...OPTIONS, ...options });

test("a change that replaces an earlier one says that it took that back, whatever comes of it", () => {
  const path = join(folder, "disk.img");
  const before = layGpt([volumeOf()]);
  writeFileSync(path, before);
  expect(edit(path, "disable")).toMatchObject({ outcome: "staged", undoFile: `${path}.vmguest-undo` });
  expect(edit(path, "disable", { replaces: true })).toMatchObject({
    outcome: "staged",
    plan: { reasons: ["an earlier change of the image was taken back first"] },
  });
  expect(edit(path, "enable", { replaces: true })).toMatchObject({
    outcome: "nothing-to-do",
    plan: {
      reasons: [
        "an earlier change of the image was taken back first",
        "the services start as they are to start already",
      ],
    },
  });
  expect(readFileSync(path).equals(before)).toBe(true);
  expect(existsSync(`${path}.vmguest-undo`)).toBe(false);
});

test("nothing is said of an earlier change where there is none", () => {
  const path = join(folder, "other.img");
  writeFileSync(path, layGpt([volumeOf()]));
  expect(edit(path, "enable", { replaces: true })).toMatchObject({
    outcome: "nothing-to-do",
    plan: { reasons: ["the services start as they are to start already"] },
  });
});

test("a differencing disk is made over an image, and another over that; neither file below changes", () => {
  const [base = "", child = "", grandchild = ""] = ["base.vhdx", "child.avhdx", "grandchild.avhdx"].map(
    (name) => join(folder, name),
  );
  writeFileSync(base, CONTAINERS.vhdx(layGpt([volumeOf()])));
  const below = [readFileSync(base)];
  expect(edit(base, "disable", { target: { kind: "child", path: child } })).toMatchObject({
    outcome: "staged",
    target: { kind: "child", path: child },
    undoFile: null,
  });
  below.push(readFileSync(child));
  expect(edit(child, "disable")).toMatchObject({ outcome: "nothing-to-do" });
  expect(edit(child, "enable", { target: { kind: "child", path: grandchild } })).toMatchObject({
    outcome: "staged",
  });
  expect(edit(grandchild, "enable")).toMatchObject({ outcome: "nothing-to-do" });
  expect(
    [base, child].every((path, index) => readFileSync(path).equals(below[index] ?? new Uint8Array())),
  ).toBe(true);
});

test("a differencing disk is not copied to where its copy would have no parent", () => {
  const [base = "", child = ""] = ["below.vhdx", "above.avhdx"].map((name) => join(folder, name));
  writeFileSync(base, CONTAINERS.vhdx(layGpt([volumeOf()])));
  edit(base, "disable", { target: { kind: "child", path: child } });
  const elsewhere = join(mkdtempSync(join(folder, "elsewhere-")), "copy.avhdx");
  expect(edit(child, "enable", { target: { kind: "copy", path: elsewhere } })).toMatchObject({
    outcome: "refused",
    error: { code: "STAGE_TARGET_PLACE" },
  });
  expect(existsSync(elsewhere)).toBe(false);
  const beside = join(folder, "copy.avhdx");
  expect(edit(child, "enable", { target: { kind: "copy", path: beside } })).toMatchObject({
    outcome: "staged",
  });
});
