import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { finding } from "../../src/errors.ts";
import type { OsId } from "../../src/guest/index.ts";
import { HOST_IDS, type JudgeInput, judge, OS_IDS } from "../../src/policy/index.ts";
import { firstServices, installed, judgeInput, NOTHING_FOUND, os, services } from "./facts.ts";

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

  test("is unknown where the version is not one", () => {
    expect(statusOf("win7", { integrationServices: installed("n/a") })).toBe("unknown");
  });
});

describe("what a guest is measured by", () => {
  const at18692 = installed("6.3.9600.18692");

  test("is first what is offered, then the minimum, then the newest known", () => {
    const offered = { name: "Windows6.x-HyperVIntegrationServices-x64.cab", version: "6.3.9600.18692" };
    expect(statusOf("win7", { integrationServices: at18692, offered, minimum: "6.3.9600.19000" })).toBe(
      "current",
    );
    expect(statusOf("win7", { integrationServices: at18692, minimum: "6.3.9600.18000" })).toBe("current");
    expect(statusOf("win7", { integrationServices: at18692, minimum: "6.3.9600.18693" })).toBe("outdated");
    expect(statusOf("win7", { integrationServices: at18692 })).toBe("outdated");
  });

  test.each([
    { name: "Windows6.2-HyperVIntegrationServices-x64", version: "6.3.9600.18000", why: "does not serve" },
    { name: "Windows6.x-HyperVIntegrationServices-x64", version: "latest", why: "no version that can be" },
  ])("is not the offered $name of version $version", ({ name, version, why }) => {
    const input = { integrationServices: at18692, offered: { name, version }, minimum: "6.3.9600.18692" };
    const verdict = judge(judgeInput("ws2012r2", os("win7"), input));
    expect(verdict.status).toBe("current");
    expect(verdict.reasons.join("\n")).toContain(why);
    expect(verdict.reasons[0]).toContain("the minimum asked for");
  });

  test("is a minimum of the same build for Windows 10 and later, and no other", () => {
    const judged = (minimum: string) =>
      judge(
        judgeInput("ws2019", os("ws2019", { build: 17763 }), {
          integrationServices: installed("10.0.17763.1"),
          minimum,
        }),
      );
    expect(judged("10.0.17763.1")).toMatchObject({ status: "current", action: "none" });
    expect(judged("10.0.17763.5206")).toMatchObject({ status: "outdated", action: "windows-update" });
    expect(judged("10.0.20348.1").status).toBe("current");
    expect(judged("6.3.9600.19456").status).toBe("current");
    expect(judged("10.0.20348.1").reasons.join("\n")).toContain("is not of this guest's build");
  });

  test("never makes a CAB of a build that is too old", () => {
    const verdict = judge(
      judgeInput("ws2019", os("ws2019", { build: 17763 }), {
        integrationServices: installed("10.0.17763.1"),
        minimum: "10.0.17763.5206",
        windowsUpdate: "disabled",
      }),
    );
    expect(verdict).toMatchObject({ status: "outdated", action: "refuse", package: null });
    expect(verdict.reasons.at(-1)).toContain("they come with the cumulative updates");
  });

  test("is no build of Windows 10 for older guests", () => {
    const verdict = judge(
      judgeInput("ws2012r2", os("win7"), {
        integrationServices: installed("6.3.9600.19456"),
        minimum: "10.0.17763.1",
      }),
    );
    expect(verdict.status).toBe("current");
    expect(verdict.reasons.join("\n")).toContain("is a build of Windows 10");
  });

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
      facts: { evidence: [{ source: "package" as const, where: "SOFTWARE", value: "?" }] },
    },
  ])("but $trace means unknown even in Vista", ({ facts }) => {
    expect(statusOf("vista", { integrationServices: { ...NOTHING_FOUND, ...facts } })).toBe("unknown");
  });

  test("but an empty record means missing: the guest itself found no driver", () => {
    const evidence = [{ source: "recorded" as const, where: "SOFTWARE", value: "" }];
    expect(statusOf("vista", { integrationServices: { ...NOTHING_FOUND, evidence } })).toBe("missing");
  });

  test.each(["IC_VERSION_UNREADABLE", "REGF_CELL", "NTFS_RECORD", "PE_TRUNCATED", "HIVE_MISSING"] as const)(
    "means unknown after %s: what could not be read is not missing",
    (code) => {
      const findings = [finding(code, "the cell at 0x20 is damaged")];
      const verdict = judge(judgeInput("ws2012r2", os("vista", { servicePack: 2 }), { findings }));
      expect(verdict.status).toBe("unknown");
      expect(verdict.reasons[0]).toContain("the cell at 0x20 is damaged");
    },
  );

  test.each(["REGF_LOG_APPLIED", "NTFS_DIRTY", "SHA2_MISSING", "SERVICING_PENDING"] as const)(
    "still means missing after %s, which hides nothing",
    (code) => {
      expect(statusOf("vista", { findings: [finding(code, "seen")] })).toBe("missing");
    },
  );
});

