// SPDX-License-Identifier: MIT
// Unpacks the sample images beside this file: name.vhdx.br becomes name.vhdx.
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";

const folder = import.meta.dirname;
for (const name of readdirSync(folder).filter((file) => file.endsWith(".br"))) {
  const target = join(folder, name.slice(0, -".br".length));
  if (existsSync(target)) continue;
  // Whole or not at all: somebody else may be unpacking as well.
  const part = `${target}.${process.pid}.part`;
  writeFileSync(part, brotliDecompressSync(readFileSync(join(folder, name))));
  renameSync(part, target);
}
