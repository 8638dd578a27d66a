import { execFile, execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

export const ROOT = join(import.meta.dirname, "../../..");

/** What of a package.json is looked at. */
export interface Manifest {
  readonly version: string;
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
}

export function readManifest(home: string): Manifest {
  return JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
}

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A project that has nothing but the packed package and what that depends on. */
export class Consumer {
  readonly folder: string;
  /** Paths in the tarball, without their first part. */
  readonly packed: readonly string[];

  /** `folder` is an empty one. */
  constructor(folder: string) {
    const tarball = packCopy(join(folder, "source"));
    this.folder = join(folder, "consumer");
    this.packed = execFileSync("tar", ["-tzf", tarball], { encoding: "utf8" })
      .trim()
      .split("\n")
      .map((path) => path.replace("package/", ""));
    mkdirSync(this.home, { recursive: true });
    execFileSync("tar", ["-xzf", tarball, "-C", this.home, "--strip-components=1"]);
    for (const path of dependencies()) this.copyIn(path);
    const { version } = readManifest(this.home);
    this.write(
      "package.json",
      JSON.stringify({ name: "consumer", type: "module", dependencies: { vmguest: version } }),
    );
    npm(this.folder, "rebuild", "--offline");
  }

  /** Where the package is installed. */
  get home(): string {
    return join(this.folder, "node_modules/vmguest");
  }

  /** Copies a file or folder of the checkout to the same place here. */
  copyIn(path: string): void {
    cpSync(join(ROOT, path), join(this.folder, path), { recursive: true });
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }

  /** Runs a command in the project to its end. */
  run(command: string, ...args: readonly string[]): Ended {
    return spawnSync(command, args, { cwd: this.folder, encoding: "utf8" });
  }

  /** Runs a program of that name and text with Node, while this process goes on serving it. */
  async runScript(name: string, text: string): Promise<Omit<Ended, "status">> {
    this.write(name, text);
    return await new Promise((resolve) => {
      const args = ["--no-warnings", name];
      execFile(process.execPath, args, { cwd: this.folder }, (_, stdout, stderr) =>
        resolve({ stdout, stderr }),
      );
    });
  }

  /** Which of the packages that vmguest depends on a process opens files of; it has to end with 0. */
  packagesLoadedBy(...args: readonly string[]): string[] {
    const log = join(this.folder, "opened.log");
    const { status, stderr } = this.run(
      "strace",
      ...["-f", "-qq", "-e", "trace=open,openat", "-o", log, process.execPath, "--no-warnings", ...args],
    );
    if (status !== 0) throw new Error(`${args.join(" ")} ended with ${status}: ${stderr}`);
    const opened = readFileSync(log, "utf8").matchAll(/node_modules\/([\w.-]+)\/[^"]*", [^=]*= \d/g);
    return [...new Set([...opened].map(([, name = ""]) => name))].filter((name) => name !== "vmguest").sort();
  }
}

/** Builds and packs a copy, so that what lies in the checkout's own dist is neither tested nor changed. */
function packCopy(copy: string): string {
  const wanted = /^(src|bin|docs)$|^(LICENSE|package\.json|tsconfig.*\.json|rolldown\.config\.js|.*\.md)$/;
  mkdirSync(copy);
  for (const name of readdirSync(ROOT)) {
    if (wanted.test(name)) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  npm(copy, "pack", "--silent");
  return join(copy, `vmguest-${readManifest(ROOT).version}.tgz`);
}

function npm(cwd: string, ...args: string[]): void {
  execFileSync("npm", args, { cwd, stdio: ["ignore", "ignore", "pipe"] });
}

/** The folders of what the package needs at run time, and of what that needs, below the checkout. */
function dependencies(): string[] {
  const listed = execFileSync("npm", ["ls", "--omit=dev", "--all", "--parseable"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  return listed
    .trim()
    .split("\n")
    .slice(1)
    .map((path) => relative(ROOT, path));
}
