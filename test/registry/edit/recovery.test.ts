import { describe, expect, test } from "vitest";
import type { Code } from "../../../src/errors.ts";
import { encodeDword, type HiveEditor } from "../../../src/registry/edit/index.ts";
import {
  baseBlockOf,
  buildHive,
  buildNewLog,
  buildOldLog,
  crashed,
  entryOf,
  LAB_TIME,
} from "../../lab/hive.ts";
import { EDIT_TIME, editHive, faultsOf, openBytes, openEditor } from "./edits.ts";

const refuses = (code: Code) => expect.objectContaining({ name: "VmguestError", code });

describe("a hive with transaction logs", () => {
  const first = buildHive({ Key: { Value: 1 } }, { sequence: 7 });
  const second = buildHive({ Key: { Value: 2 } }, { sequence: 7 });
  const third = buildHive({ Key: { Value: 3 } }, { sequence: 7 });
  const numberIn = (bytes: Uint8Array, logs: Uint8Array[] = []) =>
    openBytes(bytes, logs).require("Key").value("Value")?.number();
  const add = (editor: HiveEditor) => editor.setValue("Key", "Added", 4, encodeDword(5));
  const sequencesOf = (bytes: Uint8Array) => {
    const { primarySequence, secondarySequence } = baseBlockOf(bytes);
    return [primarySequence, secondarySequence];
  };

  test.each([
    { format: "new", logs: [buildNewLog(first, [entryOf(first, second, 7)])] },
    { format: "old", logs: [buildOldLog(first, second)] },
    {
      format: "new",
      logs: [buildNewLog(first, [entryOf(first, third, 7)]), buildNewLog(first, [entryOf(third, second, 8)])],
    },
  ])("of the $format format that it needs is brought up to date first, and then needs none", ({ logs }) => {
    const bytes = crashed(first, 8);
    const { edit, bytes: edited } = editHive(bytes, add, logs);
    expect(numberIn(edited)).toBe(2);
    expect(numberIn(edited, logs)).toBe(2);
    expect(openBytes(edited, logs).recovery).toBe("clean");
    expect(openBytes(edited).require("Key").value("Added")?.number()).toBe(5);
    expect(faultsOf(edited, logs)).toEqual([]);
    expect(edit.steps.map(({ name }) => name).slice(0, 2)).toEqual(["replay", "recover"]);
  });

  test("that it needs stays as it is where nothing is edited", () => {
    const log = buildNewLog(first, [entryOf(first, second, 7)]);
    const { edit } = editHive(crashed(first, 8), () => undefined, [log]);
    expect(edit.changes).toEqual([]);
  });

  const newLog = buildNewLog(first, [entryOf(first, second, 7)]);
  const oldLog = buildOldLog(first, second);
  const flipped = (log: Uint8Array, at: number) => log.map((byte, index) => (index === at ? byte ^ 1 : byte));

  test.each([
    { what: "a new-format log with damage in an entry", log: flipped(newLog, 600) },
    { what: "a new-format log without entries", log: newLog.slice().fill(0, 512) },
    { what: "a new-format log with a torn base block", log: flipped(newLog, 508) },
    { what: "an old-format log without its bitmap", log: oldLog.slice().fill(0, 512) },
    { what: "an old-format log that ends early", log: oldLog.slice(0, -512) },
    { what: "an old-format log with a torn base block", log: flipped(oldLog, 508) },
    {
      what: "an old-format log of another time",
      log: buildOldLog(first, buildHive({ Key: {} }, { lastWritten: 1n })),
    },
  ])("is refused with $what: HIVE_EDIT_UNRECOVERED", ({ log }) => {
    expect(() => openEditor(crashed(first, 8), [log])).toThrow(refuses("HIVE_EDIT_UNRECOVERED"));
  });

  test("of which one of two is damaged is refused", () => {
    const second8 = buildNewLog(first, [entryOf(third, second, 8)]);
    const logs = [buildNewLog(first, [entryOf(first, third, 7)]), flipped(second8, 600)];
    expect(() => openEditor(crashed(first, 8), logs)).toThrow(refuses("HIVE_EDIT_UNRECOVERED"));
  });

  test.each([
    { what: "no logs", sequence: 7, logs: [], next: 8 },
    { what: "an older log", sequence: 7, logs: [buildNewLog(first, [entryOf(first, second, 5)])], next: 8 },
    { what: "a newer log", sequence: 7, logs: [buildNewLog(first, [entryOf(first, second, 20)])], next: 21 },
    {
      what: "what an earlier round left in a log",
      sequence: 7,
      logs: [
        Buffer.concat([
          buildNewLog(first, []),
          new Uint8Array(1024),
          buildNewLog(first, [entryOf(first, second, 30)]).subarray(512),
        ]),
      ],
      next: 31,
    },
    { what: "an old-format log", sequence: 7, logs: [buildOldLog(first, second, 12)], next: 13 },
    { what: "a number that wraps around", sequence: 0xffff_ffff, logs: [], next: 0 },
    {
      what: "a log that has wrapped around",
      sequence: 0xffff_fffe,
      logs: [buildNewLog(first, [entryOf(first, second, 2)])],
      next: 3,
    },
    { what: "logs full of zeros", sequence: 7, logs: [new Uint8Array(0), new Uint8Array(4096)], next: 8 },
  ])("gets sequence numbers above all in them: $what", ({ sequence, logs, next }) => {
    const hive = buildHive({ Key: {} }, { sequence });
    const { bytes } = editHive(hive, add, logs);
    expect(sequencesOf(bytes)).toEqual([next, next]);
    // Even if the system stops in its next write, no old log is taken for the one of that write.
    const next2 = crashed(bytes, (next + 1) % 2 ** 32);
    expect(openBytes(next2, logs).recovery).toBe("unrecovered");
  });

  test("of the new format keeps the time that it has", () => {
    const { bytes } = editHive(first, add, [buildNewLog(first, [])]);
    expect(openBytes(bytes).lastWritten).toBe(LAB_TIME);
  });

  test.each([
    { what: "is earlier than the edit", time: LAB_TIME, expected: EDIT_TIME },
    { what: "is later than the edit", time: EDIT_TIME + 50n, expected: EDIT_TIME + 51n },
    { what: "is that of the edit", time: EDIT_TIME, expected: EDIT_TIME + 1n },
    { what: "is not kept", time: 0n, expected: 0n },
  ])("of the old format gets a time that no log has, where it $what", ({ time, expected }) => {
    const hive = buildHive({ Key: { Value: 1 } }, { lastWritten: time });
    const { bytes } = editHive(hive, add, [
      buildOldLog(hive, buildHive({ Key: { Value: 2 } }, { lastWritten: time })),
    ]);
    expect(openBytes(bytes).lastWritten).toBe(expected);
    expect(new DataView(bytes.buffer).getBigUint64(4096 + 20, true)).toBe(expected);
  });
});
