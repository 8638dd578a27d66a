import {
  type Dirent,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type DiscoverImagesOptions,
  discoverImages,
  discoverPackages,
  isImageName,
  isRemote,
} from "../../src/batch/index.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-discover-"));
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(() => {
  const files = [
    "fleet/b.vhdx",
    "fleet/a.VHD",
    "fleet/notes.txt",
    "fleet/set.vhds",
    "fleet/deep/er/checkpoint.avhdx",
    "fleet/deep/disk.raw",
    "fleet/vm[1].vhdx",
    "empty/readme.md",
    "no-extension",
    "packages/b.cab",
    "packages/a.ISO",
    "packages/kb/update.msu",
    "packages/kb/old.msi",
    "packages/setup.exe",
  ];
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), "");
  }
  // "café.vhdx" in Latin-1, as old shares have it, and a name that really has a U+FFFD in it.
  mkdirSync(join(folder, "raw"));
  writeFileSync(Buffer.from(join(folder, "raw/caf\xe9.vhdx"), "latin1"), "");
  writeFileSync(join(folder, "raw/\ufffd.vhdx"), "");
  symlinkSync("..", join(folder, "fleet/deep/loop"));
  symlinkSync("b.vhdx", join(folder, "fleet/link.vhdx"));
  symlinkSync("self", join(folder, "self"));
  symlinkSync("nowhere", join(folder, "dangling"));
});

const FLEET = [
  "fleet/a.VHD",
  "fleet/b.vhdx",
  "fleet/deep/disk.raw",
  "fleet/deep/er/checkpoint.avhdx",
  "fleet/vm[1].vhdx",
];

/** What is found for paths inside the folder, as paths inside it. */
async function find(...paths: string[]): Promise<string[]> {
  const { images, unreadable } = await discoverImages(paths.map((path) => join(folder, path)));
  expect(unreadable).toEqual([]);
  return images.map((image) => relative(folder, image));
}

describe("images on a command line", () => {
  test.each([
    { what: "a file is taken whatever its name", paths: ["no-extension"], images: ["no-extension"] },
    { what: "a folder stands for the images below it, sorted", paths: ["fleet"], images: FLEET },
    {
      what: "a link that is named itself is followed",
      paths: ["fleet/link.vhdx"],
      images: ["fleet/link.vhdx"],
    },
    {
      what: "a linked folder that is named itself is searched",
      paths: ["fleet/deep/loop"],
      images: FLEET.map((image) => join("fleet/deep/loop", relative("fleet", image))),
    },
    {
      what: "arguments keep their order",
      paths: ["no-extension", "fleet/b.vhdx"],
      images: ["no-extension", "fleet/b.vhdx"],
    },
    {
      what: "an image named twice is taken once",
      paths: ["fleet/b.vhdx", "fleet", "fleet/../fleet/b.vhdx"],
      images: ["fleet/b.vhdx", ...FLEET.filter((image) => image !== "fleet/b.vhdx")],
    },
    { what: "a pattern finds files", paths: ["fleet/*.vhdx"], images: ["fleet/b.vhdx", "fleet/vm[1].vhdx"] },
    { what: "a pattern finds files of any name", paths: ["fleet/*.txt"], images: ["fleet/notes.txt"] },
    { what: "a pattern finds folders, which are searched", paths: ["fl*"], images: FLEET },
    {
      what: "a pattern goes through folders, but through no link",
      paths: ["**/*.{avhdx,raw}"],
      images: ["fleet/deep/disk.raw", "fleet/deep/er/checkpoint.avhdx"],
    },
    {
      what: "a file whose name looks like a pattern is itself",
      paths: ["fleet/vm[1].vhdx"],
      images: ["fleet/vm[1].vhdx"],
    },
    { what: "a link to itself is left to the audit to complain about", paths: ["self"], images: ["self"] },
  ])("$what", async ({ paths, images }) => {
    expect(await find(...paths)).toEqual(images);
  });

  test.each([
    { path: "absent.vhdx", message: "no file or folder is named so" },
    { path: "dangling", message: "no file or folder is named so" },
    { path: "no-extension/inside", message: "no file or folder is named so" },
    { path: "absent/*.vhdx", message: "no file or folder is named so" },
    { path: "raw/caf\ufffd.vhdx", message: expect.stringContaining("not UTF-8") },
    { path: "empty", message: "the folder holds no disk image" },
  ])("$path names nothing, which is an error of usage", async ({ path, message }) => {
    const image = join(folder, path);
    await expect(discoverImages([join(folder, "fleet"), image])).rejects.toMatchObject({
      code: "PATH_NOT_FOUND",
      kind: "usage",
      message,
      where: { image },
    });
  });

  test.each(["fleet", "fl*", "fleet/**/*.{vhdx,VHD,raw,avhdx}"])(
    "a folder below %s that cannot be listed is reported, and the search goes on",
    async (path) => {
      const { images, unreadable } = await discoverImages([join(folder, path)], {
        listFolder: listAllBut("deep"),
      });
      expect(images.map((image) => relative(folder, image)).sort()).toEqual(
        FLEET.filter((image) => !image.includes("deep")),
      );
      expect(unreadable.map(({ path }) => relative(folder, path))).toEqual(["fleet/deep"]);
      expect(unreadable[0]?.error).toMatchObject({
        code: "IO_OPEN",
        message: "the folder could not be searched (EACCES)",
        where: { image: join(folder, "fleet/deep") },
      });
    },
  );

  test.each(["raw", "raw/*", "raw/**"])(
    "names that no system call takes are reported below %s",
    async (path) => {
      const { images, unreadable } = await discoverImages([join(folder, path)]);
      expect(images.map((image) => relative(folder, image))).toEqual(["raw/\ufffd.vhdx"]);
      expect(unreadable.map(({ path }) => relative(folder, path))).toEqual(["raw/caf\ufffd.vhdx"]);
      expect(unreadable[0]?.error).toMatchObject({
        code: "IO_OPEN",
        message: expect.stringContaining("not UTF-8"),
      });
    },
  );

  test("the only folder named cannot be listed: that is reported too", async () => {
    const { images, unreadable } = await discoverImages([join(folder, "fleet/deep")], {
      listFolder: listAllBut("deep"),
    });
    expect(images).toEqual([]);
    expect(unreadable).toHaveLength(1);
  });
});

