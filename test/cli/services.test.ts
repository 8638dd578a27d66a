import { describe, expect, test } from "vitest";
import { changeLab, fakeStaging, typed } from "./changes.ts";
import { parseReport } from "./packages.ts";
import { type RunOptions, run } from "./run.ts";

const { folder, image } = changeLab();
const { calls, dependencies } = fakeStaging();

async function services(argv: readonly string[], options: RunOptions = {}) {
  const before = calls.length;
  const outcome = await run(["services", ...argv], { dependencies, ...options });
  return { ...outcome, called: calls.slice(before) };
}

describe.each(["enable", "disable"])("vmguest services %s", (start) => {
  test("changes the services that are named, as Windows spells them", async () => {
    const { code, called } = await services([start, image("ready"), "VMICKVPEXCHANGE", "vmicvss", "--yes"]);
    expect(code).toBe(0);
    const edits = [
      { name: "vmickvpexchange", start },
      { name: "vmicvss", start },
    ];
    expect(called).toMatchObject([
      { name: "editServices", path: image("ready"), edits, options: { target: { kind: "in-place" } } },
    ]);
  });

  test("takes the options of every change", async () => {
    const argv = [
      "--volume",
      "3",
      "--replace",
      "--allow",
      "NTFS_DIRTY",
      "--output",
      `${folder}/${start}.avhdx`,
    ];
    const { called } = await services([start, image("ready"), "vmicvss", ...argv, "--yes"]);
    expect(called).toMatchObject([
      { options: { volume: 3, replaces: true, allowed: new Set(["NTFS_DIRTY"]), target: { kind: "child" } } },
    ]);
  });

  test("asks before it writes, and only plans a dry run", async () => {
    const asked = await services([start, image("ready"), "vmicvss"], { terminal: 100, stdin: typed("y") });
    expect(asked.called.map(({ name }) => name)).toEqual(["planServices", "editServices"]);
    const dry = await services([start, image("ready"), "vmicvss", "--dry-run"]);
    expect(dry.called.map(({ name }) => name)).toEqual(["planServices"]);
    expect(dry.stdout).toContain(`  vmguest services ${start} ${image("ready")} vmicvss\n`);
  });

  test.each([
    { name: "ready", code: 0 },
    { name: "refused", code: 4 },
    { name: "broken", code: 3 },
  ])("ends with $code for an image that is $name, and has JSON for it", async ({ name, code }) => {
    const outcome = await services([start, image(name), "vmicvss", "--yes", "--format", "json"]);
    expect(outcome.code).toBe(code);
    expect(parseReport("stage-1", outcome.stdout).images).toHaveLength(1);
  });

  test.each([
    { argv: [image("ready"), "spooler", "--yes"], message: '"spooler" is no integration service' },
    { argv: [image("ready"), "vmicvss"], message: "--yes says so beforehand" },
    { argv: [image("ready"), "--yes"], message: "too few words" },
  ])("is wrong usage where $message", async ({ argv, message }) => {
    const { code, stderr, called } = await services([start, ...argv]);
    expect({ code, called }).toEqual({ code: 2, called: [] });
    expect(stderr).toContain(message);
  });
});

test("an image may be called as a command, if a path says that it is one", async () => {
  const { code, stderr } = await services(["./enable"]);
  expect(code).toBe(2);
  expect(stderr).toContain("no file or folder is named so");
});
