import { buildCatalog, type Signing, signCabinet } from "../signing/index.ts";
import { type PackageCompression, packFiles } from "./archive.ts";
import { componentStem, packageManifest } from "./manifests.ts";

/** A standalone update (`.msu`) as it is to be. */
export interface LabMsu {
  readonly kb?: string;
  /** Processor architecture as file names have it. */
  readonly platform?: "x64" | "x86";
  /** The update's own cabinet. */
  readonly cabinet: Uint8Array;
  readonly compression?: PackageCompression;
  readonly signing?: Signing | null;
}

/** A cabinet around an update's cabinet, with what Windows Update wants to know about it. */
export function buildMsu(msu: LabMsu): Uint8Array {
  const { kb = "KB5063950", platform = "x64" } = msu;
  const stem = `Windows8.1-${kb}-${platform}`;
  const properties = {
    "Applies to": "Windows 8.1",
    "KB Article Number": kb.slice(2),
    Language: "ALL",
    "Package Type": "Update",
    "Processor Architecture": platform === "x64" ? "amd64" : "x86",
  };
  const files = new Map([
    [
      "WSUSSCAN.cab",
      packFiles(
        new Map([["package.cab", packFiles(new Map([["package.xml", text("<OfflineSyncPackage/>")]]))]]),
      ),
    ],
    [`${stem}.cab`, msu.cabinet],
    [
      `${stem}-pkgProperties.txt`,
      text(
        Object.entries(properties)
          .map(([name, value]) => `${name}="${value}"\r\n`)
          .join(""),
      ),
    ],
    [
      `${stem}.xml`,
      text(
        `<?xml version="1.0" encoding="utf-8"?><unattend xmlns="urn:schemas-microsoft-com:unattend"><servicing><package action="install"><source location="%configsetroot%\\${stem}.CAB" /></package></servicing></unattend>`,
      ),
    ],
  ]);
  const packed = packFiles(files, msu.compression ?? "none");
  return msu.signing === null ? packed : signCabinet(packed, msu.signing);
}

/** An update for the host as it is to be, with packages for guests among its files. */
export interface LabRollup {
  readonly kb?: string;
  readonly version?: string;
  /** Cabinets inside, by file name. */
  readonly packages: ReadonlyMap<string, Uint8Array>;
  readonly compression?: PackageCompression;
  readonly signing?: Signing | null;
}

/** A rollup's cabinet: each package for guests is a file of one component, in that component's folder. */
export function buildRollup(rollup: LabRollup): Uint8Array {
  const { kb = "KB5063950", version = "6.3.9600.22700" } = rollup;
  const identity = { architecture: "amd64", version };
  const folder = componentStem(identity, "Microsoft-Hyper-V-VmGuest-Disk");
  const update = packageManifest({
    ...identity,
    packageName: `Package_for_${kb}`,
    kb,
    parents: [{ name: "Package_for_KB2919355", version: "6.3.1.14" }],
    parentAttributes: { buildCompare: "GE" },
    components: [],
  });
  const files = new Map([
    ["update.mum", update],
    ...[...rollup.packages].map(([name, bytes]) => [`${folder}/${name.toLowerCase()}`, bytes] as const),
  ]);
  const catalog = buildCatalog({ files: [...files.values()].map((bytes) => ({ bytes })) });
  const packed = packFiles(new Map([["update.cat", catalog], ...files]), rollup.compression);
  return rollup.signing === null ? packed : signCabinet(packed, rollup.signing);
}

const text = (content: string): Uint8Array => Buffer.from(content);
