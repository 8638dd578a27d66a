// SPDX-License-Identifier: MIT
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { inspectUndo, rollbackChanges } from "../../src/io/commit/index.ts";
import { randomOf } from "../faults/index.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "vmguest-cancel-")));
const [image, program] = [join(folder, "vm.vhdx"), join(folder, "program.mjs")];
const random = randomOf(7);
const original = Buffer.from(Uint8Array.from({ length: 50 * 4096 }, () => Math.floor(random() * 256)));

beforeAll(async () => {
  const bundle = await rolldown({
    input: join(import.meta.dirname, "commit-cancel/program.ts"),
    platform: "node",
    transform: { target: "es2022" },
  });
  await bundle.write({ file: program, format: "esm" });
});
beforeEach(() => writeFileSync(image, original));
afterAll(() => rmSync(folder, { recursive: true }));

/** Starts a commit of 20 writes in 5 steps, and interrupts it when it is at one of them; gives what it says at the end. */
async function interruptAt(write: number): Promise<unknown> {
  const child = fork(program, [image, String(write)]);
  const exit = once(child, "exit");
  const messages: unknown[] = [];
  child.on("message", (message) => {
    messages.push(message);
    if (message === "writing") child.kill("SIGINT");
  });
  expect(await exit).toEqual([0, null]);
  expect(messages[0]).toBe("writing");
  return messages[1];
}

test.each([0, 7, 15])("SIGINT at write %i of a commit takes it back, and nothing is left", async (write) => {
  expect(await interruptAt(write)).toBe("rolled-back");
  expect(readFileSync(image).equals(original)).toBe(true);
  expect(readdirSync(folder).sort()).toEqual(["program.mjs", "vm.vhdx"]);
});

test("SIGINT when the last step has begun lets the commit end, and it can be rolled back", async () => {
  expect(await interruptAt(17)).toBe("committed");
  expect(inspectUndo(image)).toMatchObject({ state: "committed", changedAt: undefined });
  rollbackChanges(image);
  expect(readFileSync(image).equals(original)).toBe(true);
});
