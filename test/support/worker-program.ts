import { join } from "node:path";
import { build } from "rolldown";
import { ownFolder } from "./own-folder.ts";

const PROJECT = join(import.meta.dirname, "../..");

/**
 * A program for threads, as Node can start it: its TypeScript and all that it imports as one file, which stays until the
 * run ends. `path` is relative to the project.
 */
export async function bundleProgram(path: string): Promise<string> {
  const file = join(ownFolder(), "program.mjs");
  await build({
    input: join(PROJECT, path),
    platform: "node",
    transform: { target: "node20" },
    logLevel: "silent",
    output: { file, format: "esm", codeSplitting: false },
  });
  return file;
}
