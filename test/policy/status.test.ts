import { describe, expect, test } from "vitest";
import { finding } from "../../src/errors.ts";
import type { OsId } from "../../src/guest/index.ts";
import { type JudgeInput, judge } from "../../src/policy/index.ts";
import { NO_PLACE } from "../lab/place.ts";
import { installed, judgeInput, NOTHING_FOUND, os, services } from "./facts.ts";
import { NEWEST, offer, TAMPERED } from "./offers.ts";

const statusOf = (id: OsId, input: Partial<JudgeInput>) =>
  judge(judgeInput("ws2012r2", os(id, { servicePack: 2 }), input)).status;

describe("the status", () => {
  test.each([
    ["win7", "6.1.7601.17514", "outdated"],
    ["win7", "6.3.9600.18692", "outdated"],
    ["win7", "6.3.9600.19456", "current"],
    ["win7", "6.3.9600.20000", "current"],
    ["ws2008", "6.0.6002.18005", "outdated"],
    ["ws2012r2", "6.3.9600.16384", "outdated"],
    ["ws2012r2", "6.3.9600.19456", "current"],
    ["vista", "6.3.9600.19456", "current"],
  ] as const)("of %s with %s is %s by the newest CAB", (id, version, status) => {
    const verdict = judge(
      judgeInput("ws2012r2", os(id, { servicePack: 2 }), { integrationServices: installed(version) }),
    );
    expect(verdict.status).toBe(status);
    const relation = status === "outdated" ? "is older than" : "is not older than";
    expect(verdict.reasons[0]).toBe(
      `version ${version} (from its driver files: Windows/System32/drivers/vmbus.sys) ${relation} 6.3.9600.19456, the newest known (KB4072650)`,
    );
  });

  test.each([
    ["ws2012", "xp", "6.2.9200.16384", "current"],
    ["ws2012", "ws2003", "6.1.7601.17514", "outdated"],
    ["ws2012r2", "xp", "6.2.9200.16384", "outdated"],
    ["ws2012r2", "ws2003r2", "6.3.9600.16384", "current"],
    ["ws2019", "xp", "6.3.9600.16384", "current"],
  ] as const)("on %s of %s with %s is %s by the MSI of the host's disk", (host, id, version, status) => {
    const verdict = judge(judgeInput(host, os(id), { integrationServices: installed(version) }));
    expect(verdict.status).toBe(status);
    expect(verdict.reasons[0]).toContain("the newest MSI known");
  });

  test.each(["win10", "win11", "ws2016", "ws2019", "ws2022", "ws2025", "ws-sac"] as const)(
    "of %s is current by definition, whatever was found",
    (id) => {
      for (const integrationServices of [NOTHING_FOUND, null, installed("10.0.14393.0")]) {
        const verdict = judge(judgeInput("ws2019", os(id), { integrationServices }));
        expect(verdict).toMatchObject({ status: "current", action: "none", package: null });
        expect(verdict.reasons[0]).toContain("part of the operating system's updates");
      }
    },
  );

  test.each(["linux", "freebsd"] as const)("of %s does not apply", (id) => {
    expect(statusOf(id, { integrationServices: null })).toBe("not-applicable");
  });

  test("of an unknown system is unknown", () => {
    expect(statusOf("unknown", { integrationServices: installed("6.3.9600.19456") })).toBe("unknown");
  });

  test("goes by the judged version, not by a stale record", () => {
    const facts = installed("6.1.7601.17514", {
      version: "6.3.9600.19456",
      source: "recorded",
      consistent: false,
    });
    const verdict = judge(judgeInput("ws2012r2", os("win7"), { integrationServices: facts }));
    expect(verdict.status).toBe("outdated");
    expect(verdict.reasons[0]).toContain("6.1.7601.17514 (from its driver files");
    expect(verdict.reasons[1]).toContain("the sources of the version disagree");
  });

  test("cites the evidence of the source that the version was taken from", () => {
    const evidence = (["package", "computed"] as const).map((source) => ({
      source,
      where: `the ${source} key`,
      value: "6.3.9600.19456",
      place: NO_PLACE,
    }));
    const facts = installed("6.3.9600.19456", { source: "computed", evidence });
    const verdict = judge(judgeInput("ws2012r2", os("win7"), { integrationServices: facts }));
    expect(verdict.reasons[0]).toContain("(computed from its devices: the computed key)");
  });

  test.each([
    ["ws2012r2", "6.3.9600.16384", "unknown"],
    ["ws2012r2", "6.3.9600.19456", "current"],
  ] as const)("of %s of which only the in-box package's %s is known is %s", (id, version, status) => {
    const facts = installed(version, { source: "package", judgedVersion: null });
    expect(statusOf(id, { integrationServices: facts })).toBe(status);
  });

  test("is unknown where the version is not one", () => {
    expect(statusOf("win7", { integrationServices: installed("n/a") })).toBe("unknown");
  });
});

