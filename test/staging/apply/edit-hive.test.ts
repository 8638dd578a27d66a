import { expect, test } from "vitest";
import { VmguestError } from "../../../src/errors.ts";
import { VALUE_TYPES } from "../../../src/registry/edit/index.ts";
import { editHive, type HiveChange } from "../../../src/staging/apply/edit-hive.ts";
import { type FakeContent, FakeFileSystem } from "../../lab/fake-file-system.ts";
import { buildHive, buildOldLog, crashed } from "../../lab/hive.ts";

const PATH = "Windows/System32/config/SOFTWARE";
const before = buildHive({ Key: { Value: 1 } });
const after = buildHive({ Key: { Value: 2 } });

const CHANGE: HiveChange = {
  kind: "set-value",
  stage: "arming",
  hive: PATH,
  key: "Key",
  name: "Value",
  type: VALUE_TYPES.dword,
  data: Uint8Array.of(3, 0, 0, 0),
  text: "3",
  reason: "for a test",
};

const edit = (files: Readonly<Record<string, FakeContent>>, changes: readonly HiveChange[] = [CHANGE]) =>
  editHive(new FakeFileSystem(files), PATH, changes, { time: 1n, isChecked: false });

test("a hive that was not flushed is edited with what its log holds", () => {
  const { steps } = edit({ [PATH]: crashed(before, 8), [`${PATH}.LOG1`]: buildOldLog(before, after) });
  expect(steps.length).toBeGreaterThan(0);
});

test.each([
  ["was not flushed, and the other log brings it up to date", crashed(before, 8)],
  ["was written completely", before],
])("a hive with a log that cannot be read is not edited, though it %s", (_, hive) => {
  const unreadable = new VmguestError("NTFS_RUNLIST", "the runs of the file are damaged");
  const files = { [PATH]: hive, [`${PATH}.LOG1`]: unreadable, [`${PATH}.LOG2`]: buildOldLog(before, after) };
  expect(() => edit(files)).toThrow(expect.objectContaining({ code: "HIVE_EDIT_UNRECOVERED" }));
});

test("what a hive has already takes no step", () => {
  const change = { ...CHANGE, data: Uint8Array.of(1, 0, 0, 0) } as HiveChange;
  expect(edit({ [PATH]: before }, [change]).steps).toEqual([]);
});
