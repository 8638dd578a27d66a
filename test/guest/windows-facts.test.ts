import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VmguestError } from "../../src/errors.ts";
import { findWindows, linuxGuestFacts, readWindowsFacts } from "../../src/guest/index.ts";
import { FakeFileSystem } from "../lab/fake-file-system.ts";
import { buildHive, type HiveTree, raw, Surgery } from "../lab/hive.ts";
import { softwareTree, systemTree } from "../lab/windows/trees.ts";
import {
  buildWindows,
  mergeTrees,
  RELEASES,
  type ReleaseName,
  type TreeChange,
  type WindowsOptions,
  windowsFiles,
} from "../lab/windows.ts";

function factsOf(options: WindowsOptions) {
  const [windows] = findWindows(buildWindows(options));
  return readWindowsFacts(windows ?? expect.fail("no Windows"));
}

const setup = (values: TreeChange): TreeChange => ({ Setup: values });
const SEALED = "IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE";
const imageState = (ImageState: string | null): TreeChange => ({
  Microsoft: { Windows: { CurrentVersion: { Setup: { State: { ImageState } } } } },
});
const utf16 = (text: string) => new Uint8Array(Buffer.from(`\ufeff${text}`, "utf16le"));
const ascii = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));

describe("a healthy guest", () => {
  test.each(Object.keys(RELEASES) as ReleaseName[])("of %s has no finding but that of SHA-2", (release) => {
    const { findings, setupState, windowsUpdate, pendingServicing, systemRoot } = factsOf({ release });
    const isOld = RELEASES[release].major === 6 && RELEASES[release].minor < 2;
    expect(findings.map(({ code }) => code)).toEqual(isOld ? ["SHA2_MISSING"] : []);
    expect({ setupState, verdict: windowsUpdate.verdict, pendingServicing, systemRoot }).toEqual({
      setupState: "specialized",
      verdict: "windows-update",
      pendingServicing: [],
      systemRoot: "Windows",
    });
  });

  test("is read the same a second time", () => {
    expect(factsOf({ release: "ws2012r2" })).toEqual(factsOf({ release: "ws2012r2" }));
  });
});

describe("the setup state is read from", () => {
  const sealed = setup({
    SetupType: 2,
    SystemSetupInProgress: 1,
    OOBEInProgress: 1,
    CmdLine: "oobe\\windeploy.exe",
  });

  test.each<[title: string, state: string, options: Omit<WindowsOptions, "release">]>([
    ["the image state and SYSTEM\\Setup", "generalized", { software: imageState(SEALED), system: sealed }],
    [
      "State.ini where the registry says nothing",
      "generalized",
      {
        software: imageState(null),
        system: sealed,
        files: { "Setup/State/State.ini": ascii(`[State]\r\nImageState=${SEALED}\r\n`) },
      },
    ],
    [
      "State.ini in UTF-16",
      "generalized",
      {
        software: imageState(null),
        system: sealed,
        files: { "Setup/State/State.ini": utf16(`[State]\r\nImageState = ${SEALED}`) },
      },
    ],
    [
      "the tag of sysprep where neither says anything",
      "generalized",
      {
        software: imageState(null),
        system: sealed,
        files: { "System32/Sysprep/Sysprep_succeeded.tag": new Uint8Array() },
      },
    ],
    [
      "AuditInProgress",
      "audit",
      { software: imageState("IMAGE_STATE_UNDEPLOYABLE"), system: setup({ AuditInProgress: 1 }) },
    ],
    [
      "AuditBoot",
      "audit",
      { software: imageState("IMAGE_STATE_UNDEPLOYABLE"), system: setup({ Status: { AuditBoot: 1 } }) },
    ],
  ])("%s", (_title, state, options) => {
    expect(factsOf({ release: "ws2012r2", ...options }).setupState).toBe(state);
  });

  test("sources that contradict each other, with a finding", () => {
    const facts = factsOf({ release: "ws2012r2", system: sealed });
    expect(facts.setupState).toBe("undeployable");
    expect(facts.findings).toMatchObject([
      { code: "SETUP_STATE_CONFLICT", where: { path: "Windows/System32/config/SYSTEM: Setup" } },
    ]);
  });

  test("a sysprep that broke off", () => {
    const system = setup({
      SetupType: 2,
      SystemSetupInProgress: 1,
      Status: { SysprepStatus: { GeneralizationState: 3 } },
    });
    expect(factsOf({ release: "ws2012r2", software: imageState(SEALED), system }).setupState).toBe(
      "undeployable",
    );
  });

  test("a machine with a foreign command armed, which is named", () => {
    const facts = factsOf({
      release: "win7",
      system: setup({ SetupType: 2, CmdLine: "cmd.exe /c C:\\resume.cmd" }),
    });
    expect(facts.setupState).toBe("specialized");
    expect(facts.findings).toContainEqual(expect.objectContaining({ code: "SETUP_COMMAND_ARMED" }));
  });
});