describe("what a guest is measured by", () => {
  const at18692 = installed("6.3.9600.18692");

  test("is first what is offered, then the minimum, then the newest known", () => {
    const offered = [offer("6.x", "x64", "6.3.9600.18692")];
    expect(statusOf("win7", { integrationServices: at18692, offered, minimum: "6.3.9600.19000" })).toBe(
      "current",
    );
    expect(statusOf("win7", { integrationServices: at18692, minimum: "6.3.9600.18000" })).toBe("current");
    expect(statusOf("win7", { integrationServices: at18692, minimum: "6.3.9600.18693" })).toBe("outdated");
    expect(statusOf("win7", { integrationServices: at18692 })).toBe("outdated");
  });

  test.each([
    {
      what: "of another Windows",
      offered: [offer("6.2", "x64", NEWEST)],
      why: "it serves guests of NT 6.2, 6.3",
    },
    { what: "of no version", offered: [offer("6.x", "x64", "latest")], why: '"latest" is no version' },
    {
      what: "that was changed",
      offered: [offer("6.x", "x64", NEWEST, { signature: TAMPERED })],
      why: "digest",
    },
    { what: "that is not there", offered: [], why: "no package is offered" },
  ])("is not a package $what that is offered", ({ offered, why }) => {
    const input = { integrationServices: at18692, offered, minimum: "6.3.9600.18692" };
    const verdict = judge(judgeInput("ws2012r2", os("win7"), input));
    expect(verdict.status).toBe("current");
    expect(verdict.reasons.join("\n")).toContain(why);
    expect(verdict.reasons[0]).toContain("the minimum asked for");
  });

  describe("is for Windows 10 and later", () => {
    const judged = (minimum: string, revision: number | null = 5206) =>
      judge(
        judgeInput("ws2019", os("ws2019", { build: 17763, revision }), {
          // Drivers that no update has touched since the release.
          integrationServices: installed("10.0.17763.1"),
          minimum,
        }),
      );

    test.each([
      { minimum: "10.0.17763.5206", status: "current", action: "none" },
      { minimum: "10.0.17763.5207", status: "outdated", action: "windows-update" },
      { minimum: "10.0.17763", status: "current", action: "none" },
    ])("a minimum of the same build, here $minimum, by the guest's own build", ({ minimum, ...verdict }) => {
      expect(judged(minimum)).toMatchObject(verdict);
      expect(judged(minimum).reasons[0]).toContain("version 10.0.17763.5206 (the guest's build)");
    });

    test.each(["10.0.20348.1", "10.0.177630", "6.3.9600.19456", "6.3", "11.0.17763.1"])(
      "no other minimum, such as %s",
      (minimum) => {
        expect(judged(minimum)).toMatchObject({ status: "current", action: "none" });
        expect(judged(minimum).reasons.join("\n")).toContain("is not of this guest's build");
      },
    );

    test("nothing that can be told where the revision of the build is not known", () => {
      expect(judged("10.0.17763.5206", null)).toMatchObject({ status: "unknown", action: "refuse" });
    });
  });

  test("never makes a CAB of a build that is too old", () => {
    const verdict = judge(
      judgeInput("ws2019", os("ws2019", { build: 17763, revision: 1 }), {
        integrationServices: installed("10.0.17763.1"),
        minimum: "10.0.17763.5206",
        windowsUpdate: "disabled",
      }),
    );
    expect(verdict).toMatchObject({ status: "outdated", action: "refuse", package: null });
    expect(verdict.reasons.at(-1)).toContain("they come with the cumulative updates");
  });

  test.each(["10.0.17763.1", "10.0", "11.0.1"])(
    "is no build of Windows 10 for older guests: %s",
    (minimum) => {
      const verdict = judge(
        judgeInput("ws2012r2", os("win7"), { integrationServices: installed("6.3.9600.19456"), minimum }),
      );
      expect(verdict.status).toBe("current");
      expect(verdict.reasons.join("\n")).toContain("is a build of Windows 10");
    },
  );

  test.each(["", "newest", "6", "6.3.9600.18692 "])("is a usage error where the minimum is %j", (minimum) => {
    expect(() => judge(judgeInput("ws2012r2", os("win7"), { minimum }))).toThrowError(
      expect.objectContaining({ code: "USAGE" }),
    );
  });
});

