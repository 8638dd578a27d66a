import { describe, expect, test } from "vitest";
import type { Architecture } from "../../src/guest/index.ts";
import { OS_IDS, packageFor } from "../../src/policy/index.ts";
import { os } from "./facts.ts";

describe("the package of a guest", () => {
  test.each([
    ["xp", "Windows5.x"],
    ["ws2003", "Windows5.x"],
    ["ws2003r2", "Windows5.x"],
    ["vista", "Windows6.x"],
    ["ws2008", "Windows6.x"],
    ["win7", "Windows6.x"],
    ["ws2008r2", "Windows6.x"],
    ["whs2011", "Windows6.x"],
    ["sbs2011", "Windows6.x"],
    ["win8", "Windows6.2"],
    ["ws2012", "Windows6.2"],
    ["win8.1", "Windows6.2"],
    ["ws2012r2", "Windows6.2"],
  ] as const)("%s is %s, for either architecture", (id, prefix) => {
    expect(packageFor(os(id, { architecture: "x64" })).name).toBe(`${prefix}-HyperVIntegrationServices-x64`);
    expect(packageFor(os(id, { architecture: "x86" })).name).toBe(`${prefix}-HyperVIntegrationServices-x86`);
  });

  test.each(["win10", "win11", "ws2016", "ws2019", "ws2022", "ws2025", "ws-sac"] as const)(
    "%s is none, since its updates bring them",
    (id) => {
      expect(packageFor(os(id))).toMatchObject({ name: null, delivery: "none" });
      expect(packageFor(os(id)).note).toContain("they come with the cumulative updates");
    },
  );

  test.each(["linux", "freebsd", "unknown"] as const)("%s is none", (id) => {
    expect(packageFor(os(id))).toMatchObject({ name: null, delivery: "none" });
  });

  test.each(OS_IDS)("%s is named, or its absence explained", (id) => {
    for (const architecture of ["x86", "x64", "arm64", "ia64", "unknown"] satisfies Architecture[]) {
      const { name, delivery, note } = packageFor(os(id, { architecture }));
      expect(delivery === "none").toBe(name === null);
      if (name === null) expect(note).not.toBeNull();
    }
  });

  test.each([
    ["ws2008r2", "ia64", "there is no integration services package for ia64 guests"],
    ["win8.1", "arm64", "there is no integration services package for arm64 guests"],
    ["win7", "unknown", "architecture could not be determined"],
  ] as const)("%s on %s is none", (id, architecture, words) => {
    const { name, note } = packageFor(os(id, { architecture }));
    expect(name).toBeNull();
    expect(note).toContain(words);
  });

  test.each(["Ultimate", "Business", "Enterprise", "UltimateN", "BusinessN", "EnterpriseN"])(
    "Vista %s is served",
    (edition) => {
      expect(packageFor(os("vista", { edition }))).toMatchObject({ delivery: "cab", note: null });
    },
  );

  test.each(["HomeBasic", "HomePremium", "HomeBasicN", "Starter"])("Vista %s is not served", (edition) => {
    const { name, note } = packageFor(os("vista", { edition }));
    expect(name).toBeNull();
    expect(note).toContain("Ultimate, Business, Enterprise");
  });

  test("Vista of an unknown edition goes by its product name, and says that it is a guess otherwise", () => {
    expect(packageFor(os("vista", { name: "Windows Vista (TM) Home Premium" })).name).toBeNull();
    expect(packageFor(os("vista")).name).not.toBeNull();
    expect(packageFor(os("vista")).note).toContain("edition of Windows Vista could not be determined");
  });

  test("Windows 7 Home is served: its parent is the foundation package", () => {
    expect(packageFor(os("win7", { edition: "HomePremium" }))).toMatchObject({
      delivery: "cab",
      note: null,
    });
  });

  test("NT 5 is an MSI, and the x64 name is said to be inferred", () => {
    expect(packageFor(os("ws2003", { architecture: "x86" }))).toMatchObject({
      delivery: "msi",
      note: null,
    });
    expect(packageFor(os("ws2003", { architecture: "x64" })).note).toContain("inferred");
  });
});
