import { expand, type HiveTree } from "../hive.ts";
import type { Release } from "./releases.ts";

const SYSTEM_CLASS = "{4d36e97d-e325-11ce-bfc1-08002be10318}";
const PASS_THROUGH = "{44c4f61d-4444-4400-9d52-802e27ede19f}";

/** The SOFTWARE hive of a machine that was set up and updates itself. */
export function softwareTree(release: Release): HiveTree {
  return {
    Microsoft: {
      "Windows NT": { CurrentVersion: currentVersion(release) },
      Windows: {
        CurrentVersion: {
          ...(release.major > 5 ? sinceVista() : {}),
          WindowsUpdate: { "Auto Update": { AUOptions: 4 } },
        },
      },
      "Virtual Machine": { Guest: {} },
    },
    Policies: { Microsoft: { Windows: {} } },
  };
}

function currentVersion(release: Release): HiveTree {
  const { major, minor, build, revision, product, edition, installationType, servicePack, branch } = release;
  const architecture = release.architecture.toLowerCase();
  return {
    ProductName: product,
    CurrentVersion: major < 10 ? `${major}.${minor}` : "6.3",
    CurrentBuild: major > 5 ? `${build}` : "1.511.1 () (Obsolete data - do not use)",
    CurrentBuildNumber: `${build}`,
    SystemRoot: "C:\\Windows",
    BuildLab: `${build}.${branch}`,
    ...(servicePack !== undefined && { CSDVersion: servicePack }),
    ...(edition !== undefined && { EditionID: edition }),
    ...(installationType !== undefined && { InstallationType: installationType }),
    ...(major > 5 && { BuildLabEx: `${build}.${revision}.${architecture}fre.${branch}` }),
    ...(major >= 10 && { CurrentMajorVersionNumber: major, CurrentMinorVersionNumber: minor, UBR: revision }),
  };
}

const sinceVista = (): HiveTree => ({
  Setup: { State: { ImageState: "IMAGE_STATE_COMPLETE" } },
  "Component Based Servicing": {
    Packages: {},
    // What real machines keep as history.
    SessionsPending: { Exclusive: 0, "30187189_2785855337": { Complete: 1 } },
  },
});

/** The SYSTEM hive of the same machine, with devices by hardware id and the versions of their drivers. */
export function systemTree(release: Release, devices: Readonly<Record<string, string>>): HiveTree {
  const isNew = release.major > 6 || release.minor >= 2;
  return {
    Select: { Current: 1, Default: 1, Failed: 0, LastKnownGood: 1 },
    Setup: {
      CmdLine: "",
      OOBEInProgress: 0,
      SetupType: 0,
      SystemSetupInProgress: 0,
      ...(release.major > 5 && { Status: { SysprepStatus: { GeneralizationState: 7 } } }),
    },
    ControlSet001: {
      Control: {
        ComputerName: { ComputerName: { ComputerName: "WEB01" } },
        ProductOptions: { ProductType: release.productType },
        "Session Manager": { Environment: { PROCESSOR_ARCHITECTURE: release.architecture } },
        Class: { [SYSTEM_CLASS]: classKeys(devices) },
      },
      Enum: enumKeys(devices),
      Services: {
        wuauserv: { Start: isNew ? 3 : 2 },
        TrustedInstaller: { Start: 3 },
        ...(release.drivers !== null && driverKeys(release)),
        ...Object.fromEntries(release.services.map((name) => [name, serviceKey(name, isNew)])),
      },
    },
  };
}

function classKeys(devices: Readonly<Record<string, string>>): HiveTree {
  const keys = Object.values(devices).map((version, index) => [number(index), { DriverVersion: version }]);
  return { ...Object.fromEntries(keys), "9999": { DriverVersion: "1.0.0.0" } };
}

function enumKeys(devices: Readonly<Record<string, string>>): HiveTree {
  const buses: Record<string, Record<string, HiveTree>> = { ACPI: { PNP0A03: {} }, VMBUS: {} };
  Object.keys(devices).forEach((hardwareId, index) => {
    const [bus = "", kind = ""] = hardwareId.split("\\");
    const instance = { HardwareID: [hardwareId], Driver: `${SYSTEM_CLASS}\\${number(index)}` };
    buses[bus.toUpperCase()]![kind] = { "{00000000-0000-8899-0000-000000000000}": instance };
  });
  const passThrough = { HardwareID: [`VMBUS\\${PASS_THROUGH}`], Driver: `${SYSTEM_CLASS}\\9999` };
  const isOnBus = Object.keys(devices).length > 0;
  return isOnBus ? { ...buses, VMBUS: { ...buses["VMBUS"], [PASS_THROUGH]: { "1": passThrough } } } : buses;
}

const number = (index: number) => String(index).padStart(4, "0");

const driverKeys = ({ network }: Release): HiveTree => ({
  vmbus: { Start: 0, ImagePath: expand("System32\\drivers\\vmbus.sys") },
  storvsc: { Start: 0, ImagePath: expand("System32\\drivers\\storvsc.sys") },
  netvsc: { Start: 3, ImagePath: expand(`\\SystemRoot\\System32\\drivers\\${network}`) },
});

function serviceKey(name: string, isNew: boolean): HiveTree {
  const library = name === "vmickvpexchange" ? "-201" : "-101";
  return { DisplayName: `@%systemroot%\\system32\\icsvc.dll,${library}`, Start: isNew ? 3 : 2, Type: 0x20 };
}