describe("finding nothing", () => {
  test.each(["xp", "vista", "ws2003", "ws2003r2"] as const)(
    "means missing in %s, which brings none",
    (id) => {
      expect(statusOf(id, {})).toBe("missing");
    },
  );

  test.each(["win7", "win8", "win8.1", "ws2008", "ws2008r2", "ws2012", "ws2012r2", "whs2011"] as const)(
    "means unknown in %s, which brings them along",
    (id) => {
      expect(statusOf(id, {})).toBe("unknown");
      expect(statusOf(id, { integrationServices: null })).toBe("unknown");
    },
  );

  test("means unknown where no facts could be had", () => {
    expect(statusOf("vista", { integrationServices: null })).toBe("unknown");
  });

  test.each([
    { trace: "a service", facts: { services: services({ vmicheartbeat: "automatic" }) } },
    { trace: "a disabled service", facts: { services: services({ vmickvpexchange: "disabled" }) } },
    {
      trace: "a driver",
      facts: { drivers: [{ name: "vmbus", displayName: "", present: true, start: "boot" as const }] },
    },
    {
      trace: "a value that is no version",
      facts: { evidence: [{ source: "package" as const, where: "SOFTWARE", value: "?", place: NO_PLACE }] },
    },
  ])("but $trace means unknown even in Vista", ({ facts }) => {
    expect(statusOf("vista", { integrationServices: { ...NOTHING_FOUND, ...facts } })).toBe("unknown");
  });

  test("but an empty record means missing: the guest itself found no driver", () => {
    const evidence = [{ source: "recorded" as const, where: "SOFTWARE", value: "", place: NO_PLACE }];
    expect(statusOf("vista", { integrationServices: { ...NOTHING_FOUND, evidence } })).toBe("missing");
  });

  test.each([
    "IC_VERSION_UNREADABLE",
    "REGF_CELL",
    "REGF_DIRTY",
    "NTFS_RECORD",
    "NTFS_STALE_ENTRY",
    "PE_TRUNCATED",
    "HIVE_MISSING",
    "LIMIT_EXCEEDED",
    "VHDX_BAT_RANGE",
    "IO_READ",
  ] as const)("means unknown after %s: what could not be read is not missing", (code) => {
    const findings = [finding(code, "the cell at 0x20 is damaged")];
    const verdict = judge(judgeInput("ws2012r2", os("vista", { servicePack: 2 }), { findings }));
    expect(verdict.status).toBe("unknown");
    expect(verdict.reasons[0]).toContain("the cell at 0x20 is damaged");
  });

  test.each([
    "REGF_LOG_APPLIED",
    "NTFS_DIRTY",
    "NTFS_BOOT_DAMAGED",
    "NTFS_MFT_DAMAGED",
    "SHA2_MISSING",
    "SERVICING_PENDING",
  ] as const)("still means missing after %s, which hides nothing", (code) => {
    expect(statusOf("vista", { findings: [finding(code, "seen")] })).toBe("missing");
  });
});
