import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");
const PARTS = ["src", "bin", "package.json", "tsconfig.json", "tsconfig.build.json", "rolldown.config.js"];

/**
 * The command as users run it, built of the sources as they are now, in a folder that nothing else builds in. Gives the
 * path of its launcher.
 */
export function buildCommand(folder: string): string {
  const build = join(folder, "build");
  mkdirSync(build);
  for (const name of PARTS) cpSync(join(ROOT, name), join(build, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(build, "node_modules"));
  execFileSync("npm", ["run", "--silent", "build"], { cwd: build, stdio: ["ignore", "pipe", "pipe"] });
  return join(build, "bin/vmguest.js");
}
