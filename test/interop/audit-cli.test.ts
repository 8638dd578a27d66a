import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GATE_CONDITIONS } from "../../src/audit/index.ts";
import { IMAGES } from "./audit-cli/images.ts";
import { buildCommand } from "./built-command.ts";

// The built command on images in files: what it ends with, and how it goes on and stops over many of them.

const _ROOT = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "vmguest-audit-cli-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let launcher = "";
const KINDS = join(folder, "kinds");
const LIBRARY = join(folder, "library");

const NAMES = Object.keys(IMAGES);
const READABLE = NAMES.filter((name) => IMAGES[name]?.code === 0);
const at = (name: string) => join(KINDS, `${name}.vhdx`);

/** Enough that a run over them can be interrupted: the same few images under many names. */
const LIBRARY_SIZE = 80;

/** An image that was changed a moment ago is not kept in a cache: another change might leave no trace. */
const SETTLING_MS = 3500;
let settledMs = 0;

/** The report over all of it, as JSON. */
let whole = "";

beforeAll(() => {
  launcher = buildCommand(folder);
  mkdirSync(KINDS);
  for (const name of NAMES) writeFileSync(at(name), IMAGES[name]?.bytes() ?? "");
  mkdirSync(at("no-file"));
  mkdirSync(LIBRARY);
  for (let index = 0; index < LIBRARY_SIZE; index++)
    linkSync(at(index % 2 === 0 ? "current" : "outdated"), join(LIBRARY, `vm${1000 + index}.vhdx`));
  settledMs = performance.now() + SETTLING_MS;
  whole = audit([LIBRARY, "--format", "json"]).stdout;
});

interface RunOptions {
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
}

function audit(argv: readonly string[], { input, env }: RunOptions = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, "audit", ...argv], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    env: { ...process.env, ...env },
    ...(input !== undefined && { input }),
  });
  return { code: status, stdout, stderr };
}

describe("the exit code", () => {
  test.each(NAMES)("of the image %j is its own where nothing is forbidden", (name) => {
    expect(audit([at(name)]).code).toBe(IMAGES[name]?.code);
  });

  test.each(GATE_CONDITIONS)(
    "is 1 with --fail-on %s where one image meets it, 0 where none does",
    (condition) => {
      const meeting = READABLE.filter((name) => IMAGES[name]?.meets.includes(condition));
      const others = READABLE.filter((name) => !meeting.includes(name));
      expect(meeting.length).toBeGreaterThan(0);
      const [first = ""] = meeting;
      const failed = audit([...others, first].map(at).concat("--fail-on", condition));
      expect(failed.code).toBe(1);
      expect(failed.stderr).toBe(`vmguest: found what --fail-on forbids: ${condition}\n`);
      expect(audit([...others.map(at), "--fail-on", condition])).toMatchObject({ code: 0, stderr: "" });
    },
  );

  test("is 1 with all of them together, which names each", () => {
    const { code, stderr } = audit([...READABLE.map(at), "--fail-on", GATE_CONDITIONS.join(",")]);
    expect(code).toBe(1);
    expect(stderr).toBe(`vmguest: found what --fail-on forbids: ${GATE_CONDITIONS.join(", ")}\n`);
  });

  test.each([
    { what: "images that are unreadable and outdated", names: ["broken", "outdated"], code: 3 },
    {
      what: "images that are refused, unreadable and outdated",
      names: ["unsafe", "broken", "outdated"],
      code: 4,
    },
  ])("of $what is the gravest: $code", ({ names, code }) => {
    expect(audit([...names.map(at), "--fail-on", "outdated"]).code).toBe(code);
  });

  test.each([
    {
      what: "a path that is not there beside one that is unsafe",
      argv: [at("unsafe"), at("absent")],
      says: "PATH_NOT_FOUND",
    },
    { what: "no image at all", argv: [], says: "name images, folders or patterns" },
    { what: "a folder without images", argv: ["nothing"], says: "the folder holds no disk image" },
    { what: "patterns that leave nothing", argv: [KINDS, "--include", "nothing*"], says: "PATH_NOT_FOUND" },
    {
      what: "a gate that is misspelt",
      argv: [at("current"), "--fail-on", "outdatet"],
      says: "--fail-on takes",
    },
    {
      what: "a policy that is misspelt",
      argv: [at("current"), "--policy", "wrong.json"],
      says: "POLICY_INVALID",
    },
    { what: "no jobs", argv: [at("current"), "--jobs", "0"], says: "jobs" },
    { what: "a shard that is none", argv: [at("current"), "--shard", "0/2"], says: "shard" },
  ])("is 2 for $what", ({ argv, says }) => {
    mkdirSync(join(folder, "nothing"), { recursive: true });
    writeFileSync(join(folder, "wrong.json"), '{"schema":"vmguest.policy/1","failon":["outdated"]}');
    const full = argv.map((word) => (["nothing", "wrong.json"].includes(word) ? join(folder, word) : word));
    const { code, stdout, stderr } = audit(full);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(says);
  });

  test("is what a policy file makes it, and the reason names the rule", () => {
    const path = join(folder, "policy.json");
    const rules = [
      { guest: ["nt6.3"], host: ["2012r2"], version: "6.3.9600.18692" },
      { version: "6.3.9600.16384" },
    ];
    const policy = {
      schema: "vmguest.policy/1",
      host: "ws2012r2",
      failOn: ["outdated"],
      minimumVersions: rules,
    };
    writeFileSync(path, JSON.stringify(policy));
    const failed = audit([at("outdated"), "--policy", path, "--format", "json"]);
    expect(failed.code).toBe(1);
    const [{ guests }] = JSON.parse(failed.stdout).images;
    expect(guests[0].verdict.reasons[0]).toMatch(
      /is older than 6\.3\.9600\.18692, which the policy asks for of nt6\.3 guests on hosts of 2012r2$/,
    );
    expect(audit([at("outdated"), "--policy", path, "--host", "ws2019"]).code).toBe(0);
    expect(audit([at("outdated"), "--policy", path, "--fail-on", "none"]).code).toBe(0);
    expect(audit([at("outdated"), "--policy", path, "--min-version", "6.3.9600.16384"]).code).toBe(0);
  });
});