describe("the verdict", () => {
  test("of an outdated 2008 R2 on a 2012 R2 host tells the whole story", () => {
    const verdict = judge(
      judgeInput("ws2012r2", os("ws2008r2", { servicePack: 1 }), {
        integrationServices: installed("6.1.7601.17514"),
        sha2: "missing",
      }),
    );
    expect(verdict).toEqual({
      status: "outdated",
      action: "stage-cab",
      package: "Windows6.x-HyperVIntegrationServices-x64",
      reasons: [
        "version 6.1.7601.17514 (from its driver files: Windows/System32/drivers/vmbus.sys) is older than 6.3.9600.19456, the newest known (KB4072650)",
        'Windows Server 2008 R2 on Windows Server 2012 R2 hosts is updated by the integration services disk (MS2020, Windows 8.1/Windows Server 2012 R2 hosts, row "Windows Server 2008 R2"; MS2015 agrees): installed by hand from the integration services disk',
        "Windows6.x-HyperVIntegrationServices-x64.cab serves this guest",
        "the guest shows no support for SHA-2 signatures: it takes the SHA-1 signed 6.3.9600.18692, or 6.3.9600.19456 after KB4474419",
      ],
    });
  });

  test.each([
    ["windows-update", "enabled", "windows-update", "the guest is on Windows Update"],
    ["wsus", "enabled", "windows-update", "WSUS server, where the update must be approved"],
    ["disabled", "enabled", "stage-cab", "the guest is not on Windows Update"],
    ["unknown", "enabled", "windows-update", "whether the guest is on Windows Update is not known"],
    ["windows-update", "disabled", "stage-cab", "enable vmickvpexchange in the guest"],
    ["wsus", "disabled", "stage-cab", "enable vmickvpexchange in the guest"],
    ["disabled", "disabled", "stage-cab", "the guest is not on Windows Update"],
    ["unknown", "disabled", "refuse", "say so"],
    ["windows-update", "absent", "stage-cab", "vmickvpexchange comes when Hyper-V first presents its device"],
    ["unknown", "absent", "refuse", "say so"],
  ] as const)(
    "of an outdated Windows 7 on ws2019, Windows Update %s and Data Exchange %s, is %s",
    (windowsUpdate, dataExchange, action, words) => {
      const verdict = judge(
        judgeInput("ws2019", os("win7", { servicePack: 1 }), {
          integrationServices: installed("6.1.7601.17514", { dataExchange }),
          windowsUpdate,
        }),
      );
      expect(verdict.action).toBe(action);
      expect(verdict.reasons.join("\n")).toContain(words);
    },
  );

  test("of 8.1 on ws2019 does not mind Data Exchange, which its row does not ask for", () => {
    const verdict = judge(
      judgeInput("ws2019", os("win8.1"), {
        integrationServices: installed("6.3.9600.16384", { dataExchange: "disabled" }),
        windowsUpdate: "windows-update",
      }),
    );
    expect(verdict.action).toBe("windows-update");
    expect(verdict.reasons.join("\n")).not.toContain("vmickvpexchange");
  });

  test("of Vista without any integration services is the CAB, or nothing where no edition of it is served", () => {
    const guest = (edition: string) =>
      judge(
        judgeInput("ws2019", os("vista", { servicePack: 2, edition }), { windowsUpdate: "windows-update" }),
      );
    expect(guest("Business")).toMatchObject({ status: "missing", action: "stage-cab" });
    expect(guest("Business").reasons.join("\n")).toContain("the guest has no vmickvpexchange");
    expect(guest("HomeBasic")).toMatchObject({ status: "missing", action: "refuse", package: null });
    expect(guest("HomeBasic").reasons.at(-1)).toContain("serves the Ultimate, Business and Enterprise");
  });

  test("of XP is the MSI where a host's disk has it, and nothing on later hosts", () => {
    const guest = os("xp", { servicePack: 3, architecture: "x86" });
    const verdict = judge(judgeInput("ws2012r2", guest));
    expect(verdict).toMatchObject({
      status: "missing",
      action: "install-msi",
      package: "Windows5.x-HyperVIntegrationServices-x86",
    });
    expect(verdict.reasons.at(-1)).toContain("is installed while the guest runs");
    const later = judge(judgeInput("ws2019", guest));
    expect(later).toMatchObject({ status: "missing", action: "refuse" });
    expect(later.reasons.join("\n")).toContain("no row for Windows XP on Windows Server 2019 hosts");
  });

  test("of a guest below its row's service pack is refused, with what to do first", () => {
    const verdict = judge(
      judgeInput("ws2012r2", os("ws2008", { servicePack: 1 }), {
        integrationServices: installed("6.0.6001.18016"),
      }),
    );
    expect(verdict).toMatchObject({ status: "outdated", action: "refuse" });
    expect(verdict.reasons.join("\n")).toContain("install Service Pack 2 first");
  });

  test("of Linux leaves it to the package manager", () => {
    expect(judge(judgeInput("ws2019", os("linux"), { integrationServices: null }))).toEqual({
      status: "not-applicable",
      action: "package-manager",
      package: null,
      reasons: [
        "the integration services of Linux are part of its kernel",
        'Linux on Windows Server 2019 hosts is updated by the distribution\'s package manager (MS2020, Windows 10/Windows Server 2016/2019 hosts, row "Linux guests"; MS2015 has no such row): part of the distribution, which may have optional updates',
      ],
    });
  });

  test("names the other document's way where the two differ", () => {
    const verdict = judge(
      judgeInput("ws2012r2", os("ws2012r2"), { integrationServices: installed("6.3.9600.16384") }),
    );
    expect(verdict.reasons.join("\n")).toContain("or by Windows Update as MS2015 has it");
  });

  test("of what could not be judged says that nothing is done", () => {
    const verdict = judge(judgeInput("ws2012r2", os("win7")));
    expect(verdict).toMatchObject({ status: "unknown", action: "refuse" });
    expect(verdict.reasons.at(-1)).toContain("could not be judged");
  });

  test("exists for every guest on every host, cites the rule, and keeps the promises of the table", () => {
    const versions = ["6.0.6002.18005", "6.1.7601.17514", "6.3.9600.19456", "10.0.17763.1", "", "?"];
    fc.assert(
      fc.property(
        fc.constantFrom(...HOST_IDS),
        fc.constantFrom(...OS_IDS),
        fc.option(fc.integer({ min: 0, max: 3 })),
        fc.constantFrom("windows-update", "wsus", "disabled", "unknown"),
        fc.constantFrom("enabled", "disabled", "absent"),
        fc.option(fc.constantFrom(...versions)),
        fc.nat(8),
        (host, id, servicePack, windowsUpdate, dataExchange, version, count) => {
          const facts =
            version === null ? { ...NOTHING_FOUND, dataExchange } : installed(version, { dataExchange });
          const integrationServices = { ...facts, services: firstServices(count) };
          const input = judgeInput(host, os(id, { servicePack }), { windowsUpdate, integrationServices });
          const verdict = judge(input);
          expect(verdict.reasons.join("\n")).toContain(input.rule.source);
          if (verdict.action === "stage-cab") {
            expect(verdict.package).toMatch(/^Windows6\.[x2]-/);
            expect(["outdated", "missing"]).toContain(verdict.status);
            if (input.rule.mechanism === "windows-update") expect(windowsUpdate).not.toBe("unknown");
          }
          if (verdict.action === "install-msi") expect(verdict.package).toMatch(/^Windows5\.x-/);
          if (verdict.status === "missing") expect(["xp", "vista", "ws2003", "ws2003r2"]).toContain(id);
        },
      ),
      { numRuns: 500 },
    );
  });
});
