import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { examplesOf, prepareFolder } from "../docs/examples.ts";
import { serveRange, startServer } from "../io/http/range-server.ts";
import { Consumer, ROOT, readManifest } from "./package/consumer.ts";

// The package as npm makes it from a clean copy of the sources, in a project that has nothing but what it depends on.

const SAMPLE = join(ROOT, "samples/web01-2008r2.vhdx");
const { version, exports } = readManifest(ROOT);
const FACES = Object.entries(exports).flatMap(([subpath, target]) =>
  typeof target === "string" ? [] : [{ name: subpath.replace(".", "vmguest"), file: target.default }],
);
const SCHEMAS = Object.keys(exports).filter((subpath) => subpath.startsWith("./schema/"));

let folder = "";
let consumer: Consumer;

beforeAll(() => {
  execFileSync(process.execPath, [join(ROOT, "samples/unpack.js")]);
  folder = mkdtempSync(join(tmpdir(), "vmguest-package-"));
  consumer = new Consumer(folder);
  prepareFolder(consumer.folder);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the tarball", () => {
  test("holds no test, sample or source", () => {
    expect(consumer.packed).toContain("bin/vmguest.js");
    const wanted =
      /^bin\/vmguest\.js$|^dist\/bin\/[\w-]+\.js$|^dist\/(?!bin|cli)[\w/-]+(\.d\.ts|\.js)$|^docs\/[\w/.-]+\.(md|json)$|^([A-Z]+\.md|LICENSE|package\.json)$/;
    expect(consumer.packed.filter((path) => !wanted.test(path))).toEqual([]);
  });

  test("holds no module that nothing leads to", () => {
    // Beside the faces: what threads are started with.
    const entries = [...FACES.map(({ file }) => normalize(file)), "dist/batch/pool/audit-worker.js"];
    const needed = modulesBehind(entries.map(nameOfModule));
    const modules = consumer.packed.filter((path) => /^dist\/(?!bin\/)/.test(path)).map(nameOfModule);
    expect([...new Set(modules)].filter((name) => !needed.has(name))).toEqual([]);
  });

  test("is all that its dependencies have to be installed for", () => {
    expect(consumer.run("npm", "ls", "--all", "--offline")).toMatchObject({ status: 0 });
  });
});

const nameOfModule = (path: string) => path.replace(/(\.d)?\.[jt]s$/, "");

/** All modules, without their endings, that some lead to by what they run or by their types. */
function modulesBehind(entries: readonly string[]): Set<string> {
  const found = new Set<string>();
  const waiting = [...entries];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    for (const ending of [".js", ".d.ts"]) {
      const file = join(consumer.home, name + ending);
      const text = existsSync(file) ? readFileSync(file, "utf8") : "";
      for (const [, target = ""] of text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g))
        waiting.push(nameOfModule(join(dirname(name), target)));
    }
  }
  return found;
}

