import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FIXTURES, fixturesIn } from "../support/fixtures.ts";
import { buildCommand } from "./built-command.ts";
import { buildGuest } from "./guests/builder.ts";

// The built command against cabextract, genisoimage and the makers of discs and guests, end to end.

const ROOT = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "vmguest-package-cli-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let launcher = "";

beforeAll(() => {
  launcher = buildCommand(folder);
  run(process.execPath, [join(ROOT, "samples/unpack.js")]);
});

function run(tool: string, args: readonly string[], options: { readonly cwd?: string } = {}): string {
  return execFileSync(tool, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 1 << 26,
    ...options,
  });
}

function vmguest(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [launcher, ...args], {
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
}

/** What a command that goes well prints with `--format json`. */
function report(...args: string[]) {
  const { status, stdout, stderr } = vmguest(...args, "--format", "json");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(stdout);
}

/** SHA-256, size and time of every file below a folder, by its path. */
function digestTree(path: string): Record<string, { sha256: string; sizeBytes: number; modifiedMs: number }> {
  const names = readdirSync(path, { recursive: true, encoding: "utf8" }).sort();
  const files = names.filter((name) => statSync(join(path, name)).isFile());
  return Object.fromEntries(
    files.map((name) => {
      const { size, mtimeMs } = statSync(join(path, name));
      const sha256 = createHash("sha256")
        .update(readFileSync(join(path, name)))
        .digest("hex");
      return [name, { sha256, sizeBytes: size, modifiedMs: mtimeMs }];
    }),
  );
}

/** A new folder below the temporary one. */
function newFolder(name: string): string {
  const path = join(folder, name);
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path);
  return path;
}

const IC_CABS = ["ic-cab/6.3.9600.18692", "ic-cab/6.3.9600.19456"].flatMap(fixturesIn);
const CABS = [...IC_CABS, ...fixturesIn("ic-cab/other"), ...fixturesIn("msu")];

describe.each(CABS)("%s", (name) => {
  const path = join(FIXTURES, name);

  test("is listed as by cabextract", () => {
    const [{ entries }] = report("package", "list", path).packages;
    const listed = run("cabextract", ["-l", path]).matchAll(
      /^ *(\d+) \| (\d+)\.(\d+)\.(\d+) (\S+) \| (.*)$/gm,
    );
    const theirs = [...listed].map(([, size, day, month, year, time, path]) => {
      return { path, sizeBytes: Number(size), modified: `${year}-${month}-${day}T${time}` };
    });
    expect(theirs.length).toBeGreaterThan(0);
    expect(
      entries.map(({ path, sizeBytes, modified }: (typeof theirs)[number]) => ({
        path,
        sizeBytes,
        modified,
      })),
    ).toEqual(theirs);
  });

  test("is unpacked to the same files as by cabextract, with the same times", () => {
    const [ours, theirs] = [newFolder("ours"), newFolder("theirs")];
    const { files, lost, refused, error } = report("package", "extract", path, ours);
    expect({ lost, refused, error }).toEqual({ lost: [], refused: [], error: null });
    run("cabextract", ["-q", "-d", theirs, path]);
    expect(digestTree(ours)).toEqual(digestTree(theirs));
    expect(files).toHaveLength(Object.keys(digestTree(theirs)).length);
  });

  test("is sound", () => {
    const [integrity] = report("package", "verify", "--integrity-only", path).packages;
    expect(integrity).toMatchObject({ damage: [], error: null });
  });
});

test.each([...IC_CABS, ...fixturesIn("msu")])("%s is Microsoft's", (name) => {
  const [{ verification }] = report("package", "verify", join(FIXTURES, name)).packages;
  expect(verification).toMatchObject({ verdict: "microsoft", isTrusted: true });
});

test("a cabinet out of an MSU has no signature of its own, which ends with 1", () => {
  const path = join(FIXTURES, "ic-cab/other/Windows8.1-KB2938772-x64.cab");
  expect(vmguest("package", "verify", path)).toMatchObject({
    status: 1,
    stdout: expect.stringContaining(": unsigned"),
  });
});

test("one changed byte makes a real package tampered, which ends with 1", () => {
  const path = join(newFolder("changed"), "changed.cab");
  cpSync(join(FIXTURES, IC_CABS[0] ?? ""), path);
  run("chmod", ["u+w", path]);
  run("sh", ["-c", `printf X | dd of='${path}' bs=1 seek=300000 conv=notrunc`]);
  expect(vmguest("package", "verify", path)).toMatchObject({
    status: 1,
    stdout: expect.stringContaining(": tampered"),
  });
});

