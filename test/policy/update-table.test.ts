import { describe, expect, test } from "vitest";
import { decide, HOST_IDS, OS_IDS, updateTableRows } from "../../src/policy/index.ts";
import { os } from "./facts.ts";

describe("rows of the update table", () => {
  test("are 17 guests on the three generations, where any document has them", () => {
    const rows = updateTableRows();
    const count = (generation: string) => rows.filter((row) => row.generation === generation).length;
    expect([count("2012"), count("2012r2"), count("2016")]).toEqual([14, 17, 14]);
    expect(new Set(rows.map(({ guest }) => guest)).size).toBe(17);
  });

  test("for one host and guest show both documents side by side", () => {
    expect(updateTableRows({ host: "ws2012r2", guest: "win8.1" })).toEqual([
      {
        generation: "2012r2",
        hosts: ["ws2012r2"],
        guest: "win8.1",
        label: "Windows 8.1",
        labels: { MS2020: "Windows 8.1", MS2015: "Windows 8.1" },
        mechanisms: { MS2020: "integration-services-disk", MS2015: "windows-update" },
        requiresDataExchange: { MS2020: false, MS2015: false },
        note: "installed by hand",
        source:
          'MS2020, Windows 8.1/Windows Server 2012 R2 hosts, row "Windows 8.1"; MS2015, Windows 8.1 hosts, row "Windows 8.1"',
        extrapolated: false,
      },
    ]);
  });

  test("for one guest name every host of each generation", () => {
    const rows = updateTableRows({ guest: "ws2008r2" });
    expect(rows.map(({ hosts }) => hosts)).toEqual([
      ["win8", "ws2012"],
      ["win8.1", "ws2012r2"],
      ["win10", "ws2016", "ws2019", "win11", "ws2022", "ws2025"],
    ]);
    expect(rows.map(({ label }) => label).at(-1)).toBe("Windows Server 2008 R2 (SP 1)");
  });

  test("have the label of the newest document, and show where the other one labels it differently", () => {
    const labels = (host: "ws2019" | "ws2012r2") => updateTableRows({ host, guest: "ws2008r2" })[0]?.labels;
    expect(labels("ws2019")).toEqual({
      MS2020: "Windows Server 2008 R2 (SP 1)",
      MS2015: "Windows Server 2008 R2",
    });
    expect(labels("ws2012r2")).toEqual({
      MS2020: "Windows Server 2008 R2",
      MS2015: "Windows Server 2008 R2",
    });
  });

  test("say where a document has no such row", () => {
    const [row] = updateTableRows({ host: "ws2019", guest: "linux" });
    expect(row?.mechanisms).toEqual({ MS2020: "package-manager", MS2015: null });
  });

  test("for hosts or guests newer than the documents are marked", () => {
    expect(updateTableRows({ guest: "ws2022", host: "ws2019" })).toMatchObject([
      { guest: "ws2016", extrapolated: true },
    ]);
    expect(updateTableRows({ host: "ws2025" }).every(({ extrapolated }) => extrapolated)).toBe(true);
    expect(updateTableRows({ host: "ws2019" }).some(({ extrapolated }) => extrapolated)).toBe(false);
  });

  test("are empty for pairs that no document has", () => {
    expect(updateTableRows({ host: "ws2012", guest: "win10" })).toEqual([]);
    expect(updateTableRows({ host: "ws2019", guest: "unknown" })).toEqual([]);
    expect(updateTableRows({ guest: "freebsd" })).toEqual([]);
  });

  test("say what the rule says, for every pair", () => {
    for (const host of HOST_IDS) {
      for (const guest of OS_IDS) {
        const rule = decide(host, os(guest, { servicePack: 2 }));
        const [row] = updateTableRows({ host, guest });
        expect(row?.mechanisms.MS2020 ?? "none").toBe(rule.mechanism);
        expect(row?.requiresDataExchange.MS2020 ?? false).toBe(rule.requiresDataExchange);
        expect(row?.extrapolated ?? rule.extrapolated).toBe(rule.extrapolated);
      }
    }
  });
});
