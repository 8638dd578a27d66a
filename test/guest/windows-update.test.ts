import { describe, expect, test } from "vitest";
import { findWindows, readWindowsFacts } from "../../src/guest/index.ts";
import { MemorySource } from "../../src/io/index.ts";
import { Hive } from "../../src/registry/index.ts";
import { buildHive, Surgery } from "../lab/hive.ts";
import { softwareTree } from "../lab/windows/trees.ts";
import {
  buildWindows,
  mergeTrees,
  RELEASES,
  type ReleaseName,
  type TreeChange,
  type WindowsOptions,
} from "../lab/windows.ts";

function updatesOf(options: WindowsOptions) {
  const [windows] = findWindows(buildWindows(options));
  return readWindowsFacts(windows ?? expect.fail("no Windows")).windowsUpdate;
}

/** Settings in shorthand, put into both hives. */
interface Settings {
  readonly release?: ReleaseName;
  readonly policy?: TreeChange;
  readonly automatic?: TreeChange;
  /** The machine's own AUOptions; none unless told. */
  readonly own?: number | string;
  readonly mdm?: TreeChange;
  readonly services?: TreeChange;
}

function options({ release = "ws2012r2", policy, automatic, own, mdm, services }: Settings): WindowsOptions {
  return {
    release,
    software: {
      Policies: {
        Microsoft: { Windows: { WindowsUpdate: { ...policy, ...(automatic && { AU: automatic }) } } },
      },
      Microsoft: {
        Windows: { CurrentVersion: { WindowsUpdate: { "Auto Update": { AUOptions: own ?? null } } } },
        ...(mdm && { PolicyManager: { current: { device: { Update: mdm } } } }),
      },
    },
    control: { Services: services ?? {} },
  };
}

const WSUS = { WUServer: "http://wsus.contoso.test:8530" };
const OFF = { wuauserv: { Start: 4 } };

