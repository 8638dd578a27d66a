import { join } from "node:path";
import { build } from "rolldown";
import { ownFolder } from "./own-folder.ts";

const PROJECT = join(import.meta.dirname, "../..");

/**
 * A program for threads, as Node can start it: its TypeScript and all that it imports, in a folder which stays until the
 * run ends. `path` is relative to the project.
 */
export async function bundleProgram(path: string): Promise<string> {
  const dir = join(ownFolder(), "program");
  await build({
    input: { program: join(PROJECT, path) },
    platform: "node",
    transform: { target: "node20" },
    logLevel: "silent",
    output: { dir, format: "esm", entryFileNames: "[name].mjs", chunkFileNames: "[name]-[hash].mjs" },
  });
  return join(dir, "program.mjs");
}