describe("a library", () => {
  test("gives the same report whatever the jobs, the list, the format it passed through and the cache", () => {
    expect(JSON.parse(whole).summary.images).toBe(LIBRARY_SIZE);
    expect(audit([LIBRARY, "--format", "json", "--jobs", "1"]).stdout).toBe(whole);

    const found = execFileSync("find", [LIBRARY, "-name", "*.vhdx", "-print0"], { encoding: "utf8" });
    const input = found.split("\0").sort().join("\0");
    const listed = audit(["--files-from", "-", "--null", "--format", "json"], { input });
    expect(listed.stdout).toBe(whole);

    const lines = audit([LIBRARY, "--format", "ndjson"])
      .stdout.trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const images = lines.slice(1, -1).map(({ type: _, ...rest }) => rest);
    expect(images).toEqual(JSON.parse(whole).images);
    expect(lines.at(-1)).toEqual({ type: "summary", ...JSON.parse(whole).summary });
  });

  test("of which shards are audited gives each image to one of them, with its place in the whole", () => {
    const shards = [1, 2, 3].map((index) =>
      JSON.parse(audit([LIBRARY, "--shard", `${index}/3`, "--format", "json"]).stdout),
    );
    const positions = shards.flatMap(({ shard }) => shard.positions).sort((a, b) => a - b);
    expect(positions).toEqual(Array.from({ length: LIBRARY_SIZE }, (_, index) => index));
    for (const [index, { shard, images }] of shards.entries()) {
      expect(shard).toMatchObject({ index, count: 3, total: LIBRARY_SIZE });
      expect(images).toHaveLength(shard.positions.length);
    }
    const env = { JOB_COMPLETION_INDEX: "1" };
    const second = audit([LIBRARY, "--shard", "auto/3", "--format", "ndjson"], { env }).stdout.split("\n");
    expect(JSON.parse(second[1] ?? "")).toMatchObject({
      type: "image",
      position: shards[1].shard.positions[0],
    });
  });

  test("has its reads added up over all threads", () => {
    const stats = (...argv: readonly string[]) => JSON.parse(audit([...argv, "--stats"]).stderr);
    const one = stats(at("current"));
    const all = stats(LIBRARY, "--include", "vm100*");
    expect(all.images).toBe(10);
    expect(all.bytesRead).toBeGreaterThan(10 * one.bytesRead * 0.9);
    expect(all.reads).toBeGreaterThanOrEqual(10 * one.reads);
  });
});

/** The command over the library, to be stopped once it has written or told something. */
function start(argv: readonly string[]): ChildProcess {
  const all = [launcher, "audit", LIBRARY, "--limit-seconds", "0", ...argv];
  return spawn(process.execPath, all, { stdio: ["ignore", "pipe", "pipe"] });
}

async function endOf(child: ChildProcess) {
  let stderr = "";
  child.stderr?.on("data", (chunk) => {
    stderr += chunk;
  });
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.once("close", (...how) => resolve(how));
  });
  return { code, signal, stderr };
}

