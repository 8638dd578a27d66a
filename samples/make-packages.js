// SPDX-License-Identifier: MIT
// Makes the sample packages beside this file, and the root certificate that vouches for their throw-away signer, with
// the builders of test/lab. They hold no byte of Microsoft's and install nothing.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { rolldown } from "rolldown";

const samples = import.meta.dirname;
const folder = mkdtempSync(join(tmpdir(), "vmguest-samples-"));
try {
  const file = join(folder, "samples.mjs");
  const bundle = await rolldown({ input: join(samples, "../test/lab/samples.ts"), platform: "node" });
  await bundle.write({ file });
  const { buildSamples } = await import(file);
  for (const [name, bytes] of buildSamples()) {
    writeFileSync(join(samples, name), bytes);
    if (!name.endsWith(".pem")) writeFileSync(join(samples, `${name}.br`), brotliCompressSync(bytes));
  }
} finally {
  rmSync(folder, { recursive: true });
}
