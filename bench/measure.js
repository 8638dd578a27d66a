// SPDX-License-Identifier: MIT
// What the benches share: running commands in turn, medians, and fits.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");

/** The command line under test. */
export const CLI = join(ROOT, "bin/vmguest.js");

/** Where the scripts of the peers are, unless told otherwise: each takes an image and prints fewer facts than an audit. */
export const PEERS = join(ROOT, "../shared/tools/peers");

/** Runs a command to its end; throws where it ends with a code that is not among `expected`. */
export function run([command, ...args], { expected = [0] } = {}) {
  const start = process.hrtime.bigint();
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1 << 30 });
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (!expected.includes(status))
    throw new Error(`${command} ${args.join(" ")} ended with ${status}: ${stderr}`);
  return { seconds, stdout, stderr };
}

/** The line of `--stats`. */
export const statsOf = ({ stderr }) => JSON.parse(stderr.trim().split("\n").at(-1));

export const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

export const mebibytes = (bytes) => (bytes / 2 ** 20).toFixed(1);

/** The machine, as far as it says something about the figures. */
export const machine = () =>
  `node ${process.version}, load ${readFileSync("/proc/loadavg", "utf8").trim().split(" ").slice(0, 3).join(" ")}`;

/** The exponent b of y = a * x^b that fits the points best (least squares of the logarithms): 0 is constant, 1 linear. */
export function exponentOf(points) {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)]);
  const mean = (at) => logs.reduce((sum, point) => sum + point[at], 0) / logs.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  const covariance = logs.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const variance = logs.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return covariance / variance;
}

/** A table in Markdown. */
export function table(header, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}
