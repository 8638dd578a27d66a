// SPDX-License-Identifier: MIT
// Measures `vmguest audit` of one image side by side with what people use instead, in turn, in one run:
//   npm run bench -- IMAGE [--peers FOLDER] [--rounds 7]
// FOLDER holds the peers' scripts (each takes the image and prints fewer facts than the audit). Prints medians and
// ratios, the bytes read from the image as vmguest and as strace count them, and what a further image costs.
import { spawnSync } from "node:child_process";
import { existsSync, linkSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { CLI, mebibytes, median, PEERS, run, statsOf } from "./measure.js";

const FURTHER_IMAGES = 100;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    peers: { type: "string", default: PEERS },
    rounds: { type: "string", default: "7" },
  },
});
const [image] = positionals;
if (image === undefined || !existsSync(image)) {
  console.error("usage: npm run bench -- IMAGE [--peers FOLDER] [--rounds N]");
  process.exit(2);
}

const audit = (...images) => [process.execPath, CLI, "audit", ...images, "--format", "json", "--stats"];
const peer = (script) => ["bash", join(values.peers, script), resolve(image)];

/** Runs all commands in turn, `rounds` times after one warm-up, and gives each one's median of seconds. */
function compare(commands, rounds) {
  const times = new Map(Object.keys(commands).map((name) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const [name, command] of Object.entries(commands)) {
      const { seconds } = run(command);
      if (round > 0) times.get(name).push(seconds);
    }
  }
  return new Map([...times].map(([name, seconds]) => [name, median(seconds)]));
}

/** Bytes and calls that reached the image, as the kernel saw them. */
function traceReads() {
  const folder = mkdtempSync(join(tmpdir(), "vmguest-bench-"));
  try {
    const log = join(folder, "trace");
    const trace = ["-f", "-qq", "-e", "trace=read,pread64,readv,preadv", "-P", resolve(image), "-o", log];
    if (spawnSync("strace", [...trace, ...audit(image)]).status !== 0) return undefined;
    const counts = [...readFileSync(log, "utf8").matchAll(/ = (\d+)$/gm)].map(([, count]) => Number(count));
    return { reads: counts.length, bytes: counts.reduce((sum, count) => sum + count, 0) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function furtherImageMs(rounds) {
  const folder = mkdtempSync(join(dirname(resolve(image)), ".bench-"));
  try {
    const links = Array.from({ length: FURTHER_IMAGES + 1 }, (_, index) => join(folder, `${index}.vhdx`));
    for (const link of links) linkSync(image, link);
    const times = compare({ one: audit(links[0]), all: audit(...links) }, rounds);
    return ((times.get("all") - times.get("one")) / FURTHER_IMAGES) * 1000;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const rounds = Number(values.rounds);
const stats = statsOf(run(audit(image)));
const commands = { "vmguest audit": audit(image), "node, doing nothing": [process.execPath, "-e", "0"] };
for (const [name, script] of [
  ["qemu-storage-daemon + ntfscat + hivex", "qsd_ntfs.sh"],
  ["sleuthkit over libvhdi + hivexget", "tsk_vhdi.sh"],
]) {
  if (existsSync(join(values.peers, script))) commands[name] = peer(script);
  else console.error(`left out, no ${script} in ${values.peers}: ${name}`);
}
const times = compare(commands, rounds);
const own = times.get("vmguest audit");
console.log(
  `node ${process.version}, ${readFileSync("/proc/loadavg", "utf8").trim()} load, ${rounds} rounds\n`,
);
console.log("| command | median s | times vmguest |\n| --- | --- | --- |");
for (const [name, seconds] of times)
  console.log(`| ${name} | ${seconds.toFixed(3)} | ${(seconds / own).toFixed(2)} |`);
console.log(`\nread from the image: ${stats.bytesRead} bytes in ${stats.reads} reads (--stats)`);
const traced = traceReads();
console.log(
  traced === undefined ? "strace: not available" : `strace: ${traced.bytes} bytes in ${traced.reads} reads`,
);
console.log(`peak memory: ${mebibytes(stats.peakRssBytes)} MiB`);
console.log(`each further image in the same process: ${furtherImageMs(rounds).toFixed(1)} ms`);
