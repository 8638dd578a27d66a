import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";

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
