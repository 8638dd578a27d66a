import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  encodeDword,
  encodeMultiString,
  encodeString,
  type HiveEditor,
} from "../../src/registry/edit/index.ts";
import { BASE_BLOCK_SIZE, BinHeader } from "../../src/registry/layout.ts";
import { buildHive, Surgery } from "../lab/hive.ts";
import {
  changedCells,
  editAtRandom,
  editHive,
  faultsOf,
  linesOf,
  ModelKey,
  openBytes,
  openEditor,
  randomNumbers,
} from "../registry/edit/edits.ts";
import { expectSoundThroughout } from "../registry/edit/interruptions.ts";
import { readFixture } from "../support/fixtures.ts";
import { expectSameElsewhere, HiveFolder, hivex, run } from "./registry-edit-tools.ts";

const hives = new HiveFolder();
afterAll(() => rmSync(hives.path, { recursive: true }));

const ASCII = ["Alpha", "beta", "_x", "[y]", "a", "B", "Services", "^~"];
const fixture = (name: string) => readFixture(`hive/${name}`);

describe("a hive after random edits", () => {
  test.each([
    { minor: 3, seed: 1 },
    { minor: 5, seed: 2 },
    { minor: 5, seed: 3 },
    { minor: 6, seed: 4 },
  ])("of version 1.$minor is to hivex and reglookup what the model says", ({ minor, seed }) => {
    const random = randomNumbers(seed);
    let bytes = buildHive({}, { minor });
    const model = ModelKey.of(bytes);
    const paths: string[] = [];
    for (let round = 0; round < 3; round++) {
      ({ bytes } = editHive(bytes, (editor) => {
        for (let index = 0; index < 400; index++) {
          editAtRandom(random, paths, editor, model, {
            sizes: [0, 2, 4, 5, 40, 700, 16_344, 16_345, 33_000],
          });
        }
      }));
    }
    expect(linesOf(bytes)).toEqual(model.lines());
    expectSameElsewhere(hives.write(bytes), bytes);
  });

  test("of 8000 keys in one list is, too, and every key is found by its name", () => {
    const { bytes } = editHive(buildHive({}), (editor) => {
      for (let index = 0; index < 8000; index++) {
        editor.createKey(`Many\\{${((index * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, "0")}}`);
      }
    });
    expectSameElsewhere(hives.write(bytes), bytes);
    const path = hives.write(bytes);
    const found = hivex(
      path,
      `print(h.node_name(h.node_get_child(h.node_get_child(h.root(), "many"), "{9e3779b1}")))`,
    );
    expect(found.trim()).toBe("{9e3779b1}");
  });

  test("takes further edits of hivex, which our check accepts", () => {
    const random = randomNumbers(7);
    const start = buildHive({});
    const model = ModelKey.of(start);
    const paths: string[] = [];
    const { bytes } = editHive(start, (editor) => {
      for (let index = 0; index < 500; index++) editAtRandom(random, paths, editor, model, { names: ASCII });
    });
    const path = hives.write(bytes);
    hivex(
      path,
      `
for index, node in enumerate(h.node_children(h.root())):
    child = h.node_add_child(node, "ZZ hivex %d" % index)
    h.node_set_values(child, [{"key": "Value", "t": 1, "value": b"a\\0\\0\\0"}, {"key": "", "t": 4, "value": b"\\1\\0\\0\\0"}])
    if index % 3 == 0:
        for old in h.node_children(node):
            if h.node_name(old) != "ZZ hivex %d" % index:
                h.node_delete_child(old)
                break
h.commit(None)
`,
    );
    const after = readFileSync(path);
    expect(faultsOf(after).filter((fault) => !fault.startsWith("REGF_CELL_UNREACHABLE"))).toEqual([]);
    const again = editHive(after, (editor) => editor.createKey("After\\All"));
    expectSameElsewhere(hives.write(again.bytes), again.bytes);
  });

  test("is what hivexregedit makes of the same edits", () => {
    const start = buildHive({
      Microsoft: { Windows: { Version: "6.1", Number: 1, Old: "x" }, Gone: { Sub: {} } },
      Setup: { CmdLine: "oobe", SetupType: 0 },
    });
    const { bytes } = editHive(start, (editor) => {
      editor.createKey("Microsoft\\New\\Deep");
      editor.setValue("Microsoft\\New\\Deep", "", 1, encodeString("text"));
      editor.setValue("Microsoft\\New", "List", 7, encodeMultiString(["a", "b"]));
      editor.setValue("Microsoft\\Windows", "Version", 2, encodeString("10.0"));
      editor.setValue("Setup", "SetupType", 4, encodeDword(2));
      editor.setValue("Setup", "CmdLine", 1, encodeString("cmd.exe"));
      editor.deleteValue("Microsoft\\Windows", "Old");
      editor.deleteKey("Microsoft\\Gone", { recursive: true });
    });
    const hex = (data: Uint8Array) => [...data].map((byte) => byte.toString(16).padStart(2, "0")).join(",");
    const script = [
      "Windows Registry Editor Version 5.00",
      "",
      "[\\Microsoft\\New]",
      `"List"=hex(7):${hex(encodeMultiString(["a", "b"]))}`,
      "",
      "[\\Microsoft\\New\\Deep]",
      `@=hex(1):${hex(encodeString("text"))}`,
      "",
      "[\\Microsoft\\Windows]",
      `"Version"=hex(2):${hex(encodeString("10.0"))}`,
      `"Old"=-`,
      "",
      "[\\Setup]",
      `"SetupType"=dword:00000002`,
      `"CmdLine"=hex(1):${hex(encodeString("cmd.exe"))}`,
      "",
      "[-\\Microsoft\\Gone]",
      "",
    ].join("\n");
    const path = hives.write(start);
    const file = join(hives.path, "edits.reg");
    writeFileSync(file, script);
    run("hivexregedit", "--merge", path, file);
    expect(linesOf(readFileSync(path))).toEqual(linesOf(bytes));
    expect(run("hivexregedit", "--export", hives.write(bytes), "\\")).toBe(
      run("hivexregedit", "--export", path, "\\"),
    );
    expect(run("hivexget", hives.write(bytes), "\\Setup", "CmdLine").trim()).toBe("cmd.exe");
    expect(run("hivexget", hives.write(bytes), "\\Setup", "SetupType").trim()).toBe("2");
  });
});

