// SPDX-License-Identifier: MIT
import {
  closeSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { Feature, VolumePlan } from "./plan.ts";
import { Random } from "./random.ts";
import { MIB, run } from "./tools.ts";

/** Names that only some tools get right: scripts, widths, combining marks, what DOS and Windows do not allow. */
const ODD_NAMES = [
  "имя файла.txt",
  "文件名 ファイル.txt",
  "ÄÖÜ äöü ß ẞ.txt",
  "e\u0301 against \u00e9.txt",
  "\u{1f5a5}\u{1f4be}.txt",
  "ｆｕｌｌ ＷＩＤＴＨ.txt",
  "ıİiI.txt",
  "ﬀ ǆ ǅ Ǆ.txt",
  "\ufeffmarked.txt",
  "rtl \u202egpj.exe",
  "ends with a dot.",
  "ends with a space ",
  " begins with one",
  "CON",
  "aux.txt",
  'a?b*c<d>e|f"g.txt',
  "back\\slash.txt",
  "control\u0001\u001f.txt",
  "tab\there.txt",
  "delete\u007f.txt",
  "percent %41 %d.txt",
  "~$LOCK~1.TMP",
  "$MFTcopy",
  "...",
  "UPPER and lower",
  "x".repeat(255),
  "ü".repeat(127),
  "更".repeat(85),
];

const FEATURE_WORK: Record<Feature, (mount: string, random: Random) => void> = {
  fragments: writeInTurns,
  compressed: writeCompressed,
  sparse: writeSparse,
  wide: writeWide,
  deep: writeDeep,
  names: writeOddNames,
  streams: writeStreams,
  links: writeLinks,
  holes: writeIntoHoles,
  deleted: writeAndDelete,
  large: writeLarge,
};

/** Fills a mounted volume with what its plan asks for, as far as it has room. */
export function populate(mount: string, plan: VolumePlan): void {
  const random = new Random(plan.seed + 1000);
  mkdirSync(join(mount, "Plain", "Folder"), { recursive: true });
  for (let index = 0; index < 8 + random.below(16); index++) {
    const folder = random.pick(["", "Plain", "Plain/Folder"]);
    writeFileSync(join(mount, folder, `file ${index}.bin`), random.mixed(random.size(freeBytes(mount) / 8)));
  }
  for (const feature of plan.features) {
    mkdirSync(join(mount, feature));
    FEATURE_WORK[feature](join(mount, feature), random);
  }
}

function freeBytes(mount: string): number {
  const { bavail, bsize } = statfsSync(mount);
  return bavail * bsize;
}

/** Files that grow in turns, so that each of them lies in many pieces. */
function writeInTurns(folder: string, random: Random): void {
  const turns = Math.min(90, Math.floor(freeBytes(folder) / (4 * 9000 * 3)));
  const files = [0, 1, 2].map((index) => openSync(join(folder, `piece by piece ${index}`), "w"));
  for (let turn = 0; turn < turns; turn++) {
    for (const file of files) writeSync(file, random.noise(1 + random.below(9000)));
  }
  for (const file of files) closeSync(file);
}

function writeCompressed(folder: string, random: Random): void {
  run("setfattr", "-h", "-v", "0x00000810", "-n", "system.ntfs_attrib_be", folder);
  const sizeMax = Math.min(600_000, Math.floor(freeBytes(folder) / 12));
  for (let index = 0; index < 6; index++) {
    const size = random.below(sizeMax);
    const content = random.pick([random.text(size), random.mixed(size), random.noise(size >> 2)]);
    writeFileSync(join(folder, `packed ${index}.log`), content);
  }
  for (const size of [0, 20, 4096, 65_536])
    writeFileSync(join(folder, `exactly ${size}`), random.text(Math.min(size, sizeMax)));
}

function writeSparse(folder: string, random: Random): void {
  for (let index = 0; index < 3; index++) {
    const file = openSync(join(folder, `sparse ${index}`), "w");
    const size = 1 + random.below(6 * MIB);
    ftruncateSync(file, size);
    for (let part = 0; part < random.below(5); part++) {
      const bytes = random.noise(1 + random.below(Math.min(20_000, size, freeBytes(folder) / 40)));
      writeSync(file, bytes, 0, bytes.length, random.below(size - bytes.length + 1));
    }
    closeSync(file);
  }
}

function writeWide(folder: string, random: Random): void {
  const count = Math.min(300 + random.below(2700), Math.floor(freeBytes(folder) / 8192));
  for (let index = 0; index < count; index++) {
    const name = `Package_${random.below(1e9).toString(36)}_for_KB${index}~31bf3856ad364e35~amd64.mum`;
    writeFileSync(join(folder, name), index % 7 === 0 ? random.text(random.below(600)) : "");
  }
}

function writeDeep(folder: string, random: Random): void {
  const levels = Array.from(
    { length: 10 + random.below(50) },
    (_, level) => `${level} ${"d".repeat(random.below(30))}`,
  );
  let path = folder;
  for (const level of levels) {
    path = join(path, level);
    mkdirSync(path);
    if (random.chance(20)) writeFileSync(join(path, "beside"), random.text(random.below(2000)));
  }
  writeFileSync(join(path, "bottom"), "bottom");
}

function writeOddNames(folder: string, random: Random): void {
  for (const name of ODD_NAMES) {
    if (random.chance(70)) writeFileSync(join(folder, name), random.text(random.below(1500)));
  }
  mkdirSync(join(folder, "папка\u{1f5a5}"));
  writeFileSync(join(folder, "папка\u{1f5a5}", "内"), "inside");
}

function writeStreams(folder: string, random: Random): void {
  const room = freeBytes(folder) / 12;
  for (const name of ["Zone.Identifier", "поток", "long stream", "a b"]) {
    const file = join(folder, `file with ${name}`);
    writeFileSync(file, random.text(random.below(3000)));
    writeFileSync(`${file}:${name}`, random.mixed(random.size(room)));
    if (random.chance(50)) writeFileSync(`${file}:second`, random.text(random.below(100)));
  }
  mkdirSync(join(folder, "sub"));
  writeFileSync(`${join(folder, "sub")}:of a folder`, random.text(random.below(3000)));
}

/** Links: hard ones, the Interix ones that ntfs-3g makes itself, and the two kinds that Windows makes. */
function writeLinks(folder: string, random: Random): void {
  mkdirSync(join(folder, "target"));
  writeFileSync(join(folder, "target", "file"), random.text(2000));
  for (const name of ["hard", "target/also hard", "жёсткая"])
    linkSync(join(folder, "target", "file"), join(folder, name));
  symlinkSync("target/file", join(folder, "interix"));
  symlinkSync("нет/такого", join(folder, "interix dangling"));
  mkdirSync(join(folder, "junction"));
  setReparse(join(folder, "junction"), junction("C:\\links\\target"));
  writeFileSync(join(folder, "symbolic"), "");
  setReparse(join(folder, "symbolic"), symbolicLink("target\\file"));
}

function setReparse(path: string, value: Buffer): void {
  run("setfattr", "-h", "-v", `0x${value.toString("hex")}`, "-n", "system.ntfs_reparse_data", path);
}

/** REPARSE_DATA_BUFFER of a mount point (MS-FSCC 2.1.2.5). */
function junction(path: string): Buffer {
  return reparse(0xa000_0003, Buffer.alloc(0), `\\??\\${path}`, path);
}

/** REPARSE_DATA_BUFFER of a relative symbolic link (MS-FSCC 2.1.2.4). */
function symbolicLink(path: string): Buffer {
  return reparse(0xa000_000c, Buffer.from([1, 0, 0, 0]), path, path);
}

function reparse(tag: number, flags: Buffer, target: string, print: string): Buffer {
  const names = Buffer.from(`${target}\0${print}\0`, "utf16le");
  const head = Buffer.alloc(16);
  head.writeUInt32LE(tag, 0);
  head.writeUInt16LE(8 + flags.length + names.length, 4);
  head.writeUInt16LE(target.length * 2, 10);
  head.writeUInt16LE(target.length * 2 + 2, 12);
  head.writeUInt16LE(print.length * 2, 14);
  return Buffer.concat([head, flags, names]);
}

/** Leaves single free clusters behind and a file in them, which so needs an attribute list. */
function writeIntoHoles(folder: string, random: Random): void {
  const clusterSizeBytes = statfsSync(folder).bsize;
  const count = Math.min(400, Math.floor(freeBytes(folder) / (5 * Math.max(4096, clusterSizeBytes))));
  const names = Array.from({ length: count }, (_, index) => join(folder, `filler ${index}`));
  for (const name of names) writeFileSync(name, random.noise(2000));
  for (const [index, name] of names.entries()) if (index % 2 === 0) rmSync(name);
  writeFileSync(join(folder, "in the holes"), random.noise(Math.floor(freeBytes(folder) / 3) % (2 * MIB)));
}

/** What is gone must not be seen; what takes its place has the same records again. */
function writeAndDelete(folder: string, random: Random): void {
  const names = Array.from({ length: 60 }, (_, index) => join(folder, `gone ${index}`));
  for (const name of names) writeFileSync(name, random.text(random.below(900)));
  for (const name of names) if (random.chance(75)) rmSync(name);
  for (let index = 0; index < 20; index++)
    writeFileSync(join(folder, `new ${index}`), random.text(random.below(900)));
}

function writeLarge(folder: string, random: Random): void {
  writeFileSync(join(folder, "large"), random.mixed(Math.min(24 * MIB, Math.floor(freeBytes(folder) / 3))));
  const file = openSync(join(folder, "ends far away"), "w");
  writeSync(file, "end", 70 * MIB);
  closeSync(file);
}
