import { type LabFolder, labFile } from "../disc-tree.ts";
import { buildIso } from "../iso9660.ts";

/** The disc that a host offers to its guests (`vmguest.iso`) as it is to be. */
export interface LabGuestDisc {
  /** Packages by file name, in `support/amd64` and `support/x86`. */
  readonly packages: Readonly<Record<"amd64" | "x86", ReadonlyMap<string, Uint8Array>>>;
  /** Further files and folders of the root. */
  readonly further?: LabFolder;
}

/** An ISO 9660 image with Joliet names, laid out like Microsoft's. */
export function buildGuestDisc({ packages, further = {} }: LabGuestDisc): Uint8Array {
  const folder = (files: ReadonlyMap<string, Uint8Array>): LabFolder =>
    Object.fromEntries([...files].map(([name, bytes]) => [name, labFile(bytes)]));
  const tree: LabFolder = {
    "autorun.inf": labFile("[autorun]\r\nopen=support\\x86\\setup.exe\r\n"),
    support: { amd64: folder(packages.amd64), x86: folder(packages.x86) },
    ...further,
  };
  return buildIso({ tree, label: "VMGUEST", joliet: true }).bytes;
}
