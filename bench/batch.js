// SPDX-License-Identifier: MIT
// Measures `vmguest audit` of a library side by side with what people use instead, in one run:
//   npm run bench:batch -- [GUESTS] [--count 1000] [--jobs 2] [--peers FOLDER] [--peer-images 24] [--rounds 3]
// GUESTS is a folder of images (samples, if left out); the library is made of copies of them with identities of their
// own, one in a hundred damaged. The peers audit one image a process, as many at once as there are jobs.
import { existsSync, mkdtempSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { changeIdentity, guestsIn, makeLibrary } from "./library.js";
import { CLI, machine, mebibytes, median, PEERS, run, statsOf, table } from "./measure.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: "string", default: "1000" },
    jobs: { type: "string", default: "2" },
    peers: { type: "string", default: PEERS },
    "peer-images": { type: "string", default: "24" },
    rounds: { type: "string", default: "3" },
    folder: { type: "string", default: tmpdir() },
  },
});
const guests = guestsIn(resolve(positionals[0] ?? join(import.meta.dirname, "../samples")));
const folder = mkdtempSync(join(values.folder, "vmguest-bench-batch-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const library = makeLibrary(guests, Number(values.count), folder);
const cache = join(folder, "audits.cache");
const EXPECTED = { expected: [0, 3] };

/** One audit of the whole library; damaged images make the exit code 3. */
function audit(...options) {
  const command = [process.execPath, CLI, "audit", folder, "--format", "ndjson", "--quiet", "--stats"];
  const ran = run([...command, "--jobs", values.jobs, ...options], EXPECTED);
  const lines = ran.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  return { ...ran, stats: statsOf(ran), images: lines.filter(({ type }) => type === "image") };
}

/** Every image is there, and an error is in those that were damaged, and in no other. */
function checkFindings({ images }) {
  const damaged = new Set(library.damaged);
  const wrong = images.filter(({ path, error }) => (error !== null) !== damaged.has(path));
  if (images.length !== library.paths.length || wrong.length > 0)
    throw new Error(`${images.length} images; not as made: ${wrong.map(({ path }) => path).join(", ")}`);
}

const rounds = Number(values.rounds);
const without = [];
const cold = [];
const warm = [];
let last;
for (let round = 0; round <= rounds; round++) {
  rmSync(cache, { force: true });
  for (const [times, options] of [
    [without, []],
    [cold, ["--cache", cache]],
    [warm, ["--cache", cache]],
  ]) {
    last = audit(...options);
    checkFindings(last);
    // The first round only warms up.
    if (round > 0) times.push(last);
  }
}
const seconds = (runs) => median(runs.map((one) => one.seconds));
const perSecond = (total) => (library.paths.length / total).toFixed(1);
const peak = (runs) => mebibytes(Math.max(...runs.map(({ stats }) => stats.peakRssBytes)));
const row = (name, runs) => [
  name,
  seconds(runs).toFixed(3),
  perSecond(seconds(runs)),
  (seconds(without) / seconds(runs)).toFixed(2),
  peak(runs),
  mebibytes(runs[0].stats.bytesRead),
];

const peerRows = [];
const sound = library.paths
  .filter((path) => !library.damaged.includes(path))
  .slice(0, Number(values["peer-images"]));
for (const [name, script] of [
  ["sleuthkit over libvhdi + hivexget, a process an image", "tsk_vhdi.sh"],
  ["qemu-storage-daemon + ntfscat + hivex, a process an image", "qsd_ntfs.sh"],
]) {
  const path = join(values.peers, script);
  if (!existsSync(path)) {
    console.error(`left out, no ${script} in ${values.peers}: ${name}`);
    continue;
  }
  const command = [
    "sh",
    "-c",
    `printf '%s\\n' "$@" | xargs -P ${values.jobs} -n 1 bash ${path} > /dev/null`,
    "sh",
  ];
  const times = [];
  for (let round = 0; round < rounds; round++) times.push(run([...command, ...sound]).seconds);
  const rate = sound.length / median(times);
  const own = library.paths.length / seconds(without);
  peerRows.push([name, sound.length, median(times).toFixed(2), rate.toFixed(1), (own / rate).toFixed(1)]);
}

console.log(
  `${machine()}, ${library.paths.length} images of ${guests.length}, ${values.jobs} jobs, ${rounds} rounds\n`,
);
console.log(
  table(
    ["vmguest audit", "median s", "images/s", "times as fast as without cache", "peak MiB", "MiB read"],
    [row("without a cache", without), row("filling a cache", cold), row("from the cache", warm)],
  ),
);
console.log(`\n${table(["peer", "images", "median s", "images/s", "vmguest is faster by"], peerRows)}`);

changeIdentity(library.paths[0]);
utimesSync(library.paths[0], new Date(), new Date());
const changed = audit("--cache", cache);
console.log(`\none image changed: ${changed.seconds.toFixed(3)} s, ${changed.stats.bytesRead} bytes read`);