/** Every real hive without a fault, with its logs where it needs them. */
const HIVES = [
  { name: "dissect-SYSTEM", logs: [] },
  { name: "regipy-SYSTEM_B", logs: ["regipy-SYSTEM_B.LOG1", "regipy-SYSTEM_B.LOG2"] },
  { name: "dfwinreg-NTUSER.DAT", logs: ["dfwinreg-NTUSER.DAT.LOG"] },
  { name: "artemis-NTUSER.DAT", logs: [] },
  { name: "transactions_NTUSER.DAT", logs: ["transactions_ntuser.dat.log1", "transactions_ntuser.dat.log2"] },
  { name: "ez-SAM", logs: [] },
  { name: "regipy-BCD", logs: [] },
  { name: "nt-hive-testhive", logs: [] },
  { name: "hivex-minimal", logs: [] },
  { name: "hivex-special", logs: [] },
  { name: "hivex-rlenvalue_test_hive", logs: [] },
  { name: "python-registry-UNICODE_TESTS", logs: [] },
  { name: "plaso-100_sub_keys.hiv", logs: [] },
  { name: "yarp/ManySubkeysHive", logs: [] },
  { name: "yarp/BigDataHive", logs: [] },
  { name: "yarp/UpcaseHive", logs: [] },
  { name: "yarp/RemnantsHive", logs: [] },
  {
    name: "yarp-NewDirtyHive1/NewDirtyHive",
    logs: ["yarp-NewDirtyHive1/NewDirtyHive.LOG1", "yarp-NewDirtyHive1/NewDirtyHive.LOG2"],
  },
  { name: "yarp-OldDirtyHive/OldDirtyHive", logs: ["yarp-OldDirtyHive/OldDirtyHive.LOG1"] },
];

