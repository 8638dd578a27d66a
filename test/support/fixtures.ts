import { createReadStream, createWriteStream, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { brotliDecompressSync, createGunzip, gunzipSync } from "node:zlib";

/** Folder of real images, volumes and hives that nobody of this project made. */
export const FIXTURES =
  process.env["VMGUEST_FIXTURES"] ?? join(import.meta.dirname, "../../../shared/fixtures");

/** The bytes of a fixture, unpacked: `vhdx/name.vhdx` finds `name.vhdx`, `name.vhdx.gz` or `name.vhdx.br`. */
export function readFixture(name: string): Buffer {
  const path = join(FIXTURES, name);
  if (existsSync(path)) return readFileSync(path);
  if (existsSync(`${path}.gz`)) return gunzipSync(readFileSync(`${path}.gz`));
  if (existsSync(`${path}.br`)) return brotliDecompressSync(readFileSync(`${path}.br`));
  throw new Error(`no fixture ${name} in ${FIXTURES}; set VMGUEST_FIXTURES to the folder that holds them`);
}

/** Names of the fixtures in a folder that are one file each, packed or not, without `.gz` and `.br`. */
export function fixturesIn(folder: string): string[] {
  return readdirSync(join(FIXTURES, folder), { withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.(zip|tgz|tar\.gz)$/.test(entry.name))
    .map(({ name }) => `${folder}/${name.replace(/\.(gz|br)$/, "")}`)
    .sort();
}

/** Writes a fixture, unpacked, to `target` without holding it in memory: some have hundreds of megabytes. */
export async function unpackFixture(name: string, target: string): Promise<void> {
  const path = join(FIXTURES, name);
  if (existsSync(`${path}.gz`))
    await pipeline(createReadStream(`${path}.gz`), createGunzip(), createWriteStream(target));
  else await pipeline(createReadStream(path), createWriteStream(target));
}
