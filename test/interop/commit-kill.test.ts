// SPDX-License-Identifier: MIT
import { type ChildProcess, fork } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { finishChanges, inspectUndo, rollbackChanges } from "../../src/io/commit/index.ts";
import { randomOf } from "../faults/index.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-kill-"));
const image = join(folder, "vm.vhdx");
const program = join(folder, "program.mjs");
const again = { replaceStaleLock: true };
const random = randomOf(2026);
const hashOf = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
const original = Buffer.from(
  Uint8Array.from({ length: 3 * 1024 * 1024 + 512 }, () => Math.floor(random() * 256)),
);
const originalHash = hashOf(original);

beforeAll(async () => {
  const bundle = await rolldown({
    input: join(import.meta.dirname, "commit-kill/program.ts"),
    platform: "node",
    transform: { target: "es2022" },
  });
  await bundle.write({ file: program, format: "esm" });
  writeFileSync(image, original);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Starts the program, which commits and rolls back until it is killed; by itself before some call of the storage, or not. */
async function start(killAt: number): Promise<{ child: ChildProcess; exit: Promise<unknown[]> }> {
  const child = fork(program, [image, String(killAt)]);
  const exit = once(child, "exit");
  await once(child, "message");
  return { child, exit };
}

/** The image is brought back, and was told of truly; says what it was found to be. */
function recover(index: number): string {
  const found = inspectUndo(image);
  const hash = hashOf(readFileSync(image));
  if (found.state === "none" || found.state === "incomplete") expect(hash).toBe(originalHash);
  if (found.state === "interrupted" || found.state === "committed") expect(found.changedAt).toBeUndefined();
  if (found.state === "unreadable") expect.fail(found.error.message);
  if (found.state === "interrupted" && index % 3 === 0) {
    expect(finishChanges(image, again).outcome).toBe("committed");
    expect(inspectUndo(image).state).toBe("committed");
  }
  if (found.state !== "none") rollbackChanges(image, again);
  expect(hashOf(readFileSync(image))).toBe(originalHash);
  expect(existsSync(`${image}.vmguest-undo`)).toBe(false);
  rmSync(`${image}.vmguest-lock`, { force: true });
  return found.state;
}

describe("a process that commits and rolls back, killed with SIGKILL", () => {
  test("15 times at any moment, leaves an image that rolls back to the original", async () => {
    for (let index = 0; index < 15; index++) {
      const { child, exit } = await start(-1);
      await sleep(random() * 120);
      child.kill("SIGKILL");
      expect(await exit).toEqual([null, "SIGKILL"]);
      recover(index);
    }
  });

  test("15 times before calls all over the commit and the rollback, does so as well", async () => {
    const states = new Set<string>();
    for (let index = 0; index < 15; index++) {
      const { exit } = await start(Math.floor(((index + random()) / 15) * 3000));
      expect(await exit).toEqual([null, "SIGKILL"]);
      states.add(recover(index));
    }
    expect([...states]).toContain("interrupted");
  });
});
