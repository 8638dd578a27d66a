import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

// The package as npm makes it from a clean copy of the sources, in a folder that has nothing but what it depends on.

const ROOT = join(import.meta.dirname, "../..");
const SAMPLE = join(ROOT, "samples/web01-2008r2.vhdx");
const { version, exports } = readManifest(ROOT);
const SUBPATHS = Object.keys(exports).filter((subpath) => !subpath.endsWith(".json"));

let folder = "";
let packed: string[] = [];

beforeAll(() => {
  execFileSync(process.execPath, [join(ROOT, "samples/unpack.js")]);
  folder = mkdtempSync(join(tmpdir(), "vmguest-package-"));
  const tarball = pack(join(folder, "source"));
  packed = execFileSync("tar", ["-tzf", tarball], { encoding: "utf8" }).trim().split("\n");
  const home = join(folder, "consumer/node_modules/vmguest");
  mkdirSync(home, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", home, "--strip-components=1"]);
  for (const path of dependencies()) {
    cpSync(join(ROOT, path), join(folder, "consumer", path), { recursive: true });
  }
  writeFileSync(join(folder, "consumer/package.json"), '{ "name": "consumer", "type": "module" }');
  npm(join(folder, "consumer"), "rebuild", "--offline");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Manifest {
  readonly version: string;
  readonly exports: Readonly<Record<string, unknown>>;
}

function readManifest(home: string): Manifest {
  return JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
}

/** Builds and packs a copy, so that what lies in the checkout's own dist is neither tested nor changed. */
function pack(copy: string): string {
  mkdirSync(copy);
  for (const name of readdirSync(ROOT)) {
    if (
      /^(src|bin|docs)$|^(LICENSE|package\.json|tsconfig.*\.json|rolldown\.config\.js|.*\.md)$/.test(name)
    ) {
      cpSync(join(ROOT, name), join(copy, name), { recursive: true });
    }
  }
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  npm(copy, "pack", "--silent");
  return join(copy, `vmguest-${version}.tgz`);
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

function consume(command: string, ...args: string[]) {
  return spawnSync(command, args, { cwd: join(folder, "consumer"), encoding: "utf8" });
}

describe("the package", () => {
  test("holds what it needs, and no test, sample or source", () => {
    const files = packed.map((path) => path.replace("package/", ""));
    expect(files).toContain("bin/vmguest.js");
    const wanted = /^(bin|dist|docs)\/|^([A-Z]+\.md|LICENSE|package\.json)$/;
    const bundled = /^dist\/(batch|cli|report)\//;
    expect(files.filter((path) => !wanted.test(path) || bundled.test(path))).toEqual([]);
  });

  test("runs its command, as a process of its own", () => {
    const { status, stdout, stderr } = consume(
      "npx",
      "--no",
      "vmguest",
      "audit",
      SAMPLE,
      "--host",
      "ws2012r2",
    );
    expect({ status, stderr: stderr.replaceAll(/^npm warn.*\n/gm, "") }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain("1 image, 1 guest: 1 outdated. To do: 1 stage-cab.");
  });

  test.each([
    { args: ["--version"], status: 0, stdout: `${version}\n` },
    { args: ["audit", "--help"], status: 0, stdout: expect.stringContaining("vmguest audit <paths..>") },
    {
      args: ["audit", SAMPLE, "--fail-on", "outdated"],
      status: 1,
      stdout: expect.stringContaining("outdated"),
    },
    { args: ["audit"], status: 2, stdout: "" },
    { args: ["audit", join(import.meta.dirname, "package.test.ts"), "--quiet"], status: 3 },
    { args: ["files", "list", SAMPLE, "nowhere"], status: 2, stdout: "" },
  ])("ends $args with $status", ({ args, ...expected }) => {
    expect(consume("node_modules/.bin/vmguest", ...args)).toMatchObject(expected);
  });

  test("can be imported by every subpath, and names its schema", () => {
    const script = `
      for (const subpath of ${JSON.stringify(SUBPATHS)}) {
        const module = await import(subpath.replace(/^\\./, "vmguest"));
        if (Object.keys(module).length === 0) throw new Error(subpath + " exports nothing");
      }
      const { default: schema } = await import("vmguest/schema/audit-1.json", { with: { type: "json" } });
      console.log(schema.$schema);
    `;
    const { stdout, stderr } = consume(
      process.execPath,
      "--no-warnings",
      "--input-type=module",
      "-e",
      script,
    );
    expect({ stdout, stderr }).toEqual({ stdout: expect.stringContaining("json-schema.org"), stderr: "" });
  });

  test("has types that a strict consumer's compiler takes, for every subpath", () => {
    const consumer = join(folder, "consumer");
    cpSync(join(ROOT, "node_modules/@types/node"), join(consumer, "node_modules/@types/node"), {
      recursive: true,
    });
    cpSync(join(ROOT, "node_modules/undici-types"), join(consumer, "node_modules/undici-types"), {
      recursive: true,
    });
    const imports = SUBPATHS.map(
      (subpath, index) => `import * as m${index} from "${subpath.replace(/^\./, "vmguest")}";`,
    );
    const use = [
      'import { auditImage, type ImageReport, openImage } from "vmguest";',
      'const report: ImageReport = auditImage("web01.vhdx", { host: "ws2019" });',
      "using image = openImage(report.path);",
      `export const faces = [image, ${SUBPATHS.map((_, index) => `m${index}`).join(", ")}];`,
    ];
    writeFileSync(join(consumer, "index.ts"), [...imports, ...use].join("\n"));
    const compilerOptions = {
      target: "es2022",
      lib: ["es2023", "esnext.disposable"],
      module: "nodenext",
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      types: ["node"],
      noEmit: true,
    };
    writeFileSync(join(consumer, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["index.ts"] }));
    const { status, stdout } = consume(
      process.execPath,
      join(ROOT, "node_modules/typescript/bin/tsc"),
      "-p",
      ".",
    );
    expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
  });
});
