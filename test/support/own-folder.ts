import { mkdirSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, inject } from "vitest";

const TESTS = join(import.meta.dirname, "..");

/** The folder of the test file that is running, for modules that several of them use; it goes when the run ends. */
export function ownFolder(): string {
  const { testPath } = expect.getState();
  const folder = join(inject("sharedFolder"), relative(TESTS, testPath ?? expect.fail("no test is running")));
  mkdirSync(folder, { recursive: true });
  return folder;
}
