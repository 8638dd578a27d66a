import { buildPe } from "../pe.ts";
import { signPe } from "../signing/index.ts";
import { type LabIdentity, SYNTHETIC } from "./manifests.ts";

const MACHINES: Readonly<Record<string, number>> = { amd64: 0x8664, x86: 0x014c };

/** Drivers that Windows loads before it can look into a catalog: they carry a signature of their own. */
const BOOT_DRIVERS = new Set(["vmbus.sys", "storvsc.sys"]);

/** A file of a component: an INF, or an image with a version and no code. */
export function driverFile(identity: LabIdentity, name: string, title: string): Uint8Array {
  if (name.endsWith(".inf")) return infFile(identity, name, title);
  const image = buildPe({
    fileVersion: identity.version,
    machine: MACHINES[identity.architecture] ?? 0,
    isDll: name.endsWith(".dll"),
    fileType: name.endsWith(".dll") ? 2 : 3,
    strings: {
      Comments: SYNTHETIC,
      FileDescription: `Synthetic ${title}`,
      FileVersion: identity.version,
      OriginalFilename: name,
      ProductVersion: identity.version,
    },
  });
  return BOOT_DRIVERS.has(name) ? signPe(image) : image;
}

function infFile({ architecture, version }: LabIdentity, name: string, title: string): Uint8Array {
  const lines = [
    `; ${SYNTHETIC}`,
    "[Version]",
    'Signature = "$Windows NT$"',
    "Class = System",
    "ClassGuid = {4D36E97D-E325-11CE-BFC1-08002BE10318}",
    "Provider = %Provider%",
    "CatalogFile = update.cat",
    `DriverVer = 08/10/2019,${version}`,
    "[Manufacturer]",
    `%Provider% = Devices,NT${architecture}`,
    `[Devices.NT${architecture}]`,
    "[Strings]",
    'Provider = "vmguest"',
    `Title = "Synthetic ${title} of ${name}"`,
    "",
  ];
  return Buffer.from(lines.join("\r\n"));
}