describe("URLs among the images", () => {
  test("are passed on as they are, each once", async () => {
    const urls = ["https://host.example/a%20b.vhdx?sig=x%2Fy", "HTTP://localhost:8080//\ufffd.vhdx"];
    const { images } = await discoverImages([...urls, ...urls], { listed: urls });
    expect(images).toEqual(urls);
  });

  test("are never looked for on disk", async () => {
    const listFolder = () => expect.fail("looked");
    const { images } = await discoverImages(["https://host.example/*.vhdx"], { listFolder });
    expect(images).toEqual(["https://host.example/*.vhdx"]);
  });

  test.each(["ftp://host.example/a.vhdx", "https:/host.example/a.vhdx", "file:///a.vhdx"])(
    "are https and http alone: %s is a path",
    async (path) => {
      expect(isRemote(path)).toBe(false);
      await expect(discoverImages([path])).rejects.toMatchObject({ code: "PATH_NOT_FOUND" });
    },
  );
});

describe("images of a list", () => {
  /** What is found for listed paths inside the folder, and what is not, as paths inside it. */
  async function findListed(listed: readonly string[], options: DiscoverImagesOptions = {}) {
    const inside = (path: string) => relative(folder, path);
    const { images, unreadable } = await discoverImages([], {
      ...options,
      listed: listed.map((path) => join(folder, path)),
    });
    return {
      images: images.map(inside),
      unreadable: unreadable.map(({ path, error }) => `${inside(path)}: ${error.code}: ${error.message}`),
    };
  }

  test("come after those of the command line, in their order, each once", async () => {
    const { images } = await discoverImages([join(folder, "fleet/b.vhdx")], {
      listed: ["no-extension", "fleet/b.vhdx", "fleet/a.VHD"].map((path) => join(folder, path)),
    });
    expect(images.map((image) => relative(folder, image))).toEqual([
      "fleet/b.vhdx",
      "no-extension",
      "fleet/a.VHD",
    ]);
  });

  test("may be folders", async () => {
    expect(await findListed(["fleet"])).toEqual({ images: FLEET, unreadable: [] });
  });

  test("that are not there do not end the batch", async () => {
    expect(await findListed(["absent.vhdx", "fleet/b.vhdx", "dangling", "empty", "absent.vhdx"])).toEqual({
      images: ["fleet/b.vhdx"],
      unreadable: [
        "absent.vhdx: PATH_NOT_FOUND: no file or folder is named so",
        "dangling: PATH_NOT_FOUND: no file or folder is named so",
        "empty: PATH_NOT_FOUND: the folder holds no disk image",
      ],
    });
  });

  test("that are not there take little memory, however many they are", async () => {
    const { unreadable } = await discoverImages([], { listed: ["absent.vhdx"] });
    const [one] = unreadable;
    expect(Object.keys(one ?? {})).toEqual(["path"]);
    expect(one?.error).toMatchObject({ code: "PATH_NOT_FOUND", where: { image: "absent.vhdx" } });
  });

  test("that are URLs are no names of files, whatever stands before them", async () => {
    const listed = [" https://h.example/a.vhdx?sig=1", '"https://h.example/a.vhdx?sig=1"'];
    expect(await discoverImages([], { listed })).toEqual({ images: listed, unreadable: [] });
  });

  test("are no patterns", async () => {
    expect(await findListed(["fleet/*.vhdx", "fleet/vm[1].vhdx"])).toEqual({
      images: ["fleet/vm[1].vhdx"],
      unreadable: ["fleet/*.vhdx: PATH_NOT_FOUND: no file or folder is named so"],
    });
  });

  test("that are left out need not be there", async () => {
    expect(await findListed(["gone.avhdx", "fleet/b.vhdx"], { exclude: ["*.avhdx"] })).toEqual({
      images: ["fleet/b.vhdx"],
      unreadable: [],
    });
  });

  test("have to be some, or there is nothing to do, which is an error of usage", async () => {
    await expect(discoverImages([], { listed: [] })).rejects.toMatchObject({
      code: "PATH_NOT_FOUND",
      message: "no path is named, and no list names one",
    });
  });
});

