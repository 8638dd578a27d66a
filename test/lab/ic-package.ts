import { type PackageCompression, packFiles } from "./ic-package/archive.ts";
import { componentsOf, type LabComponent, type PackageTarget } from "./ic-package/components.ts";
import { driverFile } from "./ic-package/driver-files.ts";
import {
  componentManifest,
  componentStem,
  type LabIdentity,
  type LabParent,
  packageManifest,
} from "./ic-package/manifests.ts";
import { buildCatalog, type LabCatalog, type Signing, signCabinet } from "./signing/index.ts";

export { FEW_COMPONENTS, type LabComponent, type PackageTarget } from "./ic-package/components.ts";
export { buildGuestDisc, type LabGuestDisc } from "./ic-package/guest-disc.ts";
export { componentStem, type LabParent, SYNTHETIC } from "./ic-package/manifests.ts";
export { buildMsu, buildRollup, type LabMsu, type LabRollup } from "./ic-package/msu.ts";

/** Files of a package by their path, with `/`. */
export type PackageFiles = Map<string, Uint8Array>;

/** A package of integration services as it is to be; everything has a default, and everything can be made wrong. */
export interface LabIcPackage {
  readonly target?: PackageTarget;
  /** As manifests have it. */
  readonly architecture?: "amd64" | "x86";
  readonly version?: string;
  readonly kb?: string;
  readonly packageName?: string;
  readonly parents?: readonly LabParent[];
  readonly components?: readonly LabComponent[];
  readonly compression?: PackageCompression;
  /** The catalog's own options; its files are those of the package. */
  readonly catalog?: Partial<LabCatalog>;
  /** How the cabinet is signed; null leaves it unsigned. */
  readonly signing?: Signing | null;
  /** Changes the files while the catalog can still agree with them: a manifest then has the wrong digest. */
  readonly beforeCatalog?: (files: PackageFiles) => void;
  /** Changes the files behind the catalog's back. */
  readonly beforePacking?: (files: PackageFiles) => void;
  /** Changes the cabinet while the signature can still agree with it. */
  readonly beforeSigning?: (cabinet: Uint8Array) => Uint8Array;
}

const PARENTS: Readonly<Record<PackageTarget, readonly LabParent[]>> = {
  "6.x": [
    ...["Ultimate", "Business", "Enterprise", "UltimateN", "BusinessN", "EnterpriseN"].map((edition) => ({
      name: `Microsoft-Windows-${edition}Edition`,
      version: "6.0.6000.16386",
    })),
    ...["6.0.6001.18000", "6.1.7600.16385"].flatMap((version) => [
      { name: "Microsoft-Windows-Foundation-Package", version },
      { name: "Microsoft-Windows-ServerCore-Package", version },
    ]),
  ],
  "6.2": ["6.2.9200.16384", "6.3.0.0"].flatMap((version) => [
    { name: "Microsoft-Hyper-V-Guest-Integration-Drivers-Package", version },
    { name: "Microsoft-Hyper-V-WinPE-Drivers-Package", version },
  ]),
};

const PACKAGE_NAMES: Readonly<Record<PackageTarget, string>> = {
  "6.x": "Microsoft-Hyper-V-Integration-Services-Package",
  "6.2": "Microsoft-Hyper-V-Integration-Services-Package-2",
};

/** Bytes of a whole package: manifests, catalog and drivers in a cabinet that is signed. */
export function buildIcPackage(options: LabIcPackage = {}): Uint8Array {
  const cabinet = packFiles(icPackageFiles(options), options.compression);
  const edited = options.beforeSigning?.(cabinet) ?? cabinet;
  return options.signing === null ? edited : signCabinet(edited, options.signing);
}

/** What {@link buildIcPackage} packs, in stored order: catalog, manifests, drivers. */
export function icPackageFiles(options: LabIcPackage = {}): PackageFiles {
  const { target = "6.x" } = options;
  const files = listedFiles(options);
  options.beforeCatalog?.(files);
  const catalog = buildCatalog({
    version: target === "6.x" ? 1 : 2,
    files: [...files.values()].map((bytes) => ({ bytes })),
    ...options.catalog,
  });
  const packed: PackageFiles = new Map([["update.cat", catalog], ...files]);
  options.beforePacking?.(packed);
  return packed;
}

/** The file name that Microsoft gives such a package. */
export function icPackageFileName({ target = "6.x", architecture = "amd64" }: LabIcPackage = {}): string {
  return `Windows${target}-HyperVIntegrationServices-${architecture === "amd64" ? "x64" : "x86"}.cab`;
}

function listedFiles(options: LabIcPackage): PackageFiles {
  const { target = "6.x", architecture = "amd64", version = "6.3.9600.19456" } = options;
  const identity: LabIdentity = { architecture, version };
  const components = options.components ?? componentsOf(target, architecture);
  const manifests: PackageFiles = new Map();
  const payload: PackageFiles = new Map();
  for (const component of components) {
    const stem = componentStem(identity, component.name);
    const contents = new Map(
      component.files.map((name) => [name, driverFile(identity, name, component.title)]),
    );
    manifests.set(`${stem}.manifest`, componentManifest(identity, component, contents));
    for (const [name, bytes] of contents) payload.set(`${stem}/${name.toLowerCase()}`, bytes);
  }
  const update = packageManifest({
    ...identity,
    packageName: options.packageName ?? PACKAGE_NAMES[target],
    kb: options.kb ?? "KB4072650",
    parents: options.parents ?? PARENTS[target],
    components,
  });
  return new Map([...manifests, ["update.mum", update], ...payload]);
}
