// SPDX-License-Identifier: MIT
// Measures how long it takes to unpack all of a cabinet and to compare its checksums, side by side with cabextract and
// 7-Zip, in turn, in one run:
//   npm run bench:cab -- [CABINET ...] [--megabytes 124] [--rounds 7] [--folder FOLDER]
// Cabinets that are named (real packages) are measured besides those that are made in FOLDER, which are made only once.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { makeInputs } from "./cab-inputs.js";
import { median } from "./measure.js";

const CLI = join(import.meta.dirname, "../bin/vmguest.js");

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    megabytes: { type: "string", default: "124" },
    rounds: { type: "string", default: "7" },
    folder: { type: "string", default: join(tmpdir(), "vmguest-bench-cab") },
  },
});
const rounds = Number(values.rounds);
mkdirSync(values.folder, { recursive: true });
const made = await makeInputs(values.folder, Number(values.megabytes) * 1e6);
const given = Object.fromEntries(positionals.map((path) => [basename(path), resolve(path)]));

const commandsFor = (path) => ({
  vmguest: [process.execPath, CLI, "package", "verify", "--integrity-only", path],
  cabextract: ["cabextract", "-q", "-t", path],
  "7z": ["7z", "t", path],
});

/** Seconds of a whole process. */
function measure([command, ...args]) {
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1 << 28 });
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}: ${stderr}`);
  return seconds;
}

console.log(
  `node ${process.version}, ${readFileSync("/proc/loadavg", "utf8").trim()} load, ${rounds} rounds after one warm-up: ` +
    "median seconds\n",
);
console.log("| cabinet | vmguest | cabextract -t | times vmguest | 7z t | times vmguest |");
console.log("| --- | --- | --- | --- | --- | --- |");
for (const [name, path] of Object.entries({ ...made, ...given })) {
  const commands = commandsFor(path);
  const seconds = Object.fromEntries(Object.keys(commands).map((tool) => [tool, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const [tool, command] of Object.entries(commands)) {
      const one = measure(command);
      if (round > 0) seconds[tool].push(one);
    }
  }
  const own = median(seconds.vmguest);
  const columns = ["cabextract", "7z"].flatMap((tool) => {
    const other = median(seconds[tool]);
    return [other.toFixed(3), (other / own).toFixed(2)];
  });
  console.log(`| ${[name, own.toFixed(3), ...columns].join(" | ")} |`);
}
