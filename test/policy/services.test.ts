import { describe, expect, test } from "vitest";
import { checkServices, inBoxServices, OS_IDS, SERVICE_NAMES } from "../../src/policy/index.ts";
import { firstServices, installed, NOTHING_FOUND, os, services } from "./facts.ts";

const presenceOf = (id: Parameters<typeof os>[0], service: string, version: string | null = null) =>
  inBoxServices(os(id, { version })).find(({ name }) => name === service)?.presence;

const problems = (id: Parameters<typeof os>[0], facts: Parameters<typeof checkServices>[1]) =>
  checkServices(os(id), facts).map(({ code, where }) => `${code} ${where.structure}`);

describe("the services a guest can have", () => {
  test.each(OS_IDS)("are the eight, or none, for %s", (id) => {
    const names = inBoxServices(os(id)).map(({ name }) => name);
    expect(names).toEqual(["linux", "freebsd", "unknown"].includes(id) ? [] : SERVICE_NAMES);
  });

  test.each([
    ["xp", "vmicvss", "never"],
    ["ws2003", "vmicvss", "first-device"],
    ["ws2003", "vmicrdv", "never"],
    ["ws2003", "vmicguestinterface", "update"],
    ["vista", "vmicvss", "first-device"],
    ["ws2008r2", "vmicguestinterface", "update"],
    ["win7", "vmicrdv", "update"],
    ["win8", "vmicrdv", "declared"],
    ["ws2012", "vmicguestinterface", "update"],
    ["win8.1", "vmicguestinterface", "declared"],
    ["ws2012r2", "vmicvmsession", "never"],
    ["ws2016", "vmicvmsession", "declared"],
    ["win11", "vmicvmsession", "declared"],
  ] as const)("include in %s %s: %s", (id, service, presence) => {
    expect(presenceOf(id, service)).toBe(presence);
  });

  test("include volume shadow copies in 64-bit Windows XP, which is NT 5.2", () => {
    expect(presenceOf("xp", "vmicvss", "5.1")).toBe("never");
    expect(presenceOf("xp", "vmicvss", "5.2")).toBe("first-device");
  });
});

describe("checking the services", () => {
  test.each([
    ["win10", 8],
    ["ws2012r2", 7],
    ["ws2012", 6],
    ["win7", 5],
  ] as const)("finds nothing in a whole %s, which has the first %i", (id, count) => {
    expect(problems(id, installed("6.3.9600.16384", { services: firstServices(count) }))).toEqual([]);
  });

  test.each([
    ["win10", 7, ["vmicvmsession"]],
    ["ws2012r2", 5, ["vmicrdv", "vmicguestinterface"]],
    ["ws2012", 5, ["vmicrdv"]],
    ["win7", 4, ["vmicvss"]],
    ["ws2012r2", 0, SERVICE_NAMES.slice(0, 7)],
  ] as const)("finds in %s with the first %i that %j are missing", (id, count, missing) => {
    const facts = installed("6.3.9600.16384", { services: firstServices(count) });
    expect(problems(id, facts)).toEqual(missing.map((name) => `IC_SERVICE_MISSING service ${name}`));
  });

  test("finds nothing in a Windows 7 that never ran on Hyper-V: its services come with their devices", () => {
    expect(problems("win7", installed("6.1.7601.17514", { services: services({}) }))).toEqual([]);
  });

  test("finds nothing where there are no integration services at all", () => {
    expect(problems("vista", NOTHING_FOUND)).toEqual([]);
    expect(problems("xp", null)).toEqual([]);
    expect(problems("unknown", installed("6.3.9600.16384", { services: firstServices(2) }))).toEqual([]);
  });

  test("finds what is disabled, even what this guest was not expected to have", () => {
    const facts = installed("6.3.9600.19456", {
      services: services({
        vmicheartbeat: "automatic",
        vmickvpexchange: "disabled",
        vmicshutdown: "demand",
        vmictimesync: "unknown",
        vmicvss: "automatic",
        vmicguestinterface: "disabled",
      }),
    });
    const findings = checkServices(os("win7"), facts);
    expect(findings.map(({ code, where }) => `${code} ${where.structure}`)).toEqual([
      "IC_SERVICE_DISABLED service vmickvpexchange",
      "IC_SERVICE_DISABLED service vmicguestinterface",
    ]);
    expect(findings[0]).toMatchObject({
      severity: "warning",
      message:
        "Display name of vmickvpexchange (vmickvpexchange) is disabled in the guest, so that Hyper-V cannot start it",
    });
  });
});