describe("damage costs the fact it hits", () => {
  test("a value of another type is as if it were not there", () => {
    const software = {
      Microsoft: { "Windows NT": { CurrentVersion: { ProductName: 7, EditionID: ["a"], CSDVersion: 1n } } },
    };
    const { os } = factsOf({ release: "ws2012r2", software });
    expect(os).toMatchObject({ id: "ws2012r2", name: null, edition: null, servicePack: null });
  });

  test("an overlong text is cut, a value beyond all reason left out", () => {
    const software = (name: string) => ({
      Microsoft: { "Windows NT": { CurrentVersion: { ProductName: name } } },
    });
    const { os } = factsOf({ release: "ws2012r2", software: software("\u001b[2J".padEnd(9000, "=")) });
    expect(os.name).toHaveLength(256);
    expect(os.name?.startsWith("\u001b[2J=")).toBe(true);
    expect(factsOf({ release: "ws2012r2", software: software("=".repeat(100_000)) }).os.name).toBeNull();
  });

  test("a hostile number of devices is not followed to its end", () => {
    const kinds = Array.from(
      { length: 100 },
      (_, index) => `VMBUS\\{kind-${String(index).padStart(3, "0")}}`,
    );
    const devices = Object.fromEntries(kinds.map((kind) => [kind, "6.3.9600.16384"]));
    const facts = factsOf({ release: "ws2012r2", devices: { ...devices, "VMBUS\\{kind-099}": "1.0.0.0" } });
    expect(facts.integrationServices?.evidence[0]).toMatchObject({
      source: "computed",
      value: "6.3.9600.16384",
    });
  });

  test("a cut text keeps whole characters", () => {
    const name = `${"=".repeat(254)}\u{1f4be}${"=".repeat(9)}`;
    const software = { Microsoft: { "Windows NT": { CurrentVersion: { ProductName: name } } } };
    expect(factsOf({ release: "ws2012r2", software }).os.name).toBe(`${"=".repeat(254)}…`);
  });

  test("a hostile number of damaged values neither fills the report nor hides what else there is to say", () => {
    const kinds = Array.from({ length: 60 }, (_, index) => `VMBUS\\{kind-${index}}`);
    const wrong = (prefix: string) => Object.fromEntries(kinds.map((kind) => [kind, `${prefix}banana`]));
    const more = Object.fromEntries(kinds.map((kind, index) => [`ACPI\\VMBus${index}`, `pear ${kind}`]));
    const { findings } = factsOf({
      release: "ws2012r2",
      devices: { ...wrong("a"), ...more },
      system: setup({ SetupType: 2, CmdLine: "resume.cmd" }),
    });
    const codes = findings.map(({ code }) => code);
    expect(codes.filter((code) => code === "IC_VERSION_UNREADABLE")).toHaveLength(16);
    expect(codes.filter((code) => code !== "IC_VERSION_UNREADABLE")).toEqual(["SETUP_COMMAND_ARMED"]);
  });

  test("a key with a million values is not looked into", () => {
    const hive = new Surgery(buildHive(softwareTree(RELEASES.ws2012r2)));
    hive.key("Microsoft\\Windows NT\\CurrentVersion").valueCount = 1_000_000;
    const { os, findings } = factsOf({
      release: "ws2012r2",
      files: { "System32/config/SOFTWARE": hive.bytes },
    });
    expect(os).toMatchObject({ id: "unknown", name: null, build: null });
    expect(new Set(findings.map(({ code }) => code))).toEqual(new Set(["LIMIT_EXCEEDED", "OS_UNKNOWN"]));
  });

  test("many values in many keys are not looked into for ever", () => {
    const kinds = Array.from({ length: 8 }, (_, index) => `{kind-${index}}`);
    const devices = Object.fromEntries(kinds.map((kind) => [`VMBUS\\${kind}`, "6.3.9600.16384"]));
    const hive = new Surgery(buildHive(systemTree(RELEASES.ws2012r2, devices)));
    for (const kind of kinds) {
      const key = `ControlSet001\\Enum\\VMBUS\\${kind}\\{00000000-0000-8899-0000-000000000000}`;
      hive.key(key).valueCount = 60_000;
    }
    const files = { "System32/config/SYSTEM": hive.bytes };
    const codes = factsOf({ release: "ws2012r2", files }).findings.map(({ code }) => code);
    // Three fail since they have not so many values, the fourth because it would be too many in sum.
    expect(codes.slice(0, 4)).toEqual(["REGF_LIST", "REGF_LIST", "REGF_LIST", "LIMIT_EXCEEDED"]);
  });

  test("the name of a package key does not fill the report", () => {
    const name = `Microsoft-Hyper-V-Integration-Services-Package~${"x".repeat(30_000)}`;
    const store = { Packages: { [name]: { CurrentState: 0x70 } } };
    const change = { Microsoft: { Windows: { CurrentVersion: { "Component Based Servicing": store } } } };
    const hive = new Surgery(buildHive(mergeTrees(softwareTree(RELEASES.ws2012r2), change)));
    const key = "Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages";
    Object.assign(hive.value(`${key}\\${name}`, "CurrentState"), { signature: 0 });
    const { findings } = factsOf({
      release: "ws2012r2",
      files: { "System32/config/SOFTWARE": hive.bytes },
    });
    expect(findings.map(({ code }) => code)).toEqual(["REGF_VALUE"]);
    expect(JSON.stringify(findings).length).toBeLessThan(1000);
  });

  test.each([
    { what: "service pack", value: "CSDVersion", of: "servicePack" },
    { what: "product name", value: "ProductName", of: "name" },
  ] as const)("an unreadable $what is not known, not absent", ({ value, of }) => {
    const hive = new Surgery(buildHive(softwareTree(RELEASES.win7)));
    const current = "Microsoft\\Windows NT\\CurrentVersion";
    Object.assign(hive.value(current, value), { signature: 0 });
    const files = { "System32/config/SOFTWARE": hive.bytes };
    expect(factsOf({ release: "win7", files }).os[of]).toBeNull();
  });

  test("a folder that cannot be looked into is a finding", () => {
    const torn = new VmguestError("NTFS_INDEX", "the index is damaged");
    const files = {
      ...windowsFiles({ release: "ws2012r2", devices: {}, drivers: null }),
      "Windows/WinSxS/": torn,
    };
    const [windows] = findWindows(new FakeFileSystem(files));
    const { findings, os } = readWindowsFacts(windows ?? expect.fail("no Windows"));
    expect(os.id).toBe("ws2012r2");
    expect(findings).toMatchObject([{ code: "NTFS_INDEX", where: { path: "Windows/WinSxS/pending.xml" } }]);
  });
});

