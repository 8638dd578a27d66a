import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    readonly sharedFolder: string;
  }
}

/**
 * Makes a folder for the run, and removes it at its end. What modules leave on the disk that several test files use goes
 * there: they are loaded once for all of these, so that what they do "after all tests" comes after those of the first.
 */
export function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), "vmguest-tests-"));
  project.provide("sharedFolder", folder);
  return () => rmSync(folder, { recursive: true, force: true });
}