describe("a run over a library", () => {
  test.each([
    { signal: "SIGINT", code: 130 },
    { signal: "SIGTERM", code: 143 },
  ] as const)(
    "ends at once with $code when $signal comes, and the cache goes on from there",
    async ({ signal, code }) => {
      await delay(Math.max(0, settledMs - performance.now()));
      const cache = join(folder, `${signal}.cache`);
      const report = join(folder, `${signal}.ndjson`);
      const child = start(["--output", report, "--cache", cache, "--events", "--jobs", "2"]);
      let count = 0;
      child.stderr?.on("data", (chunk) => {
        const before = count;
        count += String(chunk).split('"event":"image-end"').length - 1;
        if (before < 10 && count >= 10) child.kill(signal);
      });
      const end = await endOf(child);
      expect(end).toMatchObject({ code, signal: null });
      const stopped = JSON.parse(end.stderr.trim().split("\n").at(-1) ?? "");
      expect(stopped).toMatchObject({ event: "stopped", signal, total: LIBRARY_SIZE });
      expect(stopped.done).toBeGreaterThanOrEqual(10);
      expect(stopped.done).toBeLessThan(LIBRARY_SIZE);
      const lines = readFileSync(report, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).type);
      expect(lines[0]).toBe("header");
      expect(lines).not.toContain("summary");

      const again = audit([LIBRARY, "--format", "json", "--cache", cache, "--events"]);
      const last = again.stderr
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line))
        .at(-1);
      expect(last).toMatchObject({ event: "end", images: LIBRARY_SIZE });
      expect(last.fromCache).toBeGreaterThanOrEqual(10);
      expect(again.stdout).toBe(whole);
    },
  );

  test("writes no report when it is stopped before its end, and leaves none behind", async () => {
    const report = join(folder, "stopped.json");
    const child = start(["--output", report, "--events"]);
    child.stderr?.once("data", () => child.kill("SIGINT"));
    expect((await endOf(child)).code).toBe(130);
    expect(existsSync(report)).toBe(false);
  });

  test("ends when its reader leaves, before all images are audited", async () => {
    const child = start(["--format", "ndjson", "--events"]);
    child.stdout?.once("data", () => child.stdout?.destroy());
    const { code, stderr } = await endOf(child);
    expect(code).toBe(141);
    expect(stderr).not.toContain("EPIPE");
    expect(stderr.split('"event":"image-end"').length).toBeLessThan(LIBRARY_SIZE);
  });

  test("shows a bar on a terminal that is gone at the end", () => {
    const terminal = join(import.meta.dirname, "terminal.py");
    const report = join(folder, "watched.json");
    const argv = [process.execPath, launcher, "audit", LIBRARY, "--output", report];
    const { stdout, status } = spawnSync("python3", [terminal, "never", "", ...argv], { encoding: "utf8" });
    expect(status).toBe(0);
    const pictures = stdout.split("\r\u001b[K");
    expect(pictures.at(-1)).toBe("");
    expect(pictures[1]).toMatch(/^\[[#-]+\] +\d+\/80/);
    expect(pictures.at(-2)).toMatch(/outdated$/);
  });
});

test("an image at a URL is read by ranges, with the headers of a file, which nobody else sees", async () => {
  const bytes = readFileSync(at("outdated"));
  const asked: (string | undefined)[] = [];
  const server = createServer(({ headers }, response) => {
    asked.push(headers.authorization);
    const [, first = "0", last = ""] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? "") ?? [];
    const end = Math.min(last === "" ? bytes.length - 1 : Number(last), bytes.length - 1);
    response.writeHead(206, { "content-range": `bytes ${first}-${end}/${bytes.length}`, etag: '"one"' });
    response.end(bytes.subarray(Number(first), end + 1));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const headers = join(folder, "headers");
  writeFileSync(headers, "Authorization: Bearer secret\n");
  const url = `http://127.0.0.1:${port}/outdated.vhdx?signature=hidden`;
  const child = spawn(process.execPath, [
    launcher,
    "audit",
    url,
    "--header-file",
    headers,
    "--format",
    "json",
    "--stats",
  ]);
  let stdout = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  const { code, stderr } = await endOf(child);
  server.close();
  expect(code).toBe(0);
  expect(JSON.parse(stdout).images[0].guests[0].verdict.status).toBe("outdated");
  expect(stdout + stderr).not.toMatch(/secret|hidden/);
  expect(new Set(asked)).toEqual(new Set(["Bearer secret"]));
  expect(JSON.parse(stderr).bytesRead).toBeLessThan(bytes.length);
});

test("the audit of one image loads no part that many images need, and starts no thread", () => {
  const log = join(folder, "trace");
  const command = [process.execPath, launcher, "audit", at("current")];
  const argv = ["-f", "-qq", "-e", "trace=openat,clone,clone3", "-o", log, ...command];
  expect(spawnSync("strace", argv, { encoding: "utf8" }).status).toBe(0);
  const calls = readFileSync(log, "utf8").split("\n");
  expect(calls.filter((call) => call.includes("/node_modules/") && !call.includes("ENOENT"))).toEqual([]);
  const threads = (...words: readonly string[]) => {
    const counted = ["-f", "-qq", "-e", "trace=clone,clone3", "-o", log, process.execPath, launcher];
    expect(spawnSync("strace", [...counted, ...words]).status).toBe(0);
    return readFileSync(log, "utf8")
      .split("\n")
      .filter((call) => / = \d+$/.test(call)).length;
  };
  expect(threads("audit", at("current"))).toBe(threads("table"));
});