describe("the command", () => {
  test("runs as a process of its own", () => {
    const { status, stdout, stderr } = consumer.run(
      ...(["npx", "--no", "vmguest", "audit", SAMPLE, "--host", "ws2012r2"] as const),
    );
    expect({ status, stderr: stderr.replaceAll(/^npm warn.*\n/gm, "") }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain("1 image, 1 guest: 1 outdated. To do: 1 stage-cab.");
  });

  test.each([
    { args: ["--version"], status: 0, stdout: `${version}\n` },
    { args: ["audit", "--help"], status: 0, stdout: expect.stringContaining("vmguest audit [paths..]") },
    {
      args: ["audit", SAMPLE, "--fail-on", "outdated"],
      status: 1,
      stdout: expect.stringContaining("outdated"),
    },
    { args: ["audit"], status: 2, stdout: "" },
    { args: ["audit", join(import.meta.dirname, "package.test.ts"), "--quiet"], status: 3 },
    { args: ["files", "list", SAMPLE, "nowhere"], status: 2, stdout: "" },
  ])("ends $args with $status", ({ args, ...expected }) => {
    expect(consumer.run("node_modules/.bin/vmguest", ...args)).toMatchObject(expected);
  });

  test("loads no package for a single image", () => {
    expect(consumer.packagesLoadedBy("node_modules/vmguest/bin/vmguest.js", "audit", SAMPLE)).toEqual([]);
  });

  test("loads what threads need for several", () => {
    const args = ["audit", "samples", "--jobs", "2"];
    expect(consumer.packagesLoadedBy("node_modules/vmguest/bin/vmguest.js", ...args)).toEqual([
      "p-limit",
      "tinypool",
      "yocto-queue",
    ]);
  });
});

/** Audits what it is told to, and prints how many threads began meanwhile, and how many jobs the batch had. */
const BATCH = `
  import { auditMany } from "vmguest";
  const told = { threads: 0, jobs: 0, statuses: [] };
  process.on("worker", () => told.threads++);
  const onEvent = (event) => { if (event.event === "start") told.jobs = event.jobs; };
  for await (const { guests } of auditMany(process.argv.slice(2), { host: "ws2012r2", jobs: 2, onEvent }))
    told.statuses.push(guests[0].verdict.status);
  console.log(JSON.stringify(told));
`;
const TWO = ["samples/app02-2012r2.vhdx", "samples/web01-2008r2.vhdx"];

describe("the library", () => {
  test("audits two images on two threads", () => {
    consumer.write("batch.js", BATCH);
    const { stdout, stderr } = consumer.run(process.execPath, "batch.js", ...TWO);
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({ threads: 2, jobs: 2, statuses: ["current", "outdated"] });
  });

  test("audits one image on the thread that asks, and loads no package for it", () => {
    consumer.write("batch.js", BATCH);
    const { stdout } = consumer.run(process.execPath, "batch.js", SAMPLE);
    expect(JSON.parse(stdout)).toEqual({ threads: 0, jobs: 1, statuses: ["outdated"] });
    expect(consumer.packagesLoadedBy("batch.js", SAMPLE)).toEqual([]);
  });

  test.each([
    { way: "import()", load: 'import("vmguest")' },
    { way: "require", load: 'Promise.resolve(require("vmguest"))' },
  ])("is there for CommonJS by $way", ({ load }) => {
    consumer.write(
      "script.cjs",
      `${load}.then(({ auditImage }) => {
        const { guests } = auditImage(process.argv[2], { host: "ws2012r2" });
        console.log(guests[0].os.hostname);
      });`,
    );
    const { stdout, stderr } = consumer.run(process.execPath, "script.cjs", SAMPLE);
    expect({ stdout, stderr }).toEqual({ stdout: "WEB01\n", stderr: "" });
  });

  test("can be imported by every subpath, and has its schemas", () => {
    const names = FACES.map(({ name }) => name);
    const schemas = SCHEMAS.map((subpath) => subpath.replace(".", "vmguest"));
    consumer.write(
      "faces.js",
      `for (const name of ${JSON.stringify(names)})
        if (Object.keys(await import(name)).length === 0) console.log(name, "exports nothing");
      for (const name of ${JSON.stringify(schemas)}) {
        const { default: schema } = await import(name, { with: { type: "json" } });
        if (!schema.$schema.includes("json-schema.org")) console.log(name, "is no schema");
      }`,
    );
    const { status, stdout, stderr } = consumer.run(process.execPath, "--no-warnings", "faces.js");
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  test("keeps everything else to itself", () => {
    const { status, stderr } = consumer.run(
      ...([process.execPath, "-e", 'import("vmguest/dist/index.js")'] as const),
    );
    expect({ status, reason: stderr.includes("ERR_PACKAGE_PATH_NOT_EXPORTED") }).toEqual({
      status: 1,
      reason: true,
    });
  });

  test("has types that a strict consumer's compiler takes, for every subpath", () => {
    for (const name of ["@types/node", "undici-types"]) consumer.copyIn(`node_modules/${name}`);
    const imports = FACES.map(({ name }, index) => `import * as m${index} from "${name}";`);
    consumer.write(
      "index.ts",
      `${imports.join("\n")}\n${USE}\nexport const faces = [${FACES.map((_, index) => `m${index}`)}];`,
    );
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
    consumer.write(
      "script.cts",
      'import vmguest = require("vmguest");\nexport const { auditImage } = vmguest;\n',
    );
    const files = ["index.ts", "script.cts"];
    consumer.write("tsconfig.json", JSON.stringify({ compilerOptions, files }));
    const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
    const { status, stdout } = consumer.run(process.execPath, compiler, "-p", ".");
    expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
  });
});

/** What a program in TypeScript does with the types. */
const USE = `
import { type AuditManyOptions, auditImage, auditMany, type BatchEvent, type ImageReport, openImage, VmguestError } from "vmguest";
import { AuditCache } from "vmguest/batch/cache";
import { RemoteAccess } from "vmguest/io/http";
import { assembleReport } from "vmguest/audit";
import { formatHtml } from "vmguest/report";
const report: ImageReport = auditImage("web01.vhdx", { host: "ws2019" });
using image = openImage(report.path);
const audit = { host: "ws2019" } as const;
using cache = AuditCache.open("cache", { options: audit, toolVersion: "1", now: Date.now });
const events: BatchEvent[] = [];
const options: AuditManyOptions = {
  ...audit, cache, remote: new RemoteAccess(), signal: AbortSignal.timeout(1000), onEvent: (event) => events.push(event),
};
const images: ImageReport[] = [];
try {
  for await (const one of auditMany(["."], options)) images.push(one);
} catch (error) {
  if (error instanceof VmguestError && error.code === "PATH_NOT_FOUND") console.log(error.where.image);
}
for (const text of formatHtml(assembleReport(images, { host: "ws2019", toolVersion: "1" }))) console.log(text.length, image.path);
`;

describe("docs/library.md, with the package itself", () => {
  const examples = examplesOf(readFileSync(join(ROOT, "docs/library.md"), "utf8"));

  test.each(examples)("prints what it says: $heading", async ({ source, prints }) => {
    const bytes = readFileSync(SAMPLE);
    await using server = await startServer((request, response) => serveRange(request, response, { bytes }));
    // A web server of this host in the place of one that is made up.
    const here = (text: string) => text.replaceAll("https://images.example", server.origin);
    const { stdout, stderr } = await consumer.runScript("example.js", here(source));
    expect({ lines: stdout.trimEnd().split("\n"), stderr }).toEqual({ lines: prints.map(here), stderr: "" });
    const isRemote = source.includes("https://");
    expect(server.requests.length > 0).toBe(isRemote);
    expect(server.requests.every(({ headers }) => headers.authorization === "Bearer secret")).toBe(true);
  });
});
