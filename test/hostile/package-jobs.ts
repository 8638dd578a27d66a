import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { type Outcome, run } from "../cli/run.ts";
import { CONTAINERS, layGpt, windowsVolume } from "../lab/guest-image.ts";
import { buildIcPackage, FEW_COMPONENTS } from "../lab/ic-package.ts";
import { pemOf, THROW_AWAY } from "../lab/signing/index.ts";
import { ownFolder } from "../support/own-folder.ts";

/** What a terminal obeys, or what hides or reorders its neighbours; line feeds are the tool's own. */
const OBEYED = /[^\P{Cc}\n]|[\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** What no command may take beyond what its process has already, whatever it reads. */
const MEMORY_MAX_BYTES = 384 * 2 ** 20;

/** Writes a file beside those of all jobs of a test file, and gives its path. */
export function write(name: string, content: Uint8Array | string): string {
  const path = join(ownFolder(), name);
  writeFileSync(path, content);
  return path;
}

/** The path of the certificate that the lab's packages are to be trusted by. */
export const rootFile = () => write("root.pem", pemOf(THROW_AWAY.root.certificate));

/** What a package has that need not have much: one driver. */
export const ONE_COMPONENT = FEW_COMPONENTS.filter(({ name }) => name === "wstorvsc.inf");

const good = buildIcPackage({ components: ONE_COMPONENT });
/** The path of a package that nothing is wrong with, which must not suffer from its neighbours. */
export const goodFile = () => write("good.cab", good);

/** The commands that read packages, each over a hostile file and, where it takes several, {@link goodFile}. */
const JOBS = {
  list: (path: string) => ["list", path, goodFile()],
  show: (path: string) => ["show", path, goodFile(), "--trust-root", rootFile()],
  verify: (path: string) => ["verify", path, goodFile(), "--trust-root", rootFile()],
  unpack: (path: string) => ["verify", path, goodFile(), "--integrity-only"],
} as const;
type Job = keyof typeof JOBS;

/** The exit code and, behind it, every code that the report has, sorted: `3 CAB_BLOCK CAB_HEADER`. */
export type JobOutcome = string;

/**
 * What the commands make of a file, in the words of {@link JobOutcome}. On the way it is shown of each that the sound
 * package beside the file is reported as it is alone, that nothing is obeyed by a terminal, and that memory is bounded.
 */
export async function outcomesOf<Name extends Job>(
  content: Uint8Array,
  jobs: readonly Name[],
): Promise<Record<Name, JobOutcome>> {
  const path = write("hostile.cab", content);
  const outcomes: Partial<Record<Name, JobOutcome>> = {};
  for (const job of jobs) {
    const { report, outcome } = await runJob(JOBS[job](path));
    expect(aboutGood(report), `package ${job} of the sound one`).toEqual(await soundReport(job));
    outcomes[job] = outcome;
  }
  return outcomes as Record<Name, JobOutcome>;
}

/** What a command of `vmguest package` reports as JSON, and how it ended. */
export async function runJob(words: readonly string[]): Promise<{ report: unknown; outcome: JobOutcome }> {
  const ended = await runHarmless(["package", ...words, "--format", "json"]);
  const report: unknown = ended.stdout === "" ? null : JSON.parse(ended.stdout);
  return { report, outcome: [ended.code, ...codesIn(ended)].join(" ") };
}

/** Runs the tool, which must show nothing that a terminal obeys, make no mistake of ours, and take little memory. */
export async function runHarmless(words: readonly string[]): Promise<Outcome> {
  forgetPeakOfMemory();
  const before = process.memoryUsage.rss();
  const ended = await run(words);
  expect(process.resourceUsage().maxRSS * 1024 - before).toBeLessThan(MEMORY_MAX_BYTES);
  expect(ended.code, ended.stderr).not.toBe(5);
  expect((ended.stdout + ended.stderr).match(OBEYED) ?? []).toEqual([]);
  return ended;
}

/** Lets Linux measure the peak of memory from here on. Elsewhere it is that of all tests in the process so far. */
function forgetPeakOfMemory(): void {
  if (process.platform === "linux") writeFileSync("/proc/self/clear_refs", "5");
}

/** All codes of a report, wherever in it they stand, and of what was printed beside it; each once. */
function codesIn({ stdout, stderr }: Outcome): string[] {
  const reported = stdout.matchAll(/"code": ?"([A-Z0-9_]+)"/g);
  const printed = stderr.matchAll(/\[([A-Z0-9]+(?:_[A-Z0-9]+)+)\]/g);
  return [...new Set([...reported, ...printed].map(([, code]) => code ?? ""))].sort();
}

interface Report {
  readonly packages: readonly { readonly path: string }[];
}

const aboutGood = (report: unknown) => {
  const path = goodFile();
  return (report as Report).packages.filter((reported) => reported.path === path);
};

/** By the words of the job. */
const soundReports = new Map<string, Promise<unknown>>();

/** What a job says of the sound package alone; each test file asks it once. */
function soundReport(job: Job): Promise<unknown> {
  const words = JOBS[job](goodFile()).toSpliced(2, 1);
  const key = words.join(" ");
  const known = soundReports.get(key) ?? runJob(words).then(({ report }) => aboutGood(report));
  soundReports.set(key, known);
  return known;
}

/** What `package extract` made of a file: how it ended, and what is in the folder. */
export interface Extracted {
  readonly outcome: JobOutcome;
  /** Files by their path in the folder, with what is in them. */
  readonly files: Readonly<Record<string, string>>;
}

/** Extracts into a folder of its own; `prepare` may fill that before. Nothing may appear beside it. */
export async function extract(
  content: Uint8Array,
  words: readonly string[] = [],
  prepare: (target: string, outside: string) => void = () => undefined,
): Promise<Extracted> {
  const place = mkdtempSync(join(ownFolder(), "extract-"));
  const [target, outside, path] = [
    join(place, "deep/out"),
    join(place, "outside"),
    join(place, "hostile.cab"),
  ];
  for (const made of [target, outside]) mkdirSync(made, { recursive: true });
  writeFileSync(path, content);
  prepare(target, outside);
  const before = filesBelow(place, target);
  const { outcome } = await runJob(["extract", path, target, ...words]);
  expect(filesBelow(place, target)).toEqual(before);
  const files = filesBelow(target);
  rmSync(place, { recursive: true });
  return { outcome, files };
}

/** Paths and contents of files below a folder, but for what is below another. */
function filesBelow(root: string, except = ""): Record<string, string> {
  const names = readdirSync(root, { recursive: true, encoding: "utf8" });
  const files = names.filter((name) => {
    const path = join(root, name);
    return !(except !== "" && path.startsWith(except)) && lstatSync(path).isFile();
  });
  return Object.fromEntries(files.sort().map((name) => [name, readFileSync(join(root, name), "latin1")]));
}

/** An image of a Windows 7 that needs the sound package, for audits. */
export const guestImage = (files: Readonly<Record<string, Uint8Array>> = {}) =>
  write("guest.vhdx", CONTAINERS.vhdx(layGpt([windowsVolume({ release: "win7", files })])));
