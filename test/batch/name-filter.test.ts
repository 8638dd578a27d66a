import { type Dirent, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DiscoverImagesOptions, discoverImages } from "../../src/batch/index.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-filter-"));
afterAll(() => rmSync(folder, { recursive: true }));

const FILES = [
  "fleet/.snapshot/web01.vhdx",
  "fleet/db01.VHDX",
  "fleet/old/db01.vhdx",
  "fleet/old/deep/web01.vhd",
  "fleet/web01.vhdx",
  "fleet/web02.vhdx",
  "fleet/web02_A1.avhdx",
];

beforeAll(() => {
  for (const file of [...FILES, "backup/fleet/web09.vhdx"]) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), "");
  }
});

/** What is found for paths inside the folder, as paths inside it. */
async function find(paths: readonly string[], options: DiscoverImagesOptions): Promise<string[]> {
  const { images } = await discoverImages(
    paths.map((path) => join(folder, path)),
    options,
  );
  return images.map((image) => relative(folder, image));
}

const without = (pattern: RegExp) => FILES.filter((file) => !pattern.test(file));
const only = (pattern: RegExp) => FILES.filter((file) => pattern.test(file));

describe("names that are left out or taken alone", () => {
  test.each([
    { what: "files, by name", exclude: ["*.avhdx"], found: without(/avhdx/) },
    { what: "files, in either case", exclude: ["DB*.vhdx"], found: without(/db/) },
    { what: "folders with everything below them, by name", exclude: ["old"], found: without(/old/) },
    { what: "hidden folders", exclude: [".*"], found: without(/\.snap/) },
    {
      what: "folders alone, for a slash at the end",
      exclude: ["old/", "web01.vhdx/"],
      found: without(/old/),
    },
    { what: "by the end of the path", exclude: ["old/*.vhdx"], found: without(/old\/db/) },
    { what: "by the end of the path, any depth", exclude: ["old/**/*.vhd"], found: without(/deep/) },
    { what: "by the path as reports have it", exclude: ["fleet/old"], found: without(/old/) },
    { what: "by a path that begins with a dot", exclude: ["./fleet/old", "../x/y"], found: without(/old/) },
    { what: "by the whole path", exclude: [join(folder, "fleet/old/**")], found: without(/old/) },
    { what: "by no path that ends before", exclude: ["/old/**", "ld/db01.vhdx"], found: FILES },
    { what: "by several patterns", exclude: ["web*", "old"], found: ["fleet/db01.VHDX"] },
    { what: "by alternatives", exclude: ["{web,db}01.*"], found: only(/web02/) },
    { what: "by a `!` that is a character", exclude: ["!web*"], found: FILES },
    { what: "all but files of a name", include: ["web*"], found: only(/web/) },
    { what: "all but a folder", include: ["deep"], found: only(/deep/) },
    { what: "all but a part of the path", include: ["old/**"], found: only(/old/) },
    {
      what: "all but some, and of those some",
      include: ["web*"],
      exclude: ["*.avhdx"],
      found: only(/web.*vhdx?$/).filter((file) => !/avhdx/.test(file)),
    },
    { what: "what is taken alone, too", include: ["old"], exclude: ["deep"], found: ["fleet/old/db01.vhdx"] },
    { what: "nothing, for empty lists", include: [], exclude: [], found: FILES },
  ])("$what", async ({ found, include = [], exclude = [] }) => {
    expect(await find(["fleet"], { include, exclude })).toEqual(found);
    // The same whether a folder is searched, a pattern is expanded here, or a shell or a program has found the files.
    expect((await find(["flee?"], { include, exclude })).sort()).toEqual(found);
    expect((await find(["fleet/**/*.{vhdx,VHDX,avhdx,vhd}"], { include, exclude })).sort()).toEqual(
      found.filter((file) => !file.includes(".snapshot")),
    );
  });

  test("are not asked of the folder that is named, nor of those above it", async () => {
    expect(await find(["backup/fleet"], { exclude: ["fleet", "backup"] })).toEqual([
      "backup/fleet/web09.vhdx",
    ]);
    expect(await find(["backup/fleet/*.vhdx"], { exclude: ["fleet", "backup"] })).toEqual([
      "backup/fleet/web09.vhdx",
    ]);
  });

  test("are also those of files that are named themselves, as a shell has found them", async () => {
    const named = ["fleet/web01.vhdx", "fleet/db01.VHDX", "fleet/old/db01.vhdx"];
    expect(await find(named, { exclude: ["db*"] })).toEqual(["fleet/web01.vhdx"]);
    expect(await find(named, { exclude: ["old/*"] })).toEqual(["fleet/web01.vhdx", "fleet/db01.VHDX"]);
    expect(await find(named, { include: ["db*"] })).toEqual(["fleet/db01.VHDX", "fleet/old/db01.vhdx"]);
  });

  test.each([
    { exclude: ["*.avhdx"], found: ["https://host.example/old/web01.vhdx?sig=a.avhdx"] },
    { exclude: ["old/*"], found: ["https://host.example/web.AVHDX"] },
    { exclude: ["https://host.example/old/**"], found: ["https://host.example/web.AVHDX"] },
    { include: ["web01.vhdx"], found: ["https://host.example/old/web01.vhdx?sig=a.avhdx"] },
  ])("are those of URLs, without their query", async ({ found, ...patterns }) => {
    const urls = ["https://host.example/old/web01.vhdx?sig=a.avhdx", "https://host.example/web.AVHDX"];
    const { images } = await discoverImages(urls, patterns);
    expect(images).toEqual(found);
  });

  test("may be all that a path has, but not all there are", async () => {
    expect(await find(["fleet/old", "fleet/web01.vhdx"], { exclude: ["*db*", "deep"] })).toEqual([
      "fleet/web01.vhdx",
    ]);
    await expect(find(["fleet"], { include: ["nothing-so-named"] })).rejects.toMatchObject({
      code: "PATH_NOT_FOUND",
      message: "include and exclude leave nothing of what was found",
    });
  });

  test.each(["fleet", "flee?", "fleet/**/*.vhdx"])(
    "cost no search of %s where folders are left out",
    async (path) => {
      const listFolder = (path: string): Dirent[] => {
        const entries = readdirSync(path, { withFileTypes: true });
        if (basename(path) === ".snapshot") throw Object.assign(new Error("denied"), { code: "EACCES" });
        return entries;
      };
      const { unreadable } = await discoverImages([join(folder, path)], {
        listFolder,
        exclude: [".snapshot"],
      });
      expect(unreadable).toEqual([]);
    },
  );

  test.each([
    { pattern: "", message: '"" is no pattern of names: it is empty' },
    { pattern: "/", message: '"/" is no pattern of names' },
    { pattern: "[z-a]", message: "Range out of order" },
    { pattern: "{a,b", message: "Unterminated group" },
    { pattern: "vm{8..12}", message: "{8..12} is not known: write the names out" },
    { pattern: "a".repeat(70_000), message: "exceeds maximum" },
  ])("have to be patterns", async ({ pattern, message }) => {
    for (const patterns of [{ include: [pattern] }, { exclude: ["a", pattern] }]) {
      await expect(find(["fleet"], patterns)).rejects.toMatchObject({
        code: "USAGE",
        message: expect.stringContaining(message),
      });
    }
  });
});
