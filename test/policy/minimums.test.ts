import { describe, expect, test } from "vitest";
import {
  checkMinimums,
  GUEST_NAMES,
  type HostId,
  judge,
  type MinimumRule,
  minimumFor,
  OS_IDS,
} from "../../src/policy/index.ts";
import { installed, judgeInput, os } from "./facts.ts";

const OLD = "6.2.9200.16433";
const NEW = "6.3.9600.18692";

describe("the rule for a guest", () => {
  const rules: readonly MinimumRule[] = [
    { guest: ["ws2008r2"], host: ["2012r2"], version: NEW },
    { guest: ["nt6.1"], host: ["ws2012", "2012r2"], version: OLD },
    { guest: ["ws2016"], version: "10.0.14393.5786" },
    { host: ["2016"], version: "6.3.9600.19456" },
    { guest: ["nt10.0"], version: "10.0.17763.4377" },
  ];

  test.each([
    { guest: os("ws2008r2"), host: "ws2012r2", rule: 0 },
    { guest: os("ws2008r2"), host: "win8.1", rule: 0 },
    { guest: os("ws2008r2"), host: "ws2012", rule: 1 },
    { guest: os("ws2008r2"), host: "win8", rule: undefined },
    { guest: os("win7"), host: "ws2012r2", rule: 1 },
    { guest: os("sbs2011"), host: "ws2012", rule: 1 },
    { guest: os("ws2012"), host: "ws2012r2", rule: undefined },
    { guest: os("ws2012"), host: "ws2022", rule: 3 },
    { guest: os("xp"), host: "ws2025", rule: 3 },
    { guest: os("ws2016", { build: 14393 }), host: "ws2019", rule: 2 },
    { guest: os("win10", { build: 14393 }), host: "ws2019", rule: undefined },
    { guest: os("ws2019", { build: 17763 }), host: "ws2019", rule: 4 },
    { guest: os("ws2019", { build: 17764 }), host: "ws2019", rule: undefined },
    { guest: os("ws2019"), host: "ws2019", rule: undefined },
    { guest: os("linux"), host: "ws2019", rule: undefined },
    { guest: os("unknown"), host: "ws2019", rule: undefined },
  ] as const)("$guest.id of build $guest.build on $host is the one at $rule", ({ guest, host, rule }) => {
    expect(minimumFor(rules, host, guest)).toBe(rule === undefined ? undefined : rules[rule]);
  });

  test("is none where there are no rules", () => {
    for (const id of OS_IDS) expect(minimumFor([], "ws2019", os(id))).toBeUndefined();
  });

  test("does not depend on its later neighbours", () => {
    checkMinimums(rules);
    for (const id of OS_IDS) {
      const found = minimumFor(rules, "ws2019", os(id));
      if (found === undefined) continue;
      const upToIt = rules.slice(0, rules.indexOf(found) + 1);
      expect(minimumFor(upToIt, "ws2019", os(id))).toBe(found);
    }
  });
});

