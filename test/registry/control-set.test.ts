import { describe, expect, test } from "vitest";
import { currentControlSet } from "../../src/registry/index.ts";
import { type HiveTree, openHive } from "../lab/hive.ts";

const ControlSet001 = {};
const ControlSet002 = {};

describe("the current control set", () => {
  test.each([
    {
      what: "Current",
      tree: { Select: { Current: 2, Default: 1 }, ControlSet001, ControlSet002 },
      name: "ControlSet002",
    },
    {
      what: "Current, spelled as the key is",
      tree: { SELECT: { current: 1 }, CONTROLSET001: {} },
      name: "CONTROLSET001",
    },
    {
      what: "a Current of three digits",
      tree: { Select: { Current: 123 }, ControlSet123: {} },
      name: "ControlSet123",
    },
  ] satisfies { what: string; tree: HiveTree; name: string }[])("is what $what names", ({ tree, name }) => {
    expect(currentControlSet(openHive(tree))).toEqual({ name, isGuessed: false });
  });

  test.each([
    {
      what: "Default, where Current names no key",
      tree: { Select: { Current: 99, Default: 2, LastKnownGood: 1 }, ControlSet001, ControlSet002 },
      name: "ControlSet002",
    },
    {
      what: "LastKnownGood, where neither is there",
      tree: { Select: { LastKnownGood: 1 }, ControlSet001, ControlSet002 },
      name: "ControlSet001",
    },
    {
      what: "the only one, where Select is missing",
      tree: { ControlSet002, ControlSetup: {}, Setup: {} },
      name: "ControlSet002",
    },
    {
      what: "the only one, where Select holds no numbers",
      tree: { Select: { Current: "1", Default: 0 }, ControlSet002 },
      name: "ControlSet002",
    },
  ] satisfies { what: string; tree: HiveTree; name: string }[])(
    "is guessed to be $what",
    ({ tree, name }) => {
      expect(currentControlSet(openHive(tree))).toEqual({ name, isGuessed: true });
    },
  );

  test.each([
    { what: "there is none", tree: { Select: { Current: 1 } }, says: "there is no control set" },
    {
      what: "there are two and Select is missing",
      tree: { ControlSet001, ControlSet002 },
      says: "Select names none of ControlSet001, ControlSet002",
    },
  ])("is NOT_FOUND where $what", ({ tree, says }) => {
    expect(() => currentControlSet(openHive(tree))).toThrow(
      expect.objectContaining({ code: "NOT_FOUND", message: says }),
    );
  });
});
