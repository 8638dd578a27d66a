import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { performChange } from "../../src/cli/verbs/changes/change-request.ts";
import { rollbackReport } from "../report/plans.ts";
import { changeLab, fakeStaging, typed } from "./changes.ts";
import { parseReport } from "./packages.ts";
import { type RunOptions, run } from "./run.ts";

const { folder, image } = changeLab();
const { calls, dependencies, layer } = fakeStaging();

// No undo file, but something is there: it is told about before anybody is asked.
writeFileSync(`${image("ready")}.vmguest-undo`, "no undo file");

async function rollback(argv: readonly string[], options: RunOptions = {}) {
  const before = calls.length;
  const outcome = await run(["rollback", ...argv], { dependencies, ...options });
  return { ...outcome, called: calls.slice(before) };
}

describe("vmguest rollback", () => {
  test.each([
    { argv: [], way: "take-back" },
    { argv: ["--finish"], way: "finish" },
    { argv: ["--discard"], way: "discard" },
  ])("with $argv is a request to $way", async ({ argv, way }) => {
    const { code, called } = await rollback([image("ready"), ...argv, "--yes"]);
    expect(code).toBe(0);
    expect(called).toMatchObject([
      { name: "rollbackImage", path: image("ready"), options: { way, replaceStaleLock: false } },
    ]);
  });

  test("has as JSON what its schema says", async () => {
    const { stdout } = await rollback([image("ready"), "--yes", "--format", "json"]);
    expect(parseReport("rollback-1", stdout)).toMatchObject({ outcome: "rolled-back", bytes: 12_288 });
  });

  test("asks before it begins, with what it is about", async () => {
    const yes = await rollback([image("ready")], { terminal: 100, stdin: typed("y") });
    expect(yes.stderr).toContain("there is an undo file that cannot be used");
    expect(yes.stderr).toContain(`Take this change of ${image("ready")} back? [y/N]`);
    expect({ code: yes.code, calls: yes.called.length }).toEqual({ code: 0, calls: 1 });
    const no = await rollback([image("ready"), "--discard"], { terminal: 100, stdin: typed("n") });
    expect(no.stderr).toContain("for good");
    expect(no).toMatchObject({ code: 1, stdout: "", called: [] });
  });

  test("asks nothing where there is nothing to take back", async () => {
    const { stderr, called } = await rollback([image("second")], { terminal: 100, stdin: typed() });
    expect(stderr).not.toContain("[y/N]");
    expect(called).toHaveLength(1);
  });

  test.each([
    { kind: "unsafe", code: 4 },
    { kind: "corrupt", code: 3 },
    { kind: "io", code: 3 },
  ] as const)("ends with $code where it fails with an error that is $kind", async ({ kind, code }) => {
    const error = { code: "UNDO_IMAGE_CHANGED", kind, message: "a message", where: "w", hint: null };
    const rollbackImage = () => rollbackReport({ outcome: "failed", error });
    const startChange: typeof dependencies.startChange = async (request, hooks) =>
      performChange(request, hooks, { ...layer, rollbackImage });
    const outcome = await rollback([image("ready"), "--yes"], {
      dependencies: { ...dependencies, startChange },
    });
    expect(outcome.code).toBe(code);
    expect(outcome.stderr).toContain("[UNDO_IMAGE_CHANGED]");
  });

  test.each([
    { argv: [image("ready")], message: "--yes says so beforehand" },
    { argv: [image("ready"), "--finish", "--discard", "--yes"], message: "do not go together" },
    { argv: [join(folder, "nowhere.vhdx"), "--yes"], message: "no file or folder" },
  ])("is wrong usage where $message", async ({ argv, message }) => {
    const { code, stderr, called } = await rollback(argv);
    expect({ code, called }).toEqual({ code: 2, called: [] });
    expect(stderr).toContain(message);
  });
});