describe("a real hive", () => {
  test.each(HIVES)("$name holds after random edits what it should", ({ name, logs: logNames }) => {
    const file = fixture(name);
    const logs = logNames.map(fixture);
    const random = randomNumbers(file.length);
    const model = ModelKey.of(withoutLogs(file, logs));
    const paths = model.paths().filter((path) => path.split("\\").length < 8);
    const before = faultsOf(file, logs).filter(
      (fault) => !/^REGF_(LOG_APPLIED|CELL_UNREACHABLE)/.test(fault),
    );
    const { bytes } = editHive(
      file,
      (editor) => {
        for (let index = 0; index < 150; index++) safely(() => editAtRandom(random, paths, editor, model));
      },
      logs,
    );
    expect(faultsOf(bytes, logs).filter((fault) => !fault.startsWith("REGF_CELL_UNREACHABLE"))).toEqual(
      before,
    );
    expect(linesOf(bytes)).toEqual(model.lines());
    expectSameElsewhere(hives.write(bytes), bytes);
  });

  test.each([
    { name: "dissect-SYSTEM", minor: 5 },
    { name: "regipy-SYSTEM_win7", minor: 5 },
  ])(
    "$name takes a command line for its next start without growing, and nothing else changes",
    ({ name }) => {
      const file = fixture(name);
      const setup = openBytes(file).require("Setup");
      const cells = ["CmdLine", "SetupType"].map((value) => setup.value(value)!.offset - BASE_BLOCK_SIZE);
      const { dataSize, data } = new Surgery(file).value("Setup", "CmdLine");
      const { edit, bytes } = editHive(file, (editor) => {
        editor.setValue(
          "Setup",
          "CmdLine",
          1,
          encodeString(`C:\\Windows\\System32\\cmd.exe /d /c ${"x".repeat(150)}`),
        );
        editor.setValue("Setup", "SetupType", 4, encodeDword(2));
      });
      expect(edit).toMatchObject({ growthBytes: 0, sizeBytes: file.length, isSoundThroughout: true });
      const planned = [setup.offset - BASE_BLOCK_SIZE, ...cells, ...(dataSize < 2 ** 31 ? [data] : [])];
      expect(changedCells(file, bytes).filter((cell) => !planned.includes(cell))).toEqual([]);
      expect(edit.changes.length).toBeLessThanOrEqual(6);
      expect(run("hivexget", hives.write(bytes), "\\Setup", "SetupType").trim()).toBe("2");
    },
  );

  test("of 38 MB is edited, and the rest of it stays", () => {
    const file = fixture("plaso-SOFTWARE");
    const { edit, bytes } = editHive(file, (editor) => {
      editor.createKey("Microsoft\\Virtual Machine\\Auto");
      editor.setValue(
        "Microsoft\\Virtual Machine\\Auto",
        "IntegrationServicesVersion",
        1,
        encodeString("6.3.9600.19456"),
      );
    });
    expect(edit.changes.length).toBeLessThan(12);
    expect(changedCells(file, bytes).length).toBeLessThanOrEqual(4);
    expect(
      run(
        "hivexget",
        hives.write(bytes),
        "\\Microsoft\\Virtual Machine\\Auto",
        "IntegrationServicesVersion",
      ).trim(),
    ).toBe("6.3.9600.19456");
  });

  test.each([
    { name: "artemis-NTUSER.DAT", logs: [] },
    { name: "nt-hive-testhive", logs: [] },
    { name: "yarp/BigDataHive", logs: [] },
    {
      name: "yarp-NewDirtyHive1/NewDirtyHive",
      logs: ["yarp-NewDirtyHive1/NewDirtyHive.LOG1", "yarp-NewDirtyHive1/NewDirtyHive.LOG2"],
    },
    { name: "yarp-OldDirtyHive/OldDirtyHive", logs: ["yarp-OldDirtyHive/OldDirtyHive.LOG1"] },
  ])("$name is sound wherever the writing of edits is cut off", ({ name, logs: logNames }) => {
    const bytes = fixture(name);
    const logs = logNames.map(fixture);
    const random = randomNumbers(11);
    const model = ModelKey.of(withoutLogs(bytes, logs));
    const paths = model.paths().filter((path) => path.split("\\").length < 8);
    const edited = editHive(
      bytes,
      (editor) => {
        for (let index = 0; index < 30; index++) safely(() => editAtRandom(random, paths, editor, model));
      },
      logs,
    );
    expectSoundThroughout({ bytes, logs, edited });
  });

  test("that Windows recovered is the one that we edit", () => {
    const logs = ["LOG1", "LOG2"].map((log) => fixture(`yarp-NewDirtyHive1/NewDirtyHive.${log}`));
    const work = (editor: HiveEditor) => editor.createKey("Key1x\\Sub");
    const { bytes } = editHive(fixture("yarp-NewDirtyHive1/NewDirtyHive"), work, logs);
    const { bytes: ofWindows } = editHive(fixture("yarp-NewDirtyHive1/RecoveredHive_Windows10"), work);
    expect(linesOf(bytes)).toEqual(linesOf(ofWindows));
    // The time in the first bin is not kept beside logs of the new format.
    const start = BASE_BLOCK_SIZE + BinHeader.sizeBytes;
    expect(Buffer.compare(bytes.subarray(start), ofWindows.subarray(start))).toBe(0);
  });

  test.each([
    { name: "dfwinreg-SYSTEM", logs: [], code: "HIVE_EDIT_UNRECOVERED" },
    {
      name: "yarp-BadLogHive1/BadLogHive",
      logs: ["yarp-BadLogHive1/BadLogHive.LOG1"],
      code: "HIVE_EDIT_UNRECOVERED",
    },
    {
      name: "yarp-BadBaseBlockHive/BadBaseBlockHive",
      logs: ["yarp-BadBaseBlockHive/BadBaseBlockHive.LOG1"],
      code: "REGF_BASE_BLOCK|HIVE_EDIT_(UNRECOVERED|VERSION)",
    },
    { name: "yarp/BadListHive", logs: [], code: "HIVE_EDIT_DAMAGED" },
    { name: "yarp/BadSubkeyHive", logs: [], code: "HIVE_EDIT_DAMAGED" },
    { name: "yarp/DuplicateSubkeysHive", logs: [], code: "HIVE_EDIT_DAMAGED" },
    { name: "yarp/TruncatedHive", logs: [], code: "HIVE_EDIT_DAMAGED" },
    { name: "yarp/TruncatedNameHive", logs: [], code: "HIVE_EDIT_DAMAGED" },
    { name: "yarp/CompHive", logs: [], code: "HIVE_EDIT_DAMAGED" },
    { name: "artemis-NTUSER_Bad.DAT", logs: [], code: "HIVE_EDIT_DAMAGED" },
    { name: "ez-SAMBadHBinHeader", logs: [], code: "HIVE_EDIT_DAMAGED" },
    { name: "plaso-corrupt_sub_key_list.hiv", logs: [], code: "HIVE_EDIT_DAMAGED" },
    { name: "win9x-SYSTEM.DAT", logs: [], code: "REGF_NOT" },
  ])("$name is refused: $code", ({ name, logs, code }) => {
    expect(() => openEditor(fixture(name), logs.map(fixture))).toThrow(
      expect.objectContaining({ code: expect.stringMatching(`^(${code})$`) }),
    );
  });
});

/** Keys that are links or may not be deleted stay in both hive and model. */
function safely(work: () => void): void {
  try {
    work();
  } catch (error) {
    const { code } = error as { code?: string };
    if (code !== "HIVE_EDIT_KEY_KIND" && code !== "HIVE_EDIT_KEY_KEPT") throw error;
  }
}

/** The hive as Windows would load it, in one file. */
function withoutLogs(file: Uint8Array, logs: readonly Uint8Array[]): Uint8Array {
  const { image } = openBytes(file, logs);
  const view = image.read(0, image.sizeBytes);
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
}
