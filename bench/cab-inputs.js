// SPDX-License-Identifier: MIT
// Makes the cabinets that bench/cab.js measures with: programs and texts of this host, by MSZIP (gcab) and by LZX (the
// encoder of the tests, for there is no other that makes cabinets and runs everywhere).
import { spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { rolldown } from "rolldown";

const ROOT = join(import.meta.dirname, "..");
/** Half of the bytes from programs, half from texts, which compress better. */
const SOURCES = ["/usr/lib", "/usr/share"];
const FILE_SIZE = { min: 4096, max: 4 << 20 };
/** Already compressed, and so nothing to measure with. */
const PACKED = /\.(gz|xz|zst|bz2|zip|jar|png|jpg|woff2?|cab)$/;

/** Files below `folder` in the order of their names, with links left out. */
function* filesBelow(folder) {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile() && !PACKED.test(entry.name)) yield path;
  }
}

function writePayload(path, sizeBytes) {
  const target = openSync(path, "w");
  let left = sizeBytes;
  for (const [index, source] of SOURCES.entries()) {
    const end = Math.floor((sizeBytes * (SOURCES.length - 1 - index)) / SOURCES.length);
    for (const file of filesBelow(source)) {
      if (left <= end) break;
      const { size } = statSync(file);
      if (size >= FILE_SIZE.min && size <= FILE_SIZE.max)
        left -= writeSync(target, readFileSync(file).subarray(0, left - end));
    }
  }
  closeSync(target);
}

/** The builders of the tests, as a module that Node can load. */
async function loadLab(folder) {
  const entry = join(folder, "lab.ts");
  const from = (name) => JSON.stringify(join(ROOT, "test/lab", name));
  writeFileSync(entry, `export * from ${from("cab.ts")};\nexport * from ${from("lzx.ts")};\n`);
  const bundle = await rolldown({ input: entry, platform: "node", logLevel: "silent" });
  const file = join(folder, "lab.mjs");
  await bundle.write({ file });
  return await import(pathToFileURL(file).href);
}

/** Makes what is not in `folder` yet; gives the paths by name. LZX takes a minute or two. */
export async function makeInputs(folder, sizeBytes) {
  const megabytes = Math.round(sizeBytes / 1e6);
  const payload = join(folder, `payload-${megabytes}.bin`);
  if (!existsSync(payload)) writePayload(payload, sizeBytes);
  const mszip = join(folder, `mszip-${megabytes}.cab`);
  if (!existsSync(mszip)) {
    const { status, stderr } = spawnSync("gcab", ["-c", "-z", "-n", mszip, payload], { encoding: "utf8" });
    if (status !== 0) throw new Error(`gcab ended with ${status}: ${stderr}`);
  }
  const inputs = { [`MSZIP, ${megabytes} MB`]: mszip };
  const kinds = {
    "LZX:15": { windowBits: 15 },
    "LZX:21": { windowBits: 21, kinds: ["aligned", "verbatim"], filterSize: 12_000_000 },
  };
  for (const [name, options] of Object.entries(kinds)) {
    const path = join(folder, `lzx${options.windowBits}-${megabytes}.cab`);
    if (!existsSync(path)) {
      const { buildCabinet, lzx } = await loadLab(folder);
      const members = [{ name: "payload.bin", bytes: readFileSync(payload) }];
      writeFileSync(path, buildCabinet({ folders: [{ members, encoder: lzx(options) }] }));
    }
    inputs[`${name}, ${megabytes} MB`] = path;
  }
  return inputs;
}
