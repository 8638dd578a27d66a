import { describe, expect, test } from "vitest";
import { findWindows, type IntegrationServicesFacts, readWindowsFacts } from "../../src/guest/index.ts";
import { buildHive, Surgery } from "../lab/hive.ts";
import { systemTree } from "../lab/windows/trees.ts";
import { buildWindows, RELEASES, type TreeChange, type WindowsOptions } from "../lab/windows.ts";

const KVP = "ControlSet001\\Services\\vmickvpexchange";

function icOf(options: WindowsOptions): IntegrationServicesFacts {
  const [windows] = findWindows(buildWindows(options));
  const facts = readWindowsFacts(windows ?? expect.fail("no Windows"));
  return facts.integrationServices ?? expect.fail("no integration services");
}

describe("the services", () => {
  test("are all eight, with English names and start types", () => {
    const { services } = icOf({ release: "ws2012r2" });
    expect(services.map(({ name, present, start }) => [name, present, start])).toEqual([
      ["vmicheartbeat", true, "demand"],
      ["vmickvpexchange", true, "demand"],
      ["vmicshutdown", true, "demand"],
      ["vmictimesync", true, "demand"],
      ["vmicvss", true, "demand"],
      ["vmicrdv", true, "demand"],
      ["vmicguestinterface", true, "demand"],
      ["vmicvmsession", false, null],
    ]);
    expect(services[1]?.displayName).toBe("Hyper-V Data Exchange Service");
    expect(services[7]?.displayName).toBe("Hyper-V PowerShell Direct Service");
  });

  test("keep a name that the guest spells out", () => {
    const control = { Services: { vmicheartbeat: { DisplayName: "Hyper-V Taktdienst" } } };
    expect(icOf({ release: "ws2012r2", control }).services[0]?.displayName).toBe("Hyper-V Taktdienst");
  });

  test.each([
    { start: 0, word: "boot", exchange: "enabled" },
    { start: 1, word: "system", exchange: "enabled" },
    { start: 2, word: "automatic", exchange: "enabled" },
    { start: 3, word: "demand", exchange: "enabled" },
    { start: 4, word: "disabled", exchange: "disabled" },
    { start: 5, word: "unknown", exchange: "unknown" },
    { start: 77, word: "unknown", exchange: "unknown" },
    { start: "4", word: "unknown", exchange: "unknown" },
  ])("start type $start is $word, and Data Exchange is then $exchange", ({ start, word, exchange }) => {
    const ic = icOf({ release: "ws2012r2", control: { Services: { vmickvpexchange: { Start: start } } } });
    expect(ic.services[1]).toMatchObject({ present: true, start: word });
    expect(ic.dataExchange).toBe(exchange);
  });

  test.each<[title: string, key: TreeChange | null]>([
    ["that is not registered", null],
    ["of which uninstalling left a key without a start type", { Start: null }],
  ])("Data Exchange %s is absent", (_title, key) => {
    const ic = icOf({ release: "ws2012r2", control: { Services: { vmickvpexchange: key } } });
    expect(ic.services[1]).toMatchObject({ name: "vmickvpexchange", present: false, start: null });
    expect(ic.dataExchange).toBe("absent");
  });

  test.each<[what: string, damage: (hive: Surgery) => void]>([
    ["key", (hive) => Object.assign(hive.key(KVP), { signature: 0 })],
    ["start type", (hive) => Object.assign(hive.value(KVP, "Start"), { signature: 0 })],
  ])("Data Exchange whose %s cannot be read is not taken for absent", (_what, damage) => {
    const hive = new Surgery(buildHive(systemTree(RELEASES.ws2012r2, {})));
    damage(hive);
    const ic = icOf({ release: "ws2012r2", files: { "System32/config/SYSTEM": hive.bytes } });
    expect(ic.services[1]).toMatchObject({ name: "vmickvpexchange", present: true, start: "unknown" });
    expect(ic.dataExchange).toBe("unknown");
  });

  test("the drivers are those that are registered", () => {
    const control = { Services: { storflt: { Start: 0 }, svc001: { Start: 2 } } };
    const { drivers } = icOf({ release: "ws2012r2", control });
    expect(drivers.map(({ name, start }) => [name, start])).toEqual([
      ["vmbus", "boot"],
      ["storvsc", "boot"],
      ["netvsc", "demand"],
      ["storflt", "boot"],
    ]);
  });
});
