import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HOST_IDS, judge, OS_IDS } from "../../src/policy/index.ts";
import { firstServices, installed, judgeInput, NOTHING_FOUND, os } from "./facts.ts";
import { BEFORE, NEWEST, offer, UNSIGNED } from "./offers.ts";

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
      offered: null,
      passedOver: [],
      reasons: [
        "version 6.1.7601.17514 (from its driver files: Windows/System32/drivers/vmbus.sys) is older than 6.3.9600.19456, the newest known (KB4072650)",
        'Windows Server 2008 R2 on Windows Server 2012 R2 hosts is updated by the integration services disk (MS2020, Windows 8.1/Windows Server 2012 R2 hosts, row "Windows Server 2008 R2"; MS2015 agrees): installed by hand',
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
    ["windows-update", "unknown", "refuse", "look at vmickvpexchange in the guest"],
    ["wsus", "unknown", "refuse", "look at vmickvpexchange in the guest"],
    ["disabled", "unknown", "stage-cab", "the guest is not on Windows Update"],
    ["unknown", "unknown", "refuse", "say so"],
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

  test("names enabling Data Exchange as a remedy only where Windows Update could then offer something", () => {
    const reasons = (windowsUpdate: "windows-update" | "disabled") =>
      judge(
        judgeInput("ws2019", os("win7"), {
          integrationServices: installed("6.1.7601.17514", { dataExchange: "disabled" }),
          windowsUpdate,
        }),
      ).reasons.join("\n");
    expect(reasons("windows-update")).toContain("enable vmickvpexchange");
    expect(reasons("disabled")).not.toContain("enable vmickvpexchange");
  });

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
    expect(guest("HomeBasic").reasons.at(-1)).toContain("it serves Ultimate, Business, Enterprise");
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
      offered: null,
      passedOver: [],
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
        fc.constantFrom("enabled", "disabled", "absent", "unknown"),
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
            if (input.rule.requiresDataExchange && windowsUpdate !== "disabled") {
              expect(dataExchange).not.toBe("unknown");
            }
          }
          if (verdict.action === "install-msi") expect(verdict.package).toMatch(/^Windows5\.x-/);
          if (verdict.status === "missing") expect(["xp", "vista", "ws2003", "ws2003r2"]).toContain(id);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("the verdict where packages are offered", () => {
  const outdated = { integrationServices: installed("6.1.7601.17514"), sha2: "missing" } as const;
  const win7 = os("win7", { servicePack: 1, build: 7601 });
  const both = [offer("6.x", "x64", NEWEST), offer("6.x", "x64", BEFORE)];

  test("names the very file that is to be staged, and why the others are not", () => {
    const verdict = judge(judgeInput("ws2012r2", win7, { ...outdated, offered: both }));
    const place = ["vmguest.iso", "support/x64/6.3.9600.18692/Windows6.x-HyperVIntegrationServices-x64.cab"];
    expect(verdict).toMatchObject({
      status: "outdated",
      action: "stage-cab",
      package: "Windows6.x-HyperVIntegrationServices-x64",
      offered: {
        place,
        name: "Windows6.x-HyperVIntegrationServices-x64.cab",
        kind: "cab",
        version: BEFORE,
        digestAlgorithms: ["sha1"],
      },
      passedOver: [{ place: both[0]?.place, because: "sha2" }],
    });
    expect(verdict.reasons[0]).toContain(`is older than 6.3.9600.18692, what ${place.join(": ")} offers`);
    expect(verdict.reasons.join("\n")).toContain("6.3.9600.19456, signed with SHA-256) is newer, but");
  });

  test("refuses what only the SHA-256 signed package could cure, and says the cure", () => {
    const offered = [offer("6.x", "x64", NEWEST)];
    const verdict = judge(judgeInput("ws2012r2", win7, { ...outdated, offered }));
    expect(verdict).toMatchObject({ status: "outdated", action: "refuse", offered: null });
    expect(verdict.reasons.join("\n")).toContain("install KB4474419");
  });

  test("refuses where nothing that is offered can be taken, whatever could be had elsewhere", () => {
    for (const offered of [[], [offer("6.x", "x64", NEWEST, { signature: UNSIGNED })]]) {
      const verdict = judge(judgeInput("ws2012r2", win7, { ...outdated, offered }));
      expect(verdict).toMatchObject({ status: "outdated", action: "refuse", offered: null });
      expect(verdict.reasons[0]).toContain("the newest known (KB4072650)");
    }
  });

  test("leaves alone a guest that is as new as what is offered, although there is newer", () => {
    const offered = [offer("6.x", "x64", BEFORE)];
    const integrationServices = installed(BEFORE);
    const verdict = judge(judgeInput("ws2012r2", win7, { integrationServices, offered }));
    expect(verdict).toMatchObject({ status: "current", action: "none", offered: null });
    expect(verdict.passedOver.map(({ because }) => because)).toEqual(["not-newer"]);
  });

  test("says of a guest that has all it can take what is newer, and what that needs", () => {
    const input = { integrationServices: installed(BEFORE), sha2: "missing", offered: both } as const;
    const { status, action, reasons } = judge(judgeInput("ws2012r2", win7, input));
    expect([status, action]).toEqual(["current", "none"]);
    expect(reasons[1]).toMatch(/19456.* is newer, but its signature needs support for SHA-2/);
    expect(reasons).toHaveLength(3);
  });

  test("of XP is the MSI that is offered", () => {
    const offered = [offer("5.x", "x86", "6.3.9600.16384"), offer("6.x", "x86", NEWEST)];
    const guest = os("xp", { servicePack: 3, architecture: "x86", build: 2600 });
    const verdict = judge(judgeInput("ws2012r2", guest, { offered }));
    expect(verdict).toMatchObject({ status: "missing", action: "install-msi", offered: { kind: "msi" } });
    expect(verdict.reasons.join("\n")).toContain("serves this guest, and is installed while the guest runs");
  });

  test("of Windows 10 and of Linux does not change", () => {
    expect(judge(judgeInput("ws2019", os("win10"), { offered: both }))).toMatchObject({
      status: "current",
      action: "none",
      offered: null,
    });
    const linux = judge(judgeInput("ws2019", os("linux"), { integrationServices: null, offered: both }));
    expect(linux).toMatchObject({ status: "not-applicable", action: "package-manager", offered: null });
    expect(linux.passedOver.map(({ because }) => because)).toEqual(["guest", "guest"]);
  });
});
