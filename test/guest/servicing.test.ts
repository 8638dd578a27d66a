import { describe, expect, test } from "vitest";
import { findWindows, readWindowsFacts } from "../../src/guest/index.ts";
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

function factsOf(options: WindowsOptions) {
  const [windows] = findWindows(buildWindows(options));
  return readWindowsFacts(windows ?? expect.fail("no Windows"));
}

const servicing = (keys: TreeChange): TreeChange => ({
  Microsoft: { Windows: { CurrentVersion: { "Component Based Servicing": keys } } },
});

const manager = (values: TreeChange): TreeChange => ({ Control: { "Session Manager": values } });

describe("servicing is pending", () => {
  test.each<[title: string, options: Omit<WindowsOptions, "release">, sign: RegExp]>([
    ["a restart is owed", { software: servicing({ RebootPending: {} }) }, /RebootPending/],
    ["a restart is going on", { software: servicing({ RebootInProgress: {} }) }, /RebootInProgress/],
    [
      "packages wait",
      { software: servicing({ PackagesPending: { Package_for_KB1: {} } }) },
      /PackagesPending/,
    ],
    [
      "a session excludes others",
      { software: servicing({ SessionsPending: { Exclusive: 3 } }) },
      /SessionsPending\\Exclusive/,
    ],
    [
      "Windows Update waits for a restart",
      {
        software: {
          Microsoft: {
            Windows: { CurrentVersion: { WindowsUpdate: { "Auto Update": { RebootRequired: {} } } } },
          },
        },
      },
      /RebootRequired/,
    ],
    [
      "operations run at the next start",
      {
        control: manager({
          SetupExecute: [
            "C:\\Windows\\System32\\poqexec.exe /display_progress \\SystemRoot\\WinSxS\\pending.xml",
          ],
        }),
      },
      /SetupExecute/,
    ],
    [
      "a list of operations exists",
      { files: { "WinSxS/pending.xml": new Uint8Array(9) } },
      /WinSxS\/pending\.xml/,
    ],
  ])("where %s", (_title, options, sign) => {
    const { pendingServicing, findings } = factsOf({ release: "ws2008r2", ...options });
    expect(pendingServicing).toEqual([expect.stringMatching(sign)]);
    expect(findings).toContainEqual(
      expect.objectContaining({ code: "SERVICING_PENDING", message: expect.stringMatching(sign) }),
    );
  });

  test("and renames are named beside other signs", () => {
    const software = servicing({ RebootPending: {} });
    const control = manager({ PendingFileRenameOperations: ["\\??\\C:\\old.dll", ""] });
    const { pendingServicing } = factsOf({ release: "ws2008r2", software, control });
    expect(pendingServicing).toHaveLength(2);
    expect(pendingServicing[1]).toMatch(/PendingFileRenameOperations/);
  });
});

describe("servicing is not pending", () => {
  test.each<[title: string, options: Omit<WindowsOptions, "release">]>([
    ["a machine that keeps finished sessions", {}],
    ["renames alone", { control: manager({ PendingFileRenameOperations: ["\\??\\C:\\old.dll", ""] }) }],
    ["an empty list of packages", { software: servicing({ PackagesPending: {} }) }],
    [
      "another program at the start",
      { control: manager({ SetupExecute: ["autochk *"], BootExecute: ["autocheck autochk *"] }) },
    ],
  ])("by %s", (_title, options) => {
    const { pendingServicing, findings } = factsOf({ release: "ws2008r2", ...options });
    expect(pendingServicing).toEqual([]);
    expect(findings.map(({ code }) => code)).not.toContain("SERVICING_PENDING");
  });
});

describe("SHA-2 support", () => {
  const token = "31bf3856ad364e35~amd64~";
  const updates = (states: Record<string, number>) => {
    const keys = Object.entries(states).map(([name, CurrentState]) => [name, { CurrentState }]);
    return servicing({ Packages: Object.fromEntries(keys) });
  };

  test.each<[title: string, release: ReleaseName, states: Record<string, number>, support: string]>([
    ["with KB4474419", "ws2008r2", { [`Package_for_KB4474419~${token}~6.1.3.2`]: 0x70 }, "supported"],
    ["with KB4474419 of SP1", "win7", { [`Package_for_KB4474419_SP1~${token}~6.1.3.2`]: 0x70 }, "supported"],
    [
      "with KB4474419 superseded",
      "ws2008r2",
      { [`Package_for_KB4474419~${token}~6.1.3.2`]: 0x50 },
      "supported",
    ],
    ["with KB3033929", "win7", { [`Package_for_KB3033929~${token}~6.1.1.1`]: 0x70 }, "supported"],
    ["with KB4474419", "ws2008", { [`Package_for_KB4474419~${token}~6.0.3.2`]: 0x70 }, "supported"],
    [
      "with a servicing stack alone",
      "ws2008r2",
      { [`Package_for_KB4490628~${token}~6.1.1.2`]: 0x70 },
      "unknown",
    ],
    [
      "with a servicing stack alone",
      "vista",
      { [`Package_for_KB4493730~${token}~6.0.1.1`]: 0x70 },
      "unknown",
    ],
    ["with KB4474419 staged", "ws2008r2", { [`Package_for_KB4474419~${token}~6.1.3.2`]: 0x40 }, "missing"],
    ["with another update", "ws2008r2", { [`Package_for_KB2533552~${token}~6.1.1.1`]: 0x70 }, "missing"],
    ["of KB3033929 before 6.1", "ws2008", { [`Package_for_KB3033929~${token}~6.1.1.1`]: 0x70 }, "missing"],
    ["with nothing", "whs2011", {}, "missing"],
    ["with nothing", "ws2012", {}, "not-needed"],
    ["with nothing", "win8.1", {}, "not-needed"],
    ["with nothing", "ws2025", {}, "not-needed"],
    ["with nothing", "xp", {}, "unknown"],
  ])("%s on %s", (_title, release, states, support) => {
    const { sha2, findings } = factsOf({ release, software: updates(states) });
    expect(sha2).toBe(support);
    expect(findings.some(({ code }) => code === "SHA2_MISSING")).toBe(support === "missing");
  });

  test("is unknown where damage may hide the update", () => {
    const update = `Package_for_KB4474419~${token}~6.1.3.2`;
    const tree = mergeTrees(softwareTree(RELEASES.win7), updates({ [update]: 0x70 }));
    const hive = new Surgery(buildHive(tree));
    const key = `Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages\\${update}`;
    Object.assign(hive.value(key, "CurrentState"), { signature: 0 });
    const files = { "System32/config/SOFTWARE": hive.bytes };
    expect(factsOf({ release: "win7", files }).sha2).toBe("unknown");
  });

  test("is unknown without a list of packages", () => {
    expect(factsOf({ release: "ws2008r2", software: servicing({ Packages: null }) }).sha2).toBe("unknown");
  });
});
