import { closeSync, ftruncateSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { buildNewLog, buildOldLog, crashed, entryOf } from "../../lab/hive.ts";
import { feed } from "../differential/tools.ts";

/** Something that happened to a guest that its builder does not do. */
export interface Adjustment {
  readonly title: string;
  /** Changes the guest where ntfs-3g has mounted it; gives SYSTEM as it counts, where that is not the file. */
  readonly change?: (mount: string, scratch: string) => Uint8Array | undefined;
  /** Changes the unpacked volume; it may become longer where it is the whole disk. */
  readonly changeVolume?: (volume: string) => void;
}

const SYSTEM = "Windows/System32/config/SYSTEM";

/** ntfs-3g keeps permissions and record of a file only where it is written in place. */
function overwrite(path: string, bytes: Uint8Array): void {
  const file = openSync(path, "r+");
  writeSync(file, bytes);
  ftruncateSync(file, bytes.length);
  closeSync(file);
}

/** A hive after a script of hivexsh. */
function edited(hive: Uint8Array, scratch: string, ...script: readonly string[]): Buffer {
  writeFileSync(scratch, hive);
  feed([...script, "commit", "quit", ""].join("\n"), "hivexsh", "-w", scratch);
  return readFileSync(scratch);
}

export const domainController: Adjustment = {
  title: "a domain controller",
  change: (mount, scratch) => {
    const path = join(mount, SYSTEM);
    const promoted = [
      "cd \\ControlSet001\\Control\\ProductOptions",
      "setval 1",
      "ProductType",
      "string:LanmanNT",
    ];
    overwrite(path, edited(readFileSync(path), scratch, ...promoted));
    return undefined;
  },
};

/** Files in Windows\Setup, so that its directory has a tree of index blocks. */
const ENTRY_COUNT = 2000;

export const fullFolder: Adjustment = {
  title: "Windows\\Setup full of files",
  change: (mount) => {
    for (let index = 0; index < ENTRY_COUNT; index++) {
      const name = `Component_${((index * 2_654_435_761) % 2 ** 32).toString(16)}~amd64.cat`;
      writeFileSync(join(mount, "Windows/Setup", name), "");
    }
    return undefined;
  },
};

const BASE_BLOCK = 4096;
const BIN_HEADER = 32;

export const fullHive: Adjustment = {
  title: "no free cell in SYSTEM",
  change: (mount) => {
    const path = join(mount, SYSTEM);
    const hive = readFileSync(path);
    const end = BASE_BLOCK + hive.readUInt32LE(0x28);
    for (let bin = BASE_BLOCK; bin < end; bin += hive.readUInt32LE(bin + 8)) {
      for (let cell = bin + BIN_HEADER; cell < bin + hive.readUInt32LE(bin + 8); ) {
        const size = Math.abs(hive.readInt32LE(cell));
        // In use, and nobody's: space that was lost, as in hives of machines that were upgraded.
        hive.writeInt32LE(-size, cell);
        cell += size;
      }
    }
    overwrite(path, hive);
    return undefined;
  },
};

/** The machine stopped before Windows brought SYSTEM up to date; what was to be written is in its log. */
export const unflushedHive = (log: "old" | "new"): Adjustment => ({
  title: `SYSTEM not flushed, with a log of the ${log} kind`,
  change: (mount, scratch) => {
    const path = join(mount, SYSTEM);
    // A Buffer would give parts of itself, where the lab wants copies.
    const before = Uint8Array.from(readFileSync(path));
    const sequence = readFileSync(path).readUInt32LE(4) + 1;
    const script = ["cd \\Setup", "add Logged", "cd Logged", "setval 1", "Value", "string:in the log alone"];
    const after = Uint8Array.from(edited(before, scratch, ...script));
    overwrite(path, crashed(before, sequence));
    const entries = [entryOf(before, after, sequence - 1)];
    const bytes = log === "new" ? buildNewLog(before, entries) : buildOldLog(before, after, sequence);
    writeFileSync(`${path}.LOG1`, bytes);
    return after;
  },
});
