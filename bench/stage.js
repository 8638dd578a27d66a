// SPDX-License-Identifier: MIT
// Measures `vmguest stage` of one image side by side with what people use instead, in turn, in one run:
//   npm run bench:stage -- IMAGE PACKAGE [--host ws2012r2] [--peers FOLDER] [--rounds 5]
// Works on copies of the image. The peer puts the same package and one registry value into it; it proves nothing and has
// no way back. What vmguest needs to prove the result before it writes is printed apart.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { CLI, mebibytes, median, PEERS, run } from "./measure.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    host: { type: "string", default: "ws2012r2" },
    peers: { type: "string", default: PEERS },
    rounds: { type: "string", default: "5" },
    folder: { type: "string", default: tmpdir() },
  },
});
const [image, pack] = positionals.map((path) => resolve(path));
if (image === undefined || pack === undefined || !existsSync(image) || !existsSync(pack)) {
  console.error("usage: npm run bench:stage -- IMAGE PACKAGE [--host ID] [--peers FOLDER] [--rounds N]");
  process.exit(2);
}

const folder = mkdtempSync(join(values.folder, "vmguest-bench-stage-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** A copy that has as little on the disk as the image. */
function copyOf(name) {
  const copy = join(folder, `${name}-${basename(image)}`);
  if (spawnSync("cp", ["--sparse=always", image, copy]).status !== 0) copyFileSync(image, copy);
  return copy;
}

/** One staging and its rollback: seconds of each activity, and what was written. */
function stageOnce(copy) {
  const options = ["--host", values.host, "--not-on-windows-update", "--yes", "--format", "json", "--stats"];
  const { seconds, stdout, stderr } = run([
    process.execPath,
    CLI,
    "stage",
    copy,
    "--package",
    pack,
    ...options,
  ]);
  const { activitiesMs, peakRssBytes } = JSON.parse(stderr.trim().split("\n").at(-1));
  const [{ plan }] = JSON.parse(stdout).images;
  const undoBytes = statSync(`${copy}.vmguest-undo`).size;
  const back = run([process.execPath, CLI, "rollback", copy, "--yes"]);
  const proving = (activitiesMs.verifying ?? 0) / 1000;
  return { seconds, proving, back: back.seconds, peakRssBytes, writes: plan.writes, undoBytes, activitiesMs };
}

const rounds = Number(values.rounds);
const own = copyOf("own");
const peerScript = join(values.peers, "write_qsd.sh");
const peer = existsSync(peerScript) ? copyOf("peer") : undefined;
if (peer === undefined) console.error(`left out, no write_qsd.sh in ${values.peers}`);

const stagings = [];
const peerSeconds = [];
for (let round = 0; round <= rounds; round++) {
  const staging = stageOnce(own);
  const theirs = peer === undefined ? undefined : run(["bash", peerScript, peer, pack]).seconds;
  if (round === 0) continue;
  stagings.push(staging);
  if (theirs !== undefined) peerSeconds.push(theirs);
}

const of = (pick) => median(stagings.map(pick));
const without = of(({ seconds, proving }) => seconds - proving);
console.log(
  `node ${process.version}, ${readFileSync("/proc/loadavg", "utf8").trim()} load, ${rounds} rounds after one warm-up: median seconds\n`,
);
console.log("| command | seconds | times vmguest without the proof |\n| --- | --- | --- |");
const row = (name, seconds) =>
  console.log(`| ${name} | ${seconds.toFixed(3)} | ${(seconds / without).toFixed(2)} |`);
row("vmguest stage, without the proof", without);
row(
  "vmguest stage, the proof alone",
  of(({ proving }) => proving),
);
row(
  "vmguest stage",
  of(({ seconds }) => seconds),
);
row(
  "vmguest rollback",
  of(({ back }) => back),
);
if (peerSeconds.length > 0) row("qemu-storage-daemon + ntfs-3g + hivexregedit", median(peerSeconds));
const [{ writes, undoBytes }] = stagings;
console.log(
  `\nwritten to the image: ${mebibytes(writes.bytes)} MiB in ${writes.steps} steps; the file grows by ${mebibytes(writes.growth)} MiB`,
);
console.log(
  `undo file: ${mebibytes(undoBytes)} MiB; peak memory ${mebibytes(of(({ peakRssBytes }) => peakRssBytes))} MiB`,
);
const last = stagings.at(-1).activitiesMs;
console.log(
  `last run, ms: ${Object.entries(last)
    .map(([name, ms]) => `${name} ${ms.toFixed(0)}`)
    .join(", ")}`,
);