test.each(IC_CABS)("%s is shown as what it is", (name) => {
  const [, version = "", target, platform] = /\/([\d.]+)\/windows6\.(.)-.*-(x\d+)\.cab$/i.exec(name) ?? [];
  const [shown] = report("package", "show", join(FIXTURES, name)).packages;
  expect(shown).toMatchObject({
    isIntegrationServices: true,
    version,
    architecture: platform === "x64" ? "x64" : "x86",
    signature: { verdict: "microsoft" },
  });
  expect(shown.serves.join()).toContain(
    target === "x" ? "Windows 7 and Server 2008 R2" : "Windows 8.1 and Server 2012 R2",
  );
});

test.each(fixturesIn("msu"))("%s is shown with its article and architecture", (name) => {
  const [, kb, platform] = /-(KB\d+)-(x\d+)\.msu$/.exec(name) ?? [];
  const { packages } = report("package", "show", join(FIXTURES, name));
  expect(packages).toMatchObject([
    { kb, architecture: platform, isIntegrationServices: false, signature: { verdict: "microsoft" } },
  ]);
});

test.each([1, 2, 3, 4, 5])("a set of five cabinets is unpacked from part %i as by cabextract", (part) => {
  const [ours, theirs] = [newFolder("ours"), newFolder("theirs")];
  report("package", "extract", join(FIXTURES, `cab/cabextract/split-${part}.cab`), ours);
  run("cabextract", ["-q", "-d", theirs, join(FIXTURES, "cab/cabextract/split-1.cab")]);
  expect(digestTree(ours)).toEqual(digestTree(theirs));
});

describe("names that lead out of the folder", () => {
  const hostile = join(FIXTURES, "cab/cabextract/dirwalk-vulns.cab");

  test.each([
    { options: [] },
    { options: ["--skip-unsafe"] },
    { options: ["--skip-unsafe", "--force", "--salvage"] },
  ])("write nothing outside of it with $options", ({ options }) => {
    const around = newFolder("around");
    const out = join(around, "a/b/c/out");
    mkdirSync(out, { recursive: true });
    const before = readdirSync(tmpdir());
    const { status, stderr } = vmguest("package", "extract", hostile, out, ...options);
    expect({ status, hasReason: stderr.includes("[EXTRACT_NAME]") }).toEqual({ status: 4, hasReason: true });
    const outside = readdirSync(around, { recursive: true, encoding: "utf8" }).filter(
      (name) => !name.startsWith("a/b/c/out/"),
    );
    expect(outside.sort()).toEqual(["a", "a/b", "a/b/c", "a/b/c/out"]);
    expect(readdirSync(tmpdir()).filter((name) => !before.includes(name) && !name.startsWith("v"))).toEqual(
      [],
    );
    if (options.length === 0) expect(readdirSync(out)).toEqual([]);
  });
});

describe("the disc of the integration services", () => {
  const disc = join(folder, "vmguest.iso");
  let truth: { readonly files: Record<string, { readonly size: number; readonly sha256: string }> };

  beforeAll(() => {
    run("python3", [join(FIXTURES, "../tools/make_vmguest_iso.py"), "--compress", "mszip", disc]);
    truth = JSON.parse(readFileSync(`${disc}.json`, "utf8"));
  });

  test("is listed with its files, and extracted to them", () => {
    const [{ kind, disc: details, entries }] = report("package", "list", disc).packages;
    expect({ kind, label: details.label }).toEqual({ kind: "iso", label: "VMGUEST" });
    const files = entries.filter(({ isDirectory }: { isDirectory: boolean }) => !isDirectory);
    const sizes = files.map(({ path, sizeBytes }: { path: string; sizeBytes: number }) => [path, sizeBytes]);
    expect(Object.fromEntries(sizes)).toEqual(
      Object.fromEntries(Object.entries(truth.files).map(([path, { size }]) => [path, size])),
    );
    const out = newFolder("disc");
    report("package", "extract", disc, out);
    const digests = Object.entries(digestTree(out)).map(([path, { sha256 }]) => [path, sha256]);
    expect(Object.fromEntries(digests)).toEqual(
      Object.fromEntries(Object.entries(truth.files).map(([path, { sha256 }]) => [path, sha256])),
    );
  });

  test("is shown with a package for every guest that it serves", () => {
    const { packages } = report("package", "show", disc);
    const shown = packages.map(({ path, kind, version, isIntegrationServices }: Record<string, unknown>) => {
      return [String(path).slice(disc.length + 1), kind, version, isIntegrationServices];
    });
    const expected = Object.keys(truth.files)
      .filter((path) => /\.(cab|msi)$/.test(path))
      .map((path) => [path, path.endsWith("cab") ? "cab" : "msi", "6.3.9600.18080", true]);
    expect(shown.sort()).toEqual(expected.sort());
  });

  test("gives a cabinet on it by a path that goes on into it", () => {
    const name = "Windows6.x-HyperVIntegrationServices-x64.cab";
    const out = newFolder("inner");
    report("package", "extract", `${disc}/support/amd64/${name}`, out, "update.mum");
    const copied = newFolder("copied");
    report("package", "extract", disc, copied, `support/amd64/${name}`);
    const theirs = newFolder("theirs");
    run("cabextract", ["-q", "-d", theirs, "-F", "update.mum", join(copied, "support/amd64", name)]);
    expect(digestTree(out)).toEqual(digestTree(theirs));
  });
});

