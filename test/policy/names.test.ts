import { describe, expect, test } from "vitest";
import {
  DEFAULT_HOST,
  HOST_IDS,
  nameHost,
  OS_IDS,
  parseHostId,
  parseOsId,
  summariseHost,
} from "../../src/policy/index.ts";

describe("hosts", () => {
  test("are the ten of the report, oldest first", () => {
    expect(HOST_IDS).toEqual([
      "win8",
      "ws2012",
      "win8.1",
      "ws2012r2",
      "win10",
      "ws2016",
      "ws2019",
      "win11",
      "ws2022",
      "ws2025",
    ]);
  });

  test.each([
    ["win8", "2012", false],
    ["ws2012", "2012", false],
    ["win8.1", "2012r2", false],
    ["ws2012r2", "2012r2", false],
    ["win10", "2016", false],
    ["ws2016", "2016", false],
    ["ws2019", "2016", false],
    ["win11", "2016", true],
    ["ws2022", "2016", true],
    ["ws2025", "2016", true],
  ] as const)("%s is of generation %s, extrapolated: %s", (id, generation, extrapolated) => {
    expect(summariseHost(id)).toEqual({ id, generation, extrapolated });
  });

  test("default to the newest that the documents name", () => {
    expect(DEFAULT_HOST).toBe("ws2019");
    expect(summariseHost(DEFAULT_HOST).extrapolated).toBe(false);
  });

  test.each(HOST_IDS)("%s is read from its id and from its name, in any case", (id) => {
    expect(parseHostId(id)).toBe(id);
    expect(parseHostId(id.toUpperCase())).toBe(id);
    expect(parseHostId(nameHost(id))).toBe(id);
    expect(parseHostId(`Microsoft ${nameHost(id)}`)).toBe(id);
  });

  test.each([
    ["2019", "ws2019"],
    ["2012R2", "ws2012r2"],
    ["2012 r2", "ws2012r2"],
    ["windows server 2019", "ws2019"],
    ["Server 2016", "ws2016"],
    ["WS-2022", "ws2022"],
    ["Hyper-V Server 2012 R2", "ws2012r2"],
    ["Microsoft Hyper-V Server 2019", "ws2019"],
    ["  2025 ", "ws2025"],
    ["8.1", "win8.1"],
    ["win81", "win8.1"],
    ["Windows 8", "win8"],
    ["10", "win10"],
    ["windows_11", "win11"],
  ] as const)("%j means %s", (text, id) => {
    expect(parseHostId(text)).toBe(id);
  });

  test.each([
    "",
    "windows",
    "server",
    "server 10",
    "2008",
    "2008r2",
    "ws2003",
    "7",
    "win7",
    "20",
    "linux",
    "h10",
  ])("%j means none", (text) => {
    expect(parseHostId(text)).toBeUndefined();
  });
});

describe("guests", () => {
  test.each(OS_IDS)("%s is read from its own id", (id) => {
    expect(parseOsId(id)).toBe(id);
  });

  test.each([
    ["xpsp3", "xp"],
    ["vistasp2", "vista"],
    ["ws2008sp2", "ws2008"],
    ["win81", "win8.1"],
    ["debian", "linux"],
    ["ubuntu", "linux"],
    ["rhel", "linux"],
    ["xp-sp2-sp3", "xp"],
    ["vista-sp2", "vista"],
    ["ws2008-sp2", "ws2008"],
    ["ws2003-sp2", "ws2003"],
    ["ws2003r2-sp2", "ws2003r2"],
    ["WS2016", "ws2016"],
  ] as const)("%s is another name of %s", (text, id) => {
    expect(parseOsId(text)).toBe(id);
  });

  test.each(["", "windows", "h10", "ws2008sp1", "toString"])("%j is no guest", (text) => {
    expect(parseOsId(text)).toBeUndefined();
  });
});