describe("rules that would never count", () => {
  test.each([
    { rules: [{ version: "" }], place: "[0].version", says: "is no version" },
    { rules: [{ version: "6.3.x" }], place: "[0].version", says: "is no version" },
    { rules: [{ version: "10.0" }], place: "[0].version", says: "no guest could ever have it" },
    { rules: [{ version: "10.1.14393.0" }], place: "[0].version", says: "no guest could ever have it" },
    { rules: [{ version: "11.0.14393.0" }], place: "[0].version", says: "no guest could ever have it" },
    {
      rules: [{ guest: ["win7"], version: "10.0.14393.0" }],
      place: "[0].version",
      says: "no win7 guest could ever have version 10.0.14393.0",
    },
    {
      rules: [{ guest: ["win7", "nt10.0"], version: NEW }],
      place: "[0].version",
      says: "no nt10.0 guest could ever have version 6.3.9600.18692",
    },
    { rules: [{ guest: ["linux"], version: NEW }], place: "[0].guest[0]", says: '"linux" is not known' },
    {
      rules: [{ guest: ["nt6.1", "win7"], version: NEW }],
      place: "[0].guest[1]",
      says: '"win7" is named already',
    },
    {
      rules: [{ host: ["win8", "ws2012", "2012"], version: NEW }],
      place: "[0].host[2]",
      says: '"2012" is named already',
    },
    { rules: [{ version: OLD }, { version: NEW }], place: "[1]", says: "the rule never counts" },
    {
      rules: [
        { guest: ["nt6.1"], version: OLD },
        { guest: ["win7"], host: ["2016"], version: NEW },
      ],
      place: "[1]",
      says: "the rule never counts",
    },
    {
      rules: [
        { guest: ["win7"], host: ["2012"], version: OLD },
        { guest: ["win7"], host: ["2012r2", "2016"], version: OLD },
        { guest: ["win7"], version: NEW },
      ],
      place: "[2]",
      says: "the rule never counts",
    },
    {
      rules: [{ version: "10.0.14393.1" }, { guest: ["ws2016"], version: "10.0.14393.2" }],
      place: "[1]",
      says: "the rule never counts",
    },
  ] as const)("are refused: $rules", ({ rules, place, says }) => {
    expect(() => checkMinimums(rules as unknown as readonly MinimumRule[])).toThrow(
      expect.objectContaining({
        code: "POLICY_INVALID",
        message: expect.stringContaining(says),
        where: { structure: `$.minimumVersions${place}` },
      }),
    );
  });

  test.each([
    [[{ guest: ["win7"], version: NEW }, { version: OLD }]],
    [[{ version: OLD }, { version: "10.0.14393.1" }, { version: "10.0.17763.1" }]],
    [[{ host: ["2012"], version: OLD }, { version: NEW }]],
    [GUEST_NAMES.filter((name) => !name.startsWith("nt")).map((name) => versionOf(name))],
  ] as unknown as readonly (readonly [readonly MinimumRule[]])[])("are not these: %j", (rules) => {
    expect(() => checkMinimums(rules)).not.toThrow();
  });
});

function versionOf(name: string) {
  const isNew = /^(win1|ws20(16|19|2)|ws-sac)/.test(name);
  return { guest: [name], version: isNew ? "10.0.14393.1" : NEW };
}

describe("a guest that a policy is about", () => {
  const judged = (host: HostId, minimums: readonly MinimumRule[], version = "6.3.9600.17000") =>
    judge(judgeInput(host, os("ws2008r2"), { integrationServices: installed(version), minimums }));

  test.each([
    {
      rule: { guest: ["ws2008r2"], host: ["2012r2"], version: NEW },
      origin: "which the policy asks for of ws2008r2 guests on hosts of 2012r2",
    },
    {
      rule: { guest: ["nt6.0", "nt6.1"], version: NEW },
      origin: "which the policy asks for of nt6.0, nt6.1 guests",
    },
    { rule: { version: NEW }, origin: "which the policy asks for of all guests" },
  ] as const)("is outdated by $rule, which the reason names", ({ rule, origin }) => {
    const verdict = judged("ws2012r2", [rule]);
    expect(verdict.status).toBe("outdated");
    expect(verdict.reasons[0]).toBe(
      `version 6.3.9600.17000 (from its driver files: Windows/System32/drivers/vmbus.sys) is older than ${NEW}, ${origin}`,
    );
  });

  test("is current where it has what is asked for, however much newer there is", () => {
    expect(judged("ws2012r2", [{ version: OLD }]).status).toBe("current");
  });

  test("is measured as ever where no rule is for it, and that is said", () => {
    const { status, reasons } = judged("ws2012r2", [{ guest: ["win7"], version: OLD }]);
    expect(status).toBe("outdated");
    expect(reasons[0]).toContain("the newest known (KB4072650)");
    expect(reasons).toContain("no minimum of the policy is for such a guest on such a host");
  });

  test("is measured by the one minimum that stands before all rules", () => {
    const input = { integrationServices: installed(OLD), minimum: OLD, minimums: [{ version: NEW }] };
    const { status, reasons } = judge(judgeInput("ws2012r2", os("win7"), input));
    expect(status).toBe("current");
    expect(reasons[0]).toContain(`not older than ${OLD}, the minimum asked for`);
  });

  test("is measured by its build where it is Windows 10 or later", () => {
    const guest = os("ws2016", { build: 14393, revision: 5000 });
    const minimums: readonly MinimumRule[] = [{ guest: ["nt10.0"], version: "10.0.14393.5786" }];
    const { status, reasons } = judge(judgeInput("ws2019", guest, { minimums }));
    expect(status).toBe("outdated");
    expect(reasons[0]).toContain("is older than 10.0.14393.5786, which the policy asks for of nt10.0 guests");
  });
});
