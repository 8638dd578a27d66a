// SPDX-License-Identifier: MIT
import { decodeLatin1, encodeUtf16 } from "../../bytes/index.ts";
import { type Finding, finding, VmguestError } from "../../errors.ts";
import type { HostEntry, HostFolder } from "../../io/index.ts";

/** Hyper-V keeps the files of a VM in these folders; VMs of one's own making have them beside the disk. */
const FOLDERS = ["", "Virtual Machines", "Snapshots", "../Virtual Machines", "../Snapshots"];

const GUID_NAME = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const STATE_NAME = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(vmrs|vsv|bin)$/i;

/** State files that are opened: a host keeps those of all its VMs in one folder, each with its configuration. */
const STATE_COUNT_MAX = 2000;

/** A configuration has 30 to 200 KiB. */
const CONFIGURATION_SIZE_MAX = 4 * 1024 * 1024;

/**
 * A `.vmrs` that is as large holds memory: 32 MiB is the least that Hyper-V gives a VM, and while a VM runs or is saved the
 * file is as large as its memory (KB4056669). That of a VM that is off has a few MiB.
 */
const MEMORY_SIZE_MIN = 32 * 1024 * 1024;

/** A state file, and what it is to the image. */
interface StateFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly holdsMemory: boolean;
  /** What the configuration beside it says of its disks. */
  readonly owner: "this" | "another" | "unknown";
}

/**
 * Looks for saved memory of a VM that has the image: `.vsv` and `.bin` up to Server 2012 R2, which exist only while a VM
 * runs or is saved, and `.vmrs` since Server 2016, which exists always. Whose they are, the configuration of the same name
 * says, which spells the paths of its disks; where there is none, they count for the image's.
 *
 * What the image's own folder and those beside it do not show is not known. But a guest that was saved while it ran has
 * not dismounted its volumes, which refuse for that.
 */
export function* checkSavedState(folder: HostFolder | undefined): Generator<Finding> {
  if (folder === undefined) return;
  const search = new StateSearch(folder);
  const files = [...search.run()].filter(({ owner }) => owner !== "another");
  const saved = files.find(({ holdsMemory }) => holdsMemory);
  if (saved !== undefined) {
    const whose = saved.owner === "this" ? "of the VM that has the image" : "of a VM near the image";
    const message = `"${saved.path}" (${saved.sizeBytes} bytes) holds the memory ${whose}`;
    yield finding("STAGE_SAVED_STATE", message);
    return;
  }
  if (!search.isComplete) {
    yield finding("STAGE_SAVED_STATE_UNKNOWN", "not all state files near the image could be looked at");
  }
  const [doubtful] = files;
  if (doubtful === undefined) return;
  const message = `"${doubtful.path}" has ${doubtful.sizeBytes} bytes, too few for the memory of a VM`;
  yield finding("STAGE_SAVED_STATE_UNKNOWN", message);
}

/** A folder and what it holds. */
interface Place {
  readonly path: string;
  readonly entries: readonly HostEntry[];
}

class StateSearch {
  /** False where there is more than was looked at. */
  isComplete = true;
  readonly #folder: HostFolder;
  #stateCount = 0;

  constructor(folder: HostFolder) {
    this.#folder = folder;
  }

  *run(): Generator<StateFile> {
    for (const path of FOLDERS) {
      const place = this.#list(path);
      yield* this.#search(place, [place]);
      // Up to Server 2012 R2 each VM and checkpoint has a folder of its own, with the configuration beside it.
      for (const { name, isFolder } of place.entries) {
        if (!isFolder || !GUID_NAME.test(name)) continue;
        const below = this.#list(joined(path, name));
        yield* this.#search(below, [below, place]);
      }
    }
  }

  #list(path: string): Place {
    const { entries, isComplete } = this.#folder.list(path);
    if (!isComplete) this.isComplete = false;
    return { path, entries };
  }

  *#search(place: Place, configurations: readonly Place[]): Generator<StateFile> {
    for (const { name, isFolder } of place.entries) {
      const [, id, ending] = STATE_NAME.exec(name) ?? [];
      if (isFolder || id === undefined || ending === undefined) continue;
      if (this.#stateCount === STATE_COUNT_MAX) {
        this.isComplete = false;
        return;
      }
      this.#stateCount++;
      const configuration = findConfiguration(id, configurations);
      const path = joined(place.path, name);
      const found = readState(this.#folder, path, ending.toLowerCase(), configuration);
      if (found !== undefined) yield found;
    }
  }
}

/** The configuration of a VM or checkpoint, beside its state or in the folder above. */
function findConfiguration(id: string, places: readonly Place[]): string | undefined {
  const names = [`${id}.vmcx`, `${id}.xml`].map((name) => name.toLowerCase());
  for (const { path, entries } of places) {
    const entry = entries.find(({ name, isFolder }) => !isFolder && names.includes(name.toLowerCase()));
    if (entry !== undefined) return joined(path, entry.name);
  }
  return undefined;
}

function readState(
  folder: HostFolder,
  path: string,
  ending: string,
  configuration: string | undefined,
): StateFile | undefined {
  const sizeBytes = attempt(() => {
    using file = folder.open(path);
    return file.sizeBytes;
  });
  // A file that cannot be opened may be in use by the VM itself.
  const holdsMemory =
    sizeBytes === undefined || (ending === "vmrs" ? sizeBytes >= MEMORY_SIZE_MIN : sizeBytes > 0);
  if (ending !== "vmrs" && !holdsMemory) return undefined;
  return { path, sizeBytes: sizeBytes ?? 0, holdsMemory, owner: ownerOf(folder, configuration) };
}

function ownerOf(folder: HostFolder, configuration: string | undefined): StateFile["owner"] {
  if (configuration === undefined) return "unknown";
  const text = attempt(() => {
    using file = folder.open(configuration);
    const sizeBytes = Math.min(file.sizeBytes, CONFIGURATION_SIZE_MAX + 1);
    return sizeBytes > CONFIGURATION_SIZE_MAX ? undefined : squeeze(file.read(0, sizeBytes));
  });
  if (text === undefined) return "unknown";
  const name = squeeze(viewOf(encodeUtf16(folder.imageName)));
  if (text.includes(`\\${name}`) || text.includes(`\\${escaped(name)}`)) return "this";
  return /\.a?vhdx?/.test(text) ? "another" : "unknown";
}

/** Text in UTF-16 at odd and even places and in bytes, made alike: zero bytes left out, in small letters. */
function squeeze(view: DataView): string {
  return decodeLatin1(view, 0, view.byteLength).replaceAll("\0", "").toLowerCase();
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const escaped = (name: string) => name.replaceAll("&", "&amp;").replaceAll("'", "&apos;");

const joined = (folder: string, name: string) => (folder === "" ? name : `${folder}/${name}`);

/** What `work` gives; undefined where the host does not let the file be read. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof VmguestError && error.code !== "READ_LIMIT") return undefined;
    throw error;
  }
}
