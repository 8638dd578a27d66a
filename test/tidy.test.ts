import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { CODES } from "../src/errors.ts";

const ROOT = join(import.meta.dirname, "..");

/** The layers and their numbers: a file imports from its own folder and from layers with a smaller number. */
const LAYERS: Record<string, number> = {
  bytes: 0,
  io: 1,
  disk: 2,
  volume: 3,
  fs: 4,
  registry: 5,
  package: 5,
  guest: 6,
  policy: 7,
  audit: 8,
  staging: 9,
  batch: 10,
  report: 11,
  cli: 12,
};

/** The shared ground below all layers. */
const GROUND = /^src\/(errors\.ts|codes\.ts|codes\/[a-z-]+\.ts)$/;

interface SourceFile {
  /** Relative to the project, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly layer: string | undefined;
  readonly imports: readonly string[];
}

interface LockFile {
  readonly packages: Readonly<
    Record<string, Readonly<Record<"dependencies" | "optionalDependencies", object | undefined>>>
  >;
}

function filesBelow(folder: string, ending: RegExp): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name).replaceAll("\\", "/"))
    .filter((path) => ending.test(path))
    .sort();
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(ROOT, path), "utf8");
  const [, layer] = GROUND.test(path) ? [] : (/^src\/([^/]+)\//.exec(path) ?? []);
  const imports = [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(([, name]) => name as string);
  return { path, text, layer, imports };
}

const SOURCES = filesBelow("src", /\.ts$/).map(readSource);

/** The file in src that a relative import of `source` names. */
const targetOf = (source: SourceFile, name: string) =>
  relative(ROOT, resolve(ROOT, dirname(source.path), name)).replaceAll("\\", "/");

function offences(rule: (source: SourceFile) => (string | undefined)[]): string[] {
  return SOURCES.flatMap((source) => rule(source).filter((offence) => offence !== undefined));
}

describe("the layers", () => {
  test("are the folders of src", () => {
    const folders = new Set(SOURCES.map(({ layer }) => layer).filter((layer) => layer !== undefined));
    expect([...folders].filter((folder) => LAYERS[folder] === undefined)).toEqual([]);
  });

  test("import downwards only, and each other only through their faces", () => {
    const found = offences((source) =>
      source.imports
        .filter((name) => name.startsWith("."))
        .map((name) => {
          const target = targetOf(source, name);
          if (GROUND.test(target) || source.layer === undefined) return undefined;
          const [, layer, rest] = /^src\/([^/]+)\/(.*)$/.exec(target) ?? [];
          if (layer === undefined) return `${source.path} imports ${target}`;
          if (source.layer === undefined || layer === source.layer) return undefined;
          const isBelow = (LAYERS[layer] ?? 99) < (LAYERS[source.layer] ?? -1);
          return isBelow && /(^|\/)index\.ts$/.test(rest ?? "")
            ? undefined
            : `${source.path} imports ${target}`;
        }),
    );
    expect(found).toEqual([]);
  });

  test("policy takes nothing but types from the layers that read", () => {
    const found = SOURCES.filter(({ layer }) => layer === "policy").flatMap(({ path, text }) =>
      [...text.matchAll(/^(import|export) (?!type).*from "\.\.\/(?!errors)(.*)"/gm)].map(
        ([line]) => `${path}: ${line}`,
      ),
    );
    expect(found).toEqual([]);
  });

  test("only io, batch and cli touch the host's files and processes", () => {
    const closed = /^node:(fs|child_process|worker_threads|net|http|https|os|process)/;
    const open = new Set(["io", "batch", "cli"]);
    const found = offences(({ path, layer, imports }) =>
      imports.map((name) =>
        closed.test(name) && !open.has(layer ?? "") ? `${path} imports ${name}` : undefined,
      ),
    );
    expect(found).toEqual([]);
  });
});

describe("every source file", () => {
  test("has its licence on the first line", () => {
    expect(
      offences(({ path, text }) => [text.startsWith("// SPDX-License-Identifier: MIT\n") ? undefined : path]),
    ).toEqual([]);
  });

  test("is short enough to be read in one go", () => {
    const longest = 400;
    expect(offences(({ path, text }) => [text.split("\n").length > longest ? path : undefined])).toEqual([]);
  });

  test("is named by kebab-case nouns", () => {
    expect(
      offences(({ path }) => [/^src\/([a-z0-9-]+\/)*[a-z0-9.-]+$/.test(path) ? undefined : path]),
    ).toEqual([]);
  });

  test.each([
    { ban: /\bconsole\.|process\.std(out|err)/, instead: "give the text back; cli prints", except: "cli" },
    { ban: /\bas any\b|: any\b|<any>/, instead: "unknown and a check" },
    { ban: /@ts-(ignore|expect-error|nocheck)/, instead: "a type that says what is true" },
    { ban: /\.read(U?Int|BigU?Int|Float|Double)\d*(LE|BE)?\(/, instead: "struct() or DataView" },
    { ban: /new Function|\beval\(/, instead: "a declaration" },
    { ban: /\bTODO\b|\bFIXME\b|\bXXX\b/, instead: "do it or leave it out" },
    { ban: /Date\.now\(\)|new Date\(\)|Math\.random/, instead: "take it as an argument", except: "cli" },
    {
      ban: /\.toUpperCase\(\)|\.toLowerCase\(\)/,
      instead: "the volume's or the registry's own upper case",
      only: ["fs"],
    },
  ])("does without $ban: $instead", ({ ban, except, only }) => {
    const found = SOURCES.filter(
      ({ layer }) => layer !== except && (only === undefined || only.includes(layer ?? "")),
    )
      .filter(({ text }) => ban.test(text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "")))
      .map(({ path }) => path);
    expect(found).toEqual([]);
  });
});

describe("the project", () => {
  test("speaks of itself alone: no machine path, no registry host", () => {
    const pages = [
      ...filesBelow(".", /^(?!.*(node_modules|dist|\.git\/)).*\.(md|ts|js|json|yml|sh)$/),
      ".ci/run",
    ];
    const foreign = new RegExp(
      ["/work" + "/", "/tmp/bash" + "_jobs", "registry\\.npm" + "js", "/ro" + "ot/"].join("|"),
    );
    const found = pages.filter((path) => foreign.test(readFileSync(join(ROOT, path), "utf8")));
    expect(found).toEqual([]);
  });

  test("has a subpath for every public layer that exists", () => {
    const { exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    const closed = new Set(["bytes", "cli"]);
    const layers = [...new Set(SOURCES.map(({ layer }) => layer))].filter((layer) => layer !== undefined);
    const missing = layers.filter((layer) => !closed.has(layer) && exports[`./${layer}`] === undefined);
    expect(missing).toEqual([]);
  });

  test("locks every package that its packages name, for every platform, as npm ci demands", () => {
    const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as LockFile;
    const missing = Object.entries(packages).flatMap(([place, { dependencies, optionalDependencies }]) =>
      Object.keys({ ...dependencies, ...optionalDependencies })
        .filter((name) => packages[`node_modules/${name}`] === undefined)
        .filter((name) => packages[`${place}/node_modules/${name}`] === undefined)
        .map((name) => `${place} needs ${name}`),
    );
    expect(missing).toEqual([]);
  });

  test("uses every code that it documents", () => {
    const all = SOURCES.filter(({ path }) => !path.startsWith("src/codes")).map(({ text }) => text);
    expect(Object.keys(CODES).filter((code) => !all.some((text) => text.includes(code)))).toEqual([]);
  });
});
