import { describe, expect, test } from "vitest";
import { planPersistVersion } from "../../src/staging/persist-version.ts";
import { planServiceStart, type ServiceStartWish } from "../../src/staging/service-start.ts";
import type { HiveTree } from "../lab/hive.ts";
import type { ReleaseName, TreeChange } from "../lab/windows.ts";
import { LabTarget } from "./lab-target.ts";

const service = (name: string, values: TreeChange | null): TreeChange => ({ Services: { [name]: values } });
const guest = (release: ReleaseName, control: TreeChange = {}, system: TreeChange = {}) =>
  LabTarget.of({ release, control, system });

/** What planning and doing it comes to: the start types by control set, and that it is then so. */
function starts(target: LabTarget, name: string, wish: ServiceStartWish) {
  const changes = planServiceStart(target, name, wish);
  const after = target.after(changes);
  expect(planServiceStart(after, name, wish)).toEqual([]);
  return changes.map((change) => {
    if (change.kind !== "set-value") return expect.fail(change.kind);
    const { key, name, type, text, stage } = change;
    expect({ name, type, stage }).toEqual({ name: "Start", type: 4, stage: "arming" });
    const set = after.windows.system.require(key).value("Start")?.number();
    expect(text).toMatch(new RegExp(`^${set} \\(`));
    return [key, set];
  });
}

describe("a service", () => {
  const KEY = "ControlSet001\\Services\\vmickvpexchange";

  test.each<{ release: ReleaseName; start: number; wish: ServiceStartWish; becomes: number | undefined }>([
    { release: "ws2008", start: 2, wish: "disable", becomes: 4 },
    { release: "ws2008", start: 4, wish: "enable", becomes: 2 },
    { release: "ws2008r2", start: 4, wish: "enable", becomes: 2 },
    { release: "win8", start: 4, wish: "enable", becomes: 3 },
    { release: "ws2012r2", start: 4, wish: "enable", becomes: 3 },
    { release: "ws2022", start: 4, wish: "enable", becomes: 3 },
    { release: "ws2012r2", start: 3, wish: "disable", becomes: 4 },
    { release: "ws2012r2", start: 4, wish: "disable", becomes: undefined },
    { release: "ws2012r2", start: 3, wish: "enable", becomes: undefined },
    { release: "ws2012r2", start: 2, wish: "enable", becomes: undefined },
    { release: "ws2008r2", start: 3, wish: "enable", becomes: undefined },
    { release: "ws2012r2", start: 9, wish: "enable", becomes: 3 },
    { release: "ws2012r2", start: 9, wish: "disable", becomes: 4 },
  ])(
    "of $release with start type $start, to be $wish, becomes $becomes",
    ({ release, start, wish, becomes }) => {
      const target = guest(release, service("vmickvpexchange", { Start: start }));
      expect(starts(target, "VMICKvpExchange", wish)).toEqual(becomes === undefined ? [] : [[KEY, becomes]]);
    },
  );

  test("keeps all else that its key holds", () => {
    const target = guest("ws2012r2");
    const after = target.after(planServiceStart(target, "vmicvss", "disable"));
    const values = (of: LabTarget) =>
      [...of.windows.system.require("ControlSet001\\Services\\vmicvss").values()]
        .filter(({ name }) => name !== "Start")
        .map((value) => [value.name, value.type, value.data()]);
    expect(values(after)).toEqual(values(target));
  });

  const set = (start: number): HiveTree => ({ Services: { vmicvss: { Start: start } } });
  const control = service("vmicvss", { Start: 3 });

  test("is changed in the control set of the next start too, and not in the last known good one", () => {
    const target = guest("ws2012r2", control, {
      Select: { Current: 1, Default: 2, LastKnownGood: 3 },
      ControlSet002: set(3),
      ControlSet003: set(3),
    });
    expect(starts(target, "vmicvss", "disable")).toEqual([
      ["ControlSet001\\Services\\vmicvss", 4],
      ["ControlSet002\\Services\\vmicvss", 4],
    ]);
  });

  test.each<{ select: TreeChange; second: HiveTree }>([
    { select: { Default: 1 }, second: set(3) },
    { select: { Default: null }, second: set(3) },
    { select: { Default: 7 }, second: set(3) },
    { select: { Default: 2 }, second: set(4) },
    { select: { Default: 2 }, second: { Services: {} } },
  ])("is changed in the one that has it and needs it alone ($select)", ({ select, second }) => {
    const target = guest("ws2012r2", control, { Select: select, ControlSet002: second as TreeChange });
    expect(starts(target, "vmicvss", "disable")).toEqual([["ControlSet001\\Services\\vmicvss", 4]]);
  });

  test.each<{ name: string; control: TreeChange; code: string; kind: string }>([
    { name: "wuauserv", control: {}, code: "SERVICE_UNKNOWN", kind: "usage" },
    { name: "vmbus", control: {}, code: "SERVICE_UNKNOWN", kind: "usage" },
    { name: "", control: {}, code: "SERVICE_UNKNOWN", kind: "usage" },
    { name: "vmicvss\\Parameters", control: {}, code: "SERVICE_UNKNOWN", kind: "usage" },
    { name: "vmicvmsession", control: {}, code: "SERVICE_ABSENT", kind: "unsupported" },
    { name: "vmicvss", control: service("vmicvss", null), code: "SERVICE_ABSENT", kind: "unsupported" },
    {
      name: "vmicvss",
      control: service("vmicvss", { Start: null }),
      code: "SERVICE_ABSENT",
      kind: "unsupported",
    },
  ])("that is not there ($name) is refused with $code", ({ name, control, code, kind }) => {
    const refused = expect.objectContaining({ code, kind });
    expect(() => planServiceStart(guest("ws2012r2", control), name, "disable")).toThrow(refused);
  });
});

describe("the key that keeps the version", () => {
  const AUTO = "Microsoft\\Virtual Machine\\Auto";

  test("is made once, with nothing else", () => {
    const target = LabTarget.of({ release: "ws2012r2" });
    const changes = planPersistVersion(target);
    expect(changes).toMatchObject([
      { kind: "create-key", stage: "preparation", hive: target.windows.softwarePath, key: AUTO },
    ]);
    const after = target.after(changes);
    expect(after.windows.software.require(AUTO).valueCount).toBe(0);
    expect(planPersistVersion(after)).toEqual([]);
  });

  test("is refused where there is no key whose permissions it could have", () => {
    const software = { Microsoft: { "Virtual Machine": null } };
    const target = LabTarget.of({ release: "ws2012r2", software });
    expect(() => planPersistVersion(target)).toThrow(
      expect.objectContaining({ code: "PERSIST_VERSION_UNSAFE", kind: "unsafe" }),
    );
  });
});
