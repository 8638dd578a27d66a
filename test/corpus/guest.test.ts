import { describe, expect, test } from "vitest";
import { findWindows, type GuestFacts, readWindowsFacts } from "../../src/guest/index.ts";
import { PageCache } from "../../src/io/index.ts";
import { FakeFileSystem } from "../lab/fake-file-system.ts";
import { buildHive } from "../lab/hive.ts";
import { softwareTree } from "../lab/windows/trees.ts";
import { RELEASES } from "../lab/windows.ts";
import { readFixture } from "../support/fixtures.ts";

/** Facts of a Windows that consists of these hives alone. */
function factsOf(
  software: Uint8Array,
  system: Uint8Array,
  logs: Record<string, Uint8Array> = {},
): GuestFacts {
  const config = "Windows/System32/config";
  const files = Object.entries({ SOFTWARE: software, SYSTEM: system, ...logs });
  const fs = new FakeFileSystem(
    Object.fromEntries(files.map(([name, bytes]) => [`${config}/${name}`, bytes])),
  );
  const [windows] = findWindows(fs);
  return readWindowsFacts(windows ?? expect.fail("no Windows"));
}

const serviceStarts = ({ integrationServices }: GuestFacts) =>
  Object.fromEntries((integrationServices?.services ?? []).map(({ name, start }) => [name, start]));

const driverStarts = ({ integrationServices }: GuestFacts) =>
  Object.fromEntries((integrationServices?.drivers ?? []).map(({ name, start }) => [name, start]));

const codesOf = ({ findings }: GuestFacts) => findings.map(({ code }) => code);

/** Start types of a guest of Windows 8 and later that nobody changed. */
const DEMAND = {
  vmicheartbeat: "demand",
  vmickvpexchange: "demand",
  vmicshutdown: "demand",
  vmictimesync: "demand",
  vmicvss: "demand",
  vmicrdv: "demand",
  vmicguestinterface: "demand",
};

const IN_BOX_DRIVERS = {
  vmbus: "boot",
  storvsc: "boot",
  netvsc: "demand",
  storflt: "boot",
  VMBusHID: "demand",
  hyperkbd: "demand",
  HyperVideo: "demand",
  s3cap: "demand",
  dmvsc: "demand",
  gencounter: "demand",
};

describe("a real Windows 8.1, its hives dirty and without logs", () => {
  const facts = factsOf(readFixture("hive/dfwinreg-SOFTWARE"), readFixture("hive/dfwinreg-SYSTEM"));

  test("is known", () => {
    expect(facts.os).toEqual({
      id: "win8.1",
      family: "windows",
      name: "Windows 8.1 Enterprise Evaluation",
      version: "6.3",
      build: 9600,
      revision: expect.any(Number),
      edition: "EnterpriseEval",
      installationType: "Client",
      servicePack: 0,
      architecture: "x64",
      hostname: "STUDENT-PC8",
    });
    expect(facts.setupState).toBe("specialized");
  });

  test("has the version of its in-box package, since it never ran on Hyper-V and its files are not here", () => {
    expect(facts.integrationServices).toMatchObject({
      version: "6.3.9600.16384",
      source: "package",
      consistent: true,
      evidence: [
        {
          source: "package",
          where: expect.stringContaining(
            "Packages\\Microsoft-Hyper-V-Guest-Integration-Drivers-Package~31bf3856ad364e35~amd64~~6.3.9600.16384",
          ),
        },
      ],
    });
  });

  test("has all services of its release, and updates itself", () => {
    expect(serviceStarts(facts)).toEqual({ ...DEMAND, vmicvmsession: null });
    expect(driverStarts(facts)).toEqual(IN_BOX_DRIVERS);
    expect(facts.integrationServices?.dataExchange).toBe("enabled");
    expect(facts.windowsUpdate.verdict).toBe("windows-update");
  });

  test("has nothing pending, for all its finished servicing sessions, and needs no SHA-2 update", () => {
    expect(facts.pendingServicing).toEqual([]);
    expect(facts.sha2).toBe("not-needed");
  });

  test("is said to have two hives that were not flushed", () => {
    expect(codesOf(facts)).toEqual(["REGF_DIRTY", "REGF_DIRTY"]);
  });
});

