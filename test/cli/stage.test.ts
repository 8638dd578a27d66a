import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { performChange } from "../../src/cli/verbs/changes/change-request.ts";
import { stageReport } from "../report/plans.ts";
import { changeLab, FakeSignals, fakeStaging, typed, wrongOption } from "./changes.ts";
import { parseReport } from "./packages.ts";
import { type RunOptions, run } from "./run.ts";

const { folder, image, packageOptions } = changeLab();
const { calls, dependencies, layer } = fakeStaging();

/** Runs a command line, and gives with its outcome what it asked the layer below for. */
async function stage(argv: readonly string[], options: RunOptions = {}) {
  const before = calls.length;
  const outcome = await run(["stage", ...argv, ...packageOptions], { dependencies, ...options });
  return { ...outcome, called: calls.slice(before) };
}

const names = (called: readonly { readonly name: string }[]) => called.map(({ name }) => name);

describe("the exit code of a staging", () => {
  test.each([
    { images: ["ready"], code: 0 },
    { images: ["current"], code: 0 },
    { images: ["refused"], code: 4 },
    { images: ["unsafe"], code: 4 },
    { images: ["broken"], code: 3 },
    { images: ["bug"], code: 5 },
    { images: ["broken", "ready", "refused"], code: 4 },
    { images: ["refused", "bug", "ready"], code: 5 },
  ])("is $code for $images, all of which are tried", async ({ images, code }) => {
    const outcome = await stage([...images.map(image), "--yes"]);
    expect(outcome.code).toBe(code);
    expect(outcome.called.map(({ path }) => path)).toEqual(images.map(image));
  });

  test.each([["--yes"], ["--dry-run"]])("has as JSON with %s what its schema says", async (option) => {
    const images = ["ready", "current", "refused", "broken", "unsafe"];
    const { stdout } = await stage([...images.map(image), option, "--format", "json"]);
    const report = parseReport("stage-1", stdout);
    expect(report.images.map((one: { image: string }) => one.image)).toEqual(images.map(image));
    expect(report.images[0].outcome).toBe(option === "--yes" ? "staged" : "ready");
  });
});

describe("before an image is written", () => {
  test("--yes is needed where nobody can be asked", async () => {
    for (const options of [
      {},
      { terminal: 80 },
      { stdin: typed("y") },
      { terminal: 80, stdin: typed("y"), env: { CI: "1" } },
    ]) {
      const { code, stdout, stderr, called } = await stage([image("ready")], options);
      expect({ code, stdout, called }).toEqual({ code: 2, stdout: "", called: [] });
      expect(stderr).toContain("--yes says so beforehand");
    }
  });

  test.each([
    { answer: ["y"], isWritten: true },
    { answer: ["YES "], isWritten: true },
    { answer: ["n"], isWritten: false },
    { answer: [""], isWritten: false },
    { answer: ["yep"], isWritten: false },
    { answer: [], isWritten: false },
  ])("the plan is shown and $answer is an answer", async ({ answer, isWritten }) => {
    const { code, stdout, stderr, called } = await stage([image("ready")], {
      terminal: 100,
      stdin: typed(...answer),
    });
    expect(code).toBe(isWritten ? 0 : 1);
    expect(stderr).toContain("CHANGES, in this order");
    expect(stderr).toContain(`Write to ${image("ready")}? [y/N] `);
    expect(stdout).toContain(isWritten ? "written, read again and compared" : "not written");
    expect(stdout).not.toContain("CHANGES");
    expect(names(called)).toEqual(isWritten ? ["planStaging", "stageImage"] : ["planStaging"]);
  });

  test("each of several images is asked about, but those that are not going to be written", async () => {
    const images = ["ready", "refused", "current", "second"].map(image);
    const { code, stderr, called } = await stage(images, { terminal: 100, stdin: typed("n", "y") });
    expect(stderr.match(/\[y\/N\]/g)).toHaveLength(2);
    expect(called.filter(({ name }) => name === "stageImage").map(({ path }) => path)).toEqual([
      image("second"),
    ]);
    expect(code).toBe(4);
  });

  test("--dry-run only plans, and tells what to type", async () => {
    const { code, stdout, called } = await stage([
      image("ready"),
      "--dry-run",
      "--output",
      join(folder, "new.avhdx"),
    ]);
    expect({ code, called: names(called) }).toEqual({ code: 0, called: ["planStaging"] });
    expect(stdout).toContain(`--output ${join(folder, "new.avhdx")}`);
    expect(stdout.split("\n").at(-2)).not.toContain("--dry-run");
  });
});

