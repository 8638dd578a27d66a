// SPDX-License-Identifier: MIT
// The whole picture in one run: one image, a library, growth, cabinets and a staging, each beside its peers.
//   npm run bench:all -- IMAGE GUESTS PACKAGE
// IMAGE is a large image, GUESTS a folder of small ones, PACKAGE a cabinet of integration services for IMAGE.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const [image, guests, pack] = process.argv.slice(2);
if (pack === undefined) {
  console.error("usage: npm run bench:all -- IMAGE GUESTS PACKAGE");
  process.exit(2);
}

const PARTS = [
  ["One image", "audit.js", [image]],
  ["A library", "batch.js", [guests]],
  ["Over HTTP", "remote.js", [image]],
  ["Growth", "growth.js", []],
  ["Cabinets", "cab.js", []],
  ["Staging", "stage.js", [image, pack]],
];

for (const [title, script, args] of PARTS) {
  console.log(`\n## ${title}\n`);
  const command = [join(import.meta.dirname, script), ...args];
  const { status } = spawnSync(process.execPath, command, { stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}