describe("Windows Update", () => {
  test.each<[verdict: string, title: string, settings: Settings]>([
    ["disabled", "the service is disabled", { own: 4, services: OFF }],
    [
      "disabled",
      "the service is disabled, whatever server is named",
      { policy: WSUS, automatic: { UseWUServer: 1 }, services: OFF },
    ],
    ["disabled", "policy turns it off", { own: 4, automatic: { NoAutoUpdate: 1 } }],
    ["disabled", "policy sets it to off", { own: 4, automatic: { AUOptions: 1 } }],
    [
      "disabled",
      "policy turns it off, whatever server is named",
      { policy: WSUS, automatic: { UseWUServer: 1, NoAutoUpdate: 1 } },
    ],
    ["disabled", "policy blocks access", { own: 4, policy: { DisableWindowsUpdateAccess: 1 } }],
    ["disabled", "the administrator turned it off", { own: 1 }],
    [
      "disabled",
      "policy leaves it to the administrator, who turned it off",
      { own: 1, automatic: { AUOptions: 5 } },
    ],
    [
      "disabled",
      "the orchestrator of Windows 10 is disabled",
      { release: "win10", services: { UsoSvc: { Start: 4 } } },
    ],
    ["disabled", "device management turns it off", { release: "ws2022", mdm: { AllowAutoUpdate: 5 } }],
    [
      "disabled",
      "policy turns off what is not even there",
      { automatic: { NoAutoUpdate: 1 }, services: { wuauserv: null } },
    ],
    [
      "windows-update",
      "a service of Windows 10 is disabled in an older one",
      { own: 4, services: { UsoSvc: { Start: 4 } } },
    ],
    [
      "wsus",
      "policy names a server and uses it",
      { own: 4, policy: WSUS, automatic: { UseWUServer: 1, AUOptions: 4 } },
    ],
    [
      "wsus",
      "device management names a server",
      { release: "win11", mdm: { UpdateServiceUrl: "https://wsus.test" } },
    ],
    ["windows-update", "policy turns it on", { automatic: { NoAutoUpdate: 0, AUOptions: 2 } }],
    [
      "windows-update",
      "policy overrules an administrator who turned it off",
      { own: 1, automatic: { AUOptions: 3 } },
    ],
    ["windows-update", "policy sets the way of Server 2016", { automatic: { AUOptions: 7 } }],
    ["windows-update", "the administrator turned it on", { own: 4 }],
    ["windows-update", "the administrator is asked", { own: 2 }],
    [
      "windows-update",
      "a server is named, but not used",
      { own: 4, policy: WSUS, automatic: { UseWUServer: 0 } },
    ],
    ["windows-update", "a server is used, but none named", { own: 4, automatic: { UseWUServer: 1 } }],
    ["windows-update", "Windows 10 has no setting at all", { release: "win10" }],
    ["windows-update", "Windows 10 has a setting of older Windows", { release: "win10", own: 1 }],
    ["windows-update", "Server 2008 R2 runs the service at its start", { release: "ws2008r2", own: 4 }],
    ["windows-update", "XP is set so", { release: "xp", own: 4 }],
    ["unknown", "nothing is said before Windows 10", {}],
    ["unknown", "the administrator's value means nothing", { own: 9 }],
    ["unknown", "the administrator's value is a text", { own: "4" }],
    ["unknown", "policy's value means nothing", { automatic: { AUOptions: 0 } }],
    ["unknown", "the service is not there", { own: 4, services: { wuauserv: null } }],
    ["unknown", "the service has no valid start type", { own: 4, services: { wuauserv: { Start: 77 } } }],
    ["unknown", "the service is not there in Windows 10", { release: "win10", services: { wuauserv: null } }],
  ])("is %s where %s", (verdict, _title, settings) => {
    expect(updatesOf(options(settings))).toEqual({ verdict, reasons: expect.any(Array) });
    expect(updatesOf(options(settings)).reasons.length).toBeGreaterThan(0);
  });

  test("cites every value with its place", () => {
    const settings = { own: 4, policy: WSUS, automatic: { UseWUServer: 1, AUOptions: 4 } };
    const policy = "Windows/System32/config/SOFTWARE: Policies\\Microsoft\\Windows\\WindowsUpdate";
    expect(updatesOf(options(settings)).reasons).toEqual([
      "the Windows Update service has the start type demand (Windows/System32/config/SYSTEM: ControlSet001\\Services\\wuauserv\\Start = 3)",
      `policy turned automatic updates on (${policy}\\AU\\AUOptions = 4)`,
      `policy names an update server (${policy}\\WUServer = http://wsus.contoso.test:8530)`,
    ]);
  });

  test("names a disabled installer and a barred Microsoft server, which decide nothing", () => {
    const settings: Settings = {
      own: 4,
      policy: { DoNotConnectToWindowsUpdateInternetLocations: 1 },
      services: { TrustedInstaller: { Start: 4 } },
    };
    const { verdict, reasons } = updatesOf(options(settings));
    expect(verdict).toBe("windows-update");
    expect(reasons.join("\n")).toMatch(/TrustedInstaller service is disabled[\s\S]*DoNotConnect/);
  });

  describe("where damage hides the policy that might turn it off", () => {
    const key = "Policies\\Microsoft\\Windows\\WindowsUpdate";

    function damaged(settings: Settings): WindowsOptions {
      const whole = options({ ...settings, automatic: { NoAutoUpdate: 0 } });
      const software = buildHive(mergeTrees(softwareTree(RELEASES.ws2012r2), whole.software ?? {}));
      const { offset } = Hive.open(new MemorySource(software)).require(key);
      // The signature of the key, after the size of its cell.
      software.set([0x78, 0x78], offset + 4);
      return { ...whole, files: { "System32/config/SOFTWARE": software } };
    }

    test("is unknown, though the administrator turned it on", () => {
      const { verdict, reasons } = updatesOf(damaged({ own: 4 }));
      expect(verdict).toBe("unknown");
      expect(reasons).toContain(`Windows/System32/config/SOFTWARE: ${key} cannot be read`);
    });

    test("is unknown where only the value is damaged", () => {
      const whole = options({ own: 4, automatic: { NoAutoUpdate: 1 } });
      const tree = mergeTrees(softwareTree(RELEASES.ws2012r2), whole.software ?? {});
      const hive = new Surgery(buildHive(tree));
      Object.assign(hive.value(`${key}\\AU`, "NoAutoUpdate"), { signature: 0 });
      const { verdict, reasons } = updatesOf({ ...whole, files: { "System32/config/SOFTWARE": hive.bytes } });
      expect(verdict).toBe("unknown");
      expect(reasons).toContain(`Windows/System32/config/SOFTWARE: ${key}\\AU cannot be read`);
    });

    test("is disabled all the same where something else says so", () => {
      expect(updatesOf(damaged({ own: 4, services: OFF })).verdict).toBe("disabled");
    });
  });
});