/** Every value of a tree with its path, to be replaced one by one. */
function* pathsOf(tree: HiveTree, above: readonly string[] = []): Iterable<readonly string[]> {
  for (const [name, content] of Object.entries(tree)) {
    const path = [...above, name];
    const isKey = typeof content === "object" && Object.getPrototypeOf(content) === Object.prototype;
    if (isKey) yield* pathsOf(content as HiveTree, path);
    else yield path;
  }
}

const changeAt = (path: readonly string[], value: unknown): never =>
  path.reduceRight((inner: unknown, name) => ({ [name]: inner }), value) as never;

describe("whatever a guest holds, facts come out or a typed error", () => {
  const software = softwareTree(RELEASES.ws2008r2);
  const system = systemTree(RELEASES.ws2008r2, { "ACPI\\VMBus": "6.1.7601.17514" });
  const softwarePaths = [...pathsOf(software)];
  const systemPaths = [...pathsOf(system)];
  const garbage = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.nat(0xffff_ffff),
    fc.array(fc.string(), { maxLength: 3 }),
    fc.tuple(fc.nat(0x20), fc.uint8Array({ maxLength: 40 })).map(([type, bytes]) => raw(type, bytes)),
  );

  function readGarbage(hives: { software: Uint8Array; system: Uint8Array }): void {
    const files = { "System32/config/SOFTWARE": hives.software, "System32/config/SYSTEM": hives.system };
    try {
      const [windows] = findWindows(buildWindows({ release: "ws2008r2", files }));
      const facts = readWindowsFacts(windows ?? expect.fail("no Windows"));
      expect(JSON.stringify(facts).length).toBeLessThan(100_000);
    } catch (error) {
      if (!(error instanceof VmguestError)) throw error;
    }
  }

  test("with garbage for values", () => {
    const changes = (paths: (readonly string[])[]) =>
      fc.array(fc.tuple(fc.constantFrom(...paths), garbage), { minLength: 1, maxLength: 5 });
    const put = (tree: HiveTree, some: (readonly [readonly string[], unknown])[]) =>
      buildHive(some.reduce((changed, [path, value]) => mergeTrees(changed, changeAt(path, value)), tree));
    fc.assert(
      fc.property(changes(softwarePaths), changes(systemPaths), (inSoftware, inSystem) => {
        readGarbage({ software: put(software, inSoftware), system: put(system, inSystem) });
      }),
      { numRuns: 60 },
    );
  });

  test("with bytes of its hives changed", () => {
    const whole = { software: buildHive(software), system: buildHive(system) };
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 20 });
    const damaged = (bytes: Uint8Array, some: [number, number][]) => {
      const copy = bytes.slice();
      for (const [at, value] of some) copy[4096 + (at % (copy.length - 4096))] = value;
      return copy;
    };
    fc.assert(
      fc.property(edits, edits, (inSoftware, inSystem) => {
        readGarbage({
          software: damaged(whole.software, inSoftware),
          system: damaged(whole.system, inSystem),
        });
      }),
      { numRuns: 100 },
    );
  });
});

test("of a Linux guest nothing is claimed", () => {
  const { os, integrationServices, windowsUpdate, findings } = linuxGuestFacts();
  expect(os).toMatchObject({ id: "linux", family: "linux", version: null });
  expect(integrationServices).toBeNull();
  expect(windowsUpdate.verdict).toBe("unknown");
  expect(findings).toEqual([]);
});