/** Refuses to list folders of that name, as the system does for one without permission. */
function listAllBut(name: string): (path: string) => Dirent[] {
  return (path) => {
    if (/([^/]+)\/*$/.exec(path)?.[1] === name) throw Object.assign(new Error("denied"), { code: "EACCES" });
    return readdirSync(path, { withFileTypes: true });
  };
}

describe("packages on a command line", () => {
  const PACKAGES = ["packages/a.ISO", "packages/b.cab", "packages/kb/old.msi", "packages/kb/update.msu"];

  /** What is found for paths inside the folder: files, and what is inside of them behind a colon. */
  async function findPackages(...paths: string[]): Promise<string[]> {
    const { packages } = await discoverPackages(paths.map((path) => join(folder, path)));
    return packages.map(({ file, inside }) => relative(folder, file) + (inside === null ? "" : `:${inside}`));
  }

  test.each([
    { what: "a folder stands for the packages below it", paths: ["packages"], found: PACKAGES },
    {
      what: "a file is taken whatever its name",
      paths: ["packages/setup.exe"],
      found: ["packages/setup.exe"],
    },
    {
      what: "a pattern finds files",
      paths: ["packages/*.{exe,cab}"],
      found: ["packages/b.cab", "packages/setup.exe"],
    },
    {
      what: "a path goes on into a file",
      paths: ["packages/a.ISO/support/x86/one.cab", "packages/a.ISO"],
      found: ["packages/a.ISO:support/x86/one.cab", "packages/a.ISO"],
    },
    {
      what: "what is inside a file is taken once",
      paths: ["packages/a.ISO/x", "packages/kb/../a.ISO/x"],
      found: ["packages/a.ISO:x"],
    },
  ])("$what", async ({ paths, found }) => {
    expect(await findPackages(...paths)).toEqual(found);
  });

  test.each([
    { path: "packages/absent.cab", message: "no file or folder is named so" },
    { path: "empty", message: "the folder holds no package" },
  ])("$path names nothing, which is an error of usage", async ({ path, message }) => {
    await expect(findPackages(path)).rejects.toMatchObject({ code: "PATH_NOT_FOUND", message });
  });
});

test.each([
  ["golden.vhdx", true],
  ["GOLDEN.VHDX", true],
  ["checkpoint.avhd", true],
  ["disk.img", true],
  ["set.vhds", false],
  ["vhdx", false],
  ["golden.vhdx.gz", false],
  ["rom.bin", false],
])("in a folder, %s is an image: %s", (name, is) => {
  expect(isImageName(name)).toBe(is);
});
