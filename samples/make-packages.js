// SPDX-License-Identifier: MIT
// Makes the sample packages beside this file, and the root certificate that vouches for their throw-away signer, with
// the builders of test/lab. They hold no byte of Microsoft's and install nothing.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { rolldown } from "rolldown";

const folder = import.meta.dirname;
const bundle = await rolldown({ input: join(folder, "../test/lab/samples.ts"), platform: "node" });
const { output } = await bundle.generate({ format: "esm" });
const { buildSamples } = await import(`data:text/javascript,${encodeURIComponent(output[0].code)}`);
for (const [name, bytes] of buildSamples()) {
  writeFileSync(join(folder, name), bytes);
  if (!name.endsWith(".pem")) writeFileSync(join(folder, `${name}.br`), brotliCompressSync(bytes));
}