describe("a real Windows 7 of 2012, clean", () => {
  const facts = factsOf(readFixture("hive/plaso-SOFTWARE"), readFixture("hive/regipy-SYSTEM_win7"));

  test("is known", () => {
    expect(facts.os).toEqual({
      id: "win7",
      family: "windows",
      name: "Windows 7 Ultimate",
      version: "6.1",
      build: 7601,
      revision: 17727,
      edition: "Ultimate",
      installationType: "Client",
      servicePack: 1,
      architecture: "x86",
      hostname: "WKS-WIN732BITA",
    });
    expect(facts.setupState).toBe("specialized");
  });

  test("has the newer of two in-box packages; the superseded one does not count", () => {
    expect(facts.integrationServices?.evidence.map(({ source, value }) => [source, value])).toEqual([
      ["package", "6.1.7601.17514"],
    ]);
  });

  test("has no services, because it never saw a VMBus, but some drivers", () => {
    expect(new Set(Object.values(serviceStarts(facts)))).toEqual(new Set([null]));
    expect(facts.integrationServices?.dataExchange).toBe("absent");
    expect(driverStarts(facts)).toMatchObject({ vmbus: "boot", storvsc: "demand", storflt: "boot" });
  });

  test("updates itself, has nothing pending, and knows nothing of SHA-2 yet", () => {
    expect(facts.windowsUpdate.verdict).toBe("windows-update");
    expect(facts.pendingServicing).toEqual([]);
    expect(facts.sha2).toBe("missing");
    expect(codesOf(facts)).toEqual(["SHA2_MISSING"]);
  });
});

describe("the SYSTEM hive of a real Windows 10", () => {
  const software = buildHive(softwareTree(RELEASES.win10));

  test.each([
    { hive: "hive/dissect-SYSTEM", hostname: "DESKTOP-M3OSHQU", logs: {}, codes: [] },
    {
      hive: "hive/regipy-SYSTEM_B",
      hostname: "DESKTOP-PM6C56D",
      logs: {
        "SYSTEM.LOG1": readFixture("hive/regipy-SYSTEM_B.LOG1"),
        "SYSTEM.LOG2": readFixture("hive/regipy-SYSTEM_B.LOG2"),
      },
      codes: ["REGF_LOG_APPLIED"],
    },
  ])("$hive has all eight services and nothing pending but renames", ({ hive, hostname, logs, codes }) => {
    const facts = factsOf(software, readFixture(hive), logs);
    expect(facts.os).toMatchObject({ id: "win10", architecture: "x64", hostname });
    expect(serviceStarts(facts)).toEqual({ ...DEMAND, vmicvmsession: "demand" });
    expect(driverStarts(facts)).toEqual(IN_BOX_DRIVERS);
    expect(facts.setupState).toBe("specialized");
    expect(facts.windowsUpdate.verdict).toBe("windows-update");
    expect(facts.pendingServicing).toEqual([]);
    expect(codesOf(facts)).toEqual(codes);
  });
});

test("the facts of a real 65 MB hive cost less than 60 pages of it", () => {
  const bytes = readFixture("hive/dfwinreg-SOFTWARE");
  let pageCount = 0;
  const software = new PageCache({
    sizeBytes: bytes.byteLength,
    readInto(target, offset) {
      pageCount++;
      target.set(bytes.subarray(offset, offset + target.byteLength));
    },
  });
  const config = "Windows/System32/config";
  const fs = new FakeFileSystem({
    [`${config}/SOFTWARE`]: software,
    [`${config}/SYSTEM`]: readFixture("hive/dfwinreg-SYSTEM"),
  });
  const [windows] = findWindows(fs);
  readWindowsFacts(windows ?? expect.fail("no Windows"));
  expect(pageCount).toBeLessThan(60);
});