describe("audit --package", () => {
  const disc = join(folder, "real.iso");
  const inside = "support/amd64/windows6.x-hypervintegrationservices-x64.cab";
  let image = "";

  beforeAll(async () => {
    const tree = newFolder("tree");
    mkdirSync(join(tree, "support/amd64"), { recursive: true });
    for (const name of fixturesIn("ic-cab/6.3.9600.18692").filter((name) => name.endsWith("x64.cab"))) {
      cpSync(join(FIXTURES, name), join(tree, "support/amd64", basename(name)));
    }
    run("genisoimage", ["-quiet", "-V", "VMGUEST", "-J", "-joliet-long", "-udf", "-o", disc, tree]);
    const args = [
      "--os",
      "ws2008r2",
      "--ic-version",
      "6.3.9600.16384",
      "--virtual-size",
      "160M",
      "--files",
      "10",
    ];
    ({ image } = await buildGuest(folder, 0, { name: "ws2008r2", args }));
  });

  test("judges the guest by the disc, and names the very file on it", () => {
    const { images } = report("audit", image, "--host", "ws2012r2", "--package", disc);
    const { verdict } = images[0].guests[0];
    expect(verdict).toMatchObject({
      status: "outdated",
      offered: { place: [disc, inside], version: "6.3.9600.18692", digestAlgorithms: ["sha1", "sha256"] },
    });
    expect(verdict.passedOver).toMatchObject([{ because: "system" }]);
    const { stdout } = vmguest("audit", image, "--host", "ws2012r2", "--package", disc);
    expect(stdout.replaceAll(/\s+/g, "")).toContain(
      `${disc}/${inside}(6.3.9600.18692,signedwithsha1andsha256)`,
    );
  });

  test("takes the same from a folder and from the file itself", () => {
    const inFolder = join(FIXTURES, "ic-cab/6.3.9600.18692");
    for (const offered of [inFolder, `${disc}/${inside}`]) {
      const { images } = report("audit", image, "--host", "ws2012r2", "--package", offered);
      expect(images[0].guests[0].verdict.offered).toMatchObject({ version: "6.3.9600.18692" });
    }
  });
});

describe("a command loads no more than it needs", () => {
  const LIBRARIES = ["pkijs", "asn1js", "xml2js", "cfb", "yargs"];

  /** Which libraries, and which files of the command itself, its process opens. */
  function filesOpenedBy(...args: string[]): { libraries: string[]; chunks: string[] } {
    const log = join(folder, "trace");
    const command = [process.execPath, launcher, ...args];
    const { status } = spawnSync("strace", ["-f", "-qq", "-e", "trace=open,openat", "-o", log, ...command]);
    expect(status).toBe(0);
    const opened = readFileSync(log, "utf8")
      .split("\n")
      .filter((line) => !line.includes("ENOENT"));
    const chunks = opened.flatMap((line) => /dist\/bin\/([\w-]+)-[\w-]{8}\.js"/.exec(line)?.[1] ?? []);
    return {
      libraries: LIBRARIES.filter((name) => opened.some((line) => line.includes(`/node_modules/${name}/`))),
      chunks: [...new Set(chunks)].sort(),
    };
  }

  test("an audit without --package none of what reads packages", () => {
    const { libraries, chunks } = filesOpenedBy("audit", join(ROOT, "samples/web01-2008r2.vhdx"));
    expect(libraries).toEqual([]);
    expect(chunks).toContain("audit");
    expect(
      chunks.filter((name) => /^(cab|catalogue|change|disc|msi|iso|package|writing)/.test(name)),
    ).toEqual([]);
  });

  test("a test of a cabinet only the reader of cabinets", () => {
    const cabinet = join(FIXTURES, IC_CABS[0] ?? "");
    const { libraries, chunks } = filesOpenedBy("package", "verify", "--integrity-only", cabinet);
    expect(libraries).toEqual([]);
    expect(chunks.filter((name) => /^(layers|catalogue|disc|msi|iso)/.test(name))).toEqual([]);
    expect(chunks.some((name) => name.startsWith("cab"))).toBe(true);
  });
});
