// SPDX-License-Identifier: MIT
// Measures how the cost of `vmguest audit` grows with what an image holds, and with the number of images:
//   npm run bench:growth -- [--builder make_guest.py] [--rounds 5] [--folder DIR] [--quick]
// The builder makes guests of third-party tools (it needs root). Each axis is fitted with y = a * x^b; b is printed: 0
// means that the cost stays the same, 1 that it grows as the axis does.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeLibrary } from "./library.js";
import { CLI, exponentOf, machine, mebibytes, median, PEERS, run, statsOf, table } from "./measure.js";

const { values } = parseArgs({
  options: {
    builder: { type: "string", default: join(PEERS, "../make_guest.py") },
    rounds: { type: "string", default: "5" },
    folder: { type: "string", default: tmpdir() },
    quick: { type: "boolean", default: false },
  },
});
if (!existsSync(values.builder)) {
  console.error("usage: npm run bench:growth -- --builder make_guest.py");
  process.exit(2);
}
const folder = mkdtempSync(join(values.folder, "vmguest-bench-growth-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** What is made larger, by what option of the builder, and the steps. */
const AXES = [
  { name: "files", option: "--files", steps: [100, 1000, 10_000, 50_000], base: ["--virtual-size", "8G"] },
  {
    name: "MB of the SOFTWARE hive",
    option: "--hive-mb",
    steps: [5, 10, 20, 40],
    base: ["--virtual-size", "8G"],
  },
  { name: "GiB of virtual size", option: "--virtual-size", unit: "G", steps: [1, 10, 100, 1000], base: [] },
];

/** Numbers of images in one run. */
const IMAGE_COUNTS = [125, 250, 500, 1000];

const audit = (...rest) => [
  process.execPath,
  CLI,
  "audit",
  ...rest,
  "--format",
  "ndjson",
  "--quiet",
  "--stats",
];

/** Reads and bytes of an audit, and its median time. */
function measure(command, expected) {
  const runs = Array.from({ length: Number(values.rounds) + 1 }, () => run(command, { expected })).slice(1);
  const { reads, bytesRead, peakRssBytes } = statsOf(runs[0]);
  return { reads, bytesRead, peakRssBytes, seconds: median(runs.map(({ seconds }) => seconds)) };
}

/** A guest of the builder's; what it says of itself stands beside the image. */
function buildGuest(name, ...options) {
  const path = join(folder, `${name}.vhdx`);
  run(["python3", values.builder, "--os", "ws2012r2", "--no-check", ...options, path]);
  return path;
}

const steps = (list) => (values.quick ? list.slice(0, 2) : list);

console.log(`${machine()}, ${values.rounds} rounds`);
for (const { name, option, unit = "", steps: all, base } of AXES) {
  const points = steps(all).map((step) => {
    const path = buildGuest(`${option.slice(2)}-${step}`, ...base, option, `${step}${unit}`);
    const measured = measure(audit(path), [0]);
    rmSync(path);
    return { step, ...measured };
  });
  printAxis(name, points);
}

const seed = buildGuest("seed", "--virtual-size", "1G", "--files", "100");
const points = steps(IMAGE_COUNTS).map((count) => {
  const library = join(folder, `library-${count}`);
  mkdirSync(library);
  makeLibrary([seed], count, library);
  const measured = measure(audit(library), [0, 3]);
  rmSync(library, { recursive: true });
  return { step: count, ...measured };
});
printAxis("images", points);

function printAxis(name, measured) {
  const rows = measured.map(({ step, reads, bytesRead, seconds, peakRssBytes }) => [
    step,
    reads,
    bytesRead,
    seconds.toFixed(3),
    mebibytes(peakRssBytes),
  ]);
  console.log(`\n${table([name, "reads", "bytes read", "median s", "peak MiB"], rows)}`);
  const exponent = (of) => exponentOf(measured.map((point) => [point.step, of(point)])).toFixed(2);
  console.log(`exponents: bytes ${exponent((p) => p.bytesRead)}, seconds ${exponent((p) => p.seconds)}`);
}