describe("what is written", () => {
  test.each([
    { argv: [], target: { kind: "in-place" } },
    { argv: ["--output", "o.avhdx"], target: { kind: "child" } },
    { argv: ["--output", "o.avhd"], target: { kind: "child" } },
    { argv: ["--output", "o.vhdx"], target: { kind: "copy" } },
    { argv: ["--output", "o.vhdx", "--as", "child"], target: { kind: "child" } },
    { argv: ["--output", "o.avhdx", "--as", "copy"], target: { kind: "copy" } },
  ])("goes with $argv to $target", async ({ argv, target }) => {
    const [option, name, ...rest] = argv;
    const output = option === undefined ? [] : [option, join(folder, name ?? ""), ...rest];
    const { called, stdout } = await stage([image("ready"), ...output, "--yes"]);
    expect(called).toMatchObject([{ name: "stageImage", options: { target } }]);
    if (target.kind !== "in-place") expect(stdout).toContain(`delete ${join(folder, name ?? "")}`);
  });

  test("replaces an earlier change and a stale lock only where it is told to", async () => {
    const plain = await stage([image("ready"), "--yes"]);
    expect(plain.called).toMatchObject([{ options: { replaces: false, replaceStaleLock: false } }]);
    const told = await stage([image("ready"), "--yes", "--replace", "--replace-stale-lock"]);
    expect(told.called).toMatchObject([{ options: { replaces: true, replaceStaleLock: true } }]);
  });

  const existing = join(folder, "existing.vhdx");
  writeFileSync(existing, "an image");

  test.each([
    { argv: ["--output", "report.json"], message: "is not named like one" },
    { argv: ["--output", existing], message: "this one exists" },
    { argv: ["--output", join(folder, "o.vhd")], message: "nothing is converted" },
    { argv: ["--as", "copy"], message: "which is not given" },
    { argv: [image("second"), "--output", join(folder, "o.vhdx")], message: "there are several images" },
    { argv: [join(folder, "nowhere.vhdx")], message: "no file or folder" },
  ])("is nothing where $message", async ({ argv, message }) => {
    const { code, stderr, called } = await stage([image("ready"), ...argv, "--yes"]);
    expect({ code, called }).toEqual({ code: 2, called: [] });
    expect(stderr).toContain(message);
  });

  test("is nothing where an option is wrong for every image", async () => {
    const stageImage = () => {
      throw wrongOption("no such volume");
    };
    const startChange: typeof dependencies.startChange = async (request, hooks) =>
      performChange(request, hooks, { ...layer, stageImage });
    const { code, stdout, stderr } = await stage([image("ready"), image("second"), "--yes"], {
      dependencies: { ...dependencies, startChange },
    });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("no such volume");
  });
});

test("a person who watches sees what is going on, and nobody else", async () => {
  const { stderr } = await stage([image("ready"), "--yes"], { terminal: 200 });
  expect(stderr).toContain(`${image("ready")}: writing`);
  expect(stderr.endsWith("\r\x1b[K")).toBe(true);
  expect((await stage([image("ready"), "--yes"])).stderr).toBe("");
});

describe("a signal while an image is written", () => {
  /** Runs a staging that is sent signals while its first image is written, and that ends as told. */
  async function interrupt(outcome: "staged" | "rolled-back", images: readonly string[], signal = "SIGINT") {
    const signals = new FakeSignals();
    const asked: boolean[] = [];
    const startChange: typeof dependencies.startChange = async (request, hooks) => {
      asked.push(hooks.cancelFlag.isCancelled());
      for (let count = 0; count < 3; count++) signals.emit(signal, signal);
      asked.push(hooks.cancelFlag.isCancelled());
      return stageReport({ image: request.path, outcome }) as never;
    };
    const result = await run(["stage", ...images, "--yes", ...packageOptions], {
      dependencies: { ...dependencies, startChange },
      signals,
    });
    const listeners = signals.eventNames().length;
    return { ...result, asked, listeners };
  }

  test.each([
    { signal: "SIGINT", code: 130 },
    { signal: "SIGTERM", code: 143 },
    { signal: "SIGHUP", code: 129 },
  ])("stops it: $signal ends with $code, and says that nothing is left", async ({ signal, code }) => {
    const stopped = await interrupt("rolled-back", [image("ready"), image("second")], signal);
    expect(stopped.code).toBe(code);
    expect(stopped.asked).toEqual([false, true]);
    expect(stopped.stderr).toContain(
      `stopped: nothing of this change is left in ${image("ready")}; 1 more of the images is untouched`,
    );
    expect(stopped.stdout).toContain("all that had been written was taken back");
  });

  test("says that it came too late, and ends before the next image", async () => {
    const last = await interrupt("staged", [image("ready")]);
    expect(last.code).toBe(0);
    expect(last.stderr).toContain("too late to stop");
    const more = await interrupt("staged", [image("ready"), image("second")]);
    expect(more.code).toBe(130);
    expect(more.asked).toHaveLength(2);
  });

  test("is heard again by the process itself once that is done", async () => {
    expect((await interrupt("staged", [image("ready")])).listeners).toBe(0);
  });
});
