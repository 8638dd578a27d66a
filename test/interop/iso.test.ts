import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { VmguestError } from "../../src/errors.ts";
import { FileSource, MemorySource, readBytes } from "../../src/io/index.ts";
import { type DiscEntry, DiscImage } from "../../src/package/index.ts";
import { mutateBytes, seededRandom } from "../fuzz/mutation.ts";
import { flatten, type LabFolder, labFile, pattern } from "../lab/disc-tree.ts";
import { buildIso } from "../lab/iso9660.ts";
import { BRIDGE_BLOCK, buildBridge, buildUdf } from "../lab/udf.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-interop-iso-"));
afterAll(() => rmSync(folder, { recursive: true }));

function run(tool: string, ...parameters: string[]): string {
  return execFileSync(tool, parameters, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** The layout of Microsoft's vmguest.iso, and names that try what the file systems can hold. */
const VMGUEST: LabFolder = {
  "autorun.inf": labFile("[autorun]\r\nopen=support\\x86\\setup.exe\r\n"),
  version: labFile("6.3.9600.18080\r\n"),
  support: Object.fromEntries(
    [
      ["amd64", "x64"],
      ["x86", "x86"],
    ].map(([name, suffix]) => [
      name,
      {
        "setup.exe": labFile(pattern(150_000, 1)),
        [`Windows5.x-HyperVIntegrationServices-${suffix}.msi`]: labFile(pattern(90_000, 2)),
        [`Windows6.2-HyperVIntegrationServices-${suffix}.cab`]: labFile(pattern(70_001, 3)),
        [`Windows6.x-HyperVIntegrationServices-${suffix}.cab`]: labFile(pattern(60_000, 4)),
      },
    ]),
  ),
};

const TREE: LabFolder = {
  ...VMGUEST,
  empty: labFile(""),
  "empty folder": {},
  "Größe ΩжΘ.txt": labFile("names beyond ASCII"),
  many: Object.fromEntries(
    Array.from({ length: 300 }, (_, index) => [`file ${index}.txt`, labFile(`${index}`)]),
  ),
  a: { b: { c: { d: { e: { "deep.bin": labFile(pattern(5000, 5)) } } } } },
};

/** The same with names longer than Joliet's 64 characters. */
const LONG_TREE: LabFolder = {
  ...TREE,
  [`amd64_${"microsoft-hyper-v-".repeat(5)}none`]: {
    [`${"n".repeat(90)}.manifest`]: labFile("a long name"),
  },
};

/** Names of up to 255 bytes, which Rock Ridge continues in another place. */
const HUGE_TREE: LabFolder = {
  [`${"h".repeat(240)}.txt`]: labFile("huge"),
  ["H".repeat(255)]: { ["Ω".repeat(127)]: labFile("huge too") },
};

/** Twelve levels: more than ISO 9660 allows. */
const DEEP_TREE: LabFolder = Array.from({ length: 12 }).reduce<LabFolder>(
  (tree, _, level) => ({ [`level ${level}`]: tree, "side.txt": labFile(`beside ${level}`) }),
  { "bottom.txt": labFile("at the bottom") },
);

function writeTree(name: string, tree: LabFolder): string {
  const root = join(folder, name);
  mkdirSync(root);
  for (const [path, content] of flatten(tree)) {
    if (content === undefined) mkdirSync(join(root, path), { recursive: true });
    else {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
  }
  return root;
}

const trees = {
  tree: writeTree("tree", TREE),
  long: writeTree("long", LONG_TREE),
  huge: writeTree("huge", HUGE_TREE),
  deep: writeTree("deep", DEEP_TREE),
};

const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** What stands below a folder of the host: `path/` for a directory, else path, size and digest. */
function hostListing(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .map((path) => {
      if (statSync(join(root, path)).isDirectory()) return `${path}/`;
      const content = readFileSync(join(root, path));
      return `${path} ${content.length} ${digest(content)}`;
    })
    .toSorted();
}

/** The same of a disc. */
function discListing(disc: DiscImage): string[] {
  return Array.from(disc.list(), (entry) => {
    if (entry.isDirectory) return `${entry.path}/`;
    const source = disc.open(entry);
    return `${entry.path} ${entry.sizeBytes} ${digest(readBytes(source, 0, source.sizeBytes))}`;
  }).toSorted();
}

/** What 7-Zip unpacks. */
function unpacked(image: string): string[] {
  const target = mkdtempSync(join(folder, "unpacked-"));
  try {
    run("7z", "x", "-y", `-o${target}`, image);
    return hostListing(target);
  } finally {
    rmSync(target, { recursive: true });
  }
}

function withDisc<T>(image: string, work: (disc: DiscImage, source: FileSource) => T): T {
  const source = FileSource.open(image);
  try {
    return work(DiscImage.open(source), source);
  } finally {
    source.close();
  }
}

/** For names beyond ASCII, whatever the locale of the host. */
const UTF8 = ["-input-charset", "utf-8"];
const genisoimage = (image: string, root: string, ...options: string[]) =>
  run("genisoimage", "-quiet", "-V", "VMGUEST", ...options, "-o", image, root);
const xorriso = (image: string, root: string, ...options: string[]) =>
  run("xorriso", "-as", "mkisofs", "-quiet", "-V", "VMGUEST", ...options, "-o", image, root);

const IMAGES = [
  { what: "genisoimage -R", kind: "rock-ridge", tree: "long", make: genisoimage, options: ["-R"] },
  { what: "genisoimage -J", kind: "joliet", tree: "tree", make: genisoimage, options: ["-J"] },
  { what: "genisoimage -J -R", kind: "joliet", tree: "tree", make: genisoimage, options: ["-J", "-R"] },
  { what: "genisoimage -udf", kind: "udf", tree: "long", make: genisoimage, options: ["-udf"] },
  {
    what: "genisoimage -J -joliet-long -R -udf",
    kind: "udf",
    tree: "long",
    make: genisoimage,
    options: ["-J", "-joliet-long", "-R", "-udf"],
  },
  { what: "xorriso -R", kind: "rock-ridge", tree: "long", make: xorriso, options: ["-R"] },
  {
    what: "xorriso -J -joliet-long",
    kind: "joliet",
    tree: "tree",
    make: xorriso,
    options: ["-J", "-joliet-long", "-R"],
  },
] as const;

describe.each(IMAGES)("an image by $what", ({ what, kind, tree, make, options }) => {
  const image = join(folder, `${what.replaceAll(" ", "")}.iso`);
  make(image, trees[tree], ...UTF8, ...options);

  test("has every path, size and digest of the tree it was made from, as 7-Zip sees them", () => {
    withDisc(image, (disc) => {
      expect(disc).toMatchObject({ kind, label: "VMGUEST", findings: [] });
      const listing = discListing(disc);
      expect(listing).toEqual(hostListing(trees[tree]));
      expect(listing).toEqual(unpacked(image));
      expect(disc.findings).toEqual([]);
    });
  });

  test("has the times of its files", () => {
    withDisc(image, (disc) => {
      for (const entry of disc.list()) {
        // genisoimage gives directories their time of access in places; files have that of their last change.
        if (entry.isDirectory) continue;
        const seconds = Math.floor(statSync(join(trees[tree], entry.path)).mtimeMs / 1000);
        expect([entry.path, Date.parse(entry.modified ?? "") / 1000]).toEqual([entry.path, seconds]);
      }
    });
  });

  test("gives the integration services of an architecture at once", () => {
    withDisc(image, (disc) => {
      const path = "SUPPORT\\AMD64\\windows6.x-hypervintegrationservices-x64.cab";
      const entry = disc.find(path) ?? expect.fail();
      expect(entry).toMatchObject({
        path: "support/amd64/Windows6.x-HyperVIntegrationServices-x64.cab",
        sizeBytes: 60_000,
      });
      const origin = disc.open(entry).originOf?.(0, 60_000) ?? expect.fail();
      const there = readFileSync(image).subarray(origin.offset, origin.offset + 60_000);
      expect(digest(there)).toBe(digest(pattern(60_000, 4)));
    });
  });
});

describe("an image with names of ISO 9660 alone", () => {
  test.each([
    { what: "of level 1", options: UTF8 },
    { what: "of level 3", options: [...UTF8, "-iso-level", "3"] },
    { what: "untranslated", options: [...UTF8, "-U"] },
    // It has no table for UTF-8 at this level, which has names of 207 characters.
    { what: "of level 4", options: ["-input-charset", "iso8859-1", "-iso-level", "4"] },
  ])("$what has what 7-Zip unpacks from it", ({ what, options }) => {
    const image = join(folder, `plain ${what}.iso`);
    genisoimage(image, trees.tree, ...options);
    withDisc(image, (disc) => {
      expect(disc).toMatchObject({ kind: "iso9660", label: "VMGUEST" });
      expect(discListing(disc)).toEqual(unpacked(image));
      expect(disc.findings).toEqual([]);
    });
  });
});

test.each([
  { what: "moved by genisoimage", make: genisoimage, options: ["-R"], extra: ["rr_moved/"] },
  { what: "left in place by genisoimage", make: genisoimage, options: ["-R", "-D"], extra: [] },
  { what: "by xorriso", make: xorriso, options: ["-R"], extra: [] },
  { what: "in UDF", make: genisoimage, options: ["-R", "-udf"], extra: [] },
  { what: "in Joliet", make: genisoimage, options: ["-J", "-R"], extra: [] },
])(
  "directories that are too deep for ISO 9660, $what, are where they belong",
  ({ what, make, options, extra }) => {
    const image = join(folder, `deep ${what}.iso`);
    make(image, trees.deep, ...options);
    withDisc(image, (disc) => {
      expect(discListing(disc)).toEqual([...hostListing(trees.deep), ...extra].toSorted());
      expect(disc.findings).toEqual([]);
    });
  },
);

test.each([
  { what: "genisoimage", make: genisoimage },
  { what: "xorriso", make: xorriso },
])("names of 255 bytes in Rock Ridge are whole in an image by $what", ({ what, make }) => {
  const image = join(folder, `huge ${what}.iso`);
  make(image, trees.huge, ...UTF8, "-R");
  withDisc(image, (disc) => {
    expect(discListing(disc)).toEqual(hostListing(trees.huge));
    expect(disc.findings).toEqual([]);
  });
});

test("links and devices of Rock Ridge are told from files", () => {
  const root = writeTree("special", { "file.txt": labFile("file") });
  run("ln", "-s", "file.txt", join(root, "link"));
  run("mkfifo", join(root, "pipe"));
  const image = join(folder, "special.iso");
  genisoimage(image, root, "-R");
  withDisc(image, (disc) => {
    const types = Array.from(disc.list(), ({ path, type }: DiscEntry) => `${path}: ${type}`);
    expect(types.toSorted()).toEqual(["file.txt: file", "link: link", "pipe: device"]);
  });
});

test("a file compressed by zisofs is refused, and the others are read", () => {
  const root = writeTree("zisofs", {
    "text.txt": labFile("text ".repeat(20_000)),
    "small.txt": labFile("small"),
  });
  const image = join(folder, "zisofs.iso");
  run(
    "xorriso",
    "-outdev",
    image,
    "-padding",
    "0",
    "-map",
    root,
    "/",
    "-set_filter_r",
    "--zisofs",
    "/text.txt",
    "--",
    "-commit",
  );
  withDisc(image, (disc) => {
    const entry = disc.find("text.txt") ?? expect.fail();
    expect(() => disc.open(entry)).toThrow(expect.objectContaining({ code: "ISO_UNSUPPORTED" }));
    expect(disc.open(disc.find("small.txt") ?? expect.fail()).sizeBytes).toBe(5);
  });
});

describe("a volume that mkudffs formatted", () => {
  test.each([
    { media: "hd", blockSize: "512", revision: "2.01" },
    { media: "hd", blockSize: "2048", revision: "1.02" },
    { media: "hd", blockSize: "4096", revision: "1.50" },
    { media: "dvd", blockSize: "2048", revision: "1.02" },
    { media: "dvdram", blockSize: "2048", revision: "2.00" },
    { media: "dvdrw", blockSize: "2048", revision: "2.01" },
    // With a sparing table, and a file for what cannot be allocated.
    { media: "cdrw", blockSize: "2048", revision: "1.50" },
  ])("for $media, UDF $revision, blocks of $blockSize, is read", ({ media, blockSize, revision }) => {
    const image = join(folder, `${media}-${blockSize}.udf`);
    writeFileSync(image, "");
    truncateSync(image, 20 * 2 ** 20);
    run(
      "mkudffs",
      `--media-type=${media}`,
      `--blocksize=${blockSize}`,
      `--udfrev=${revision}`,
      "--label=Größe Ω",
      image,
    );
    withDisc(image, (disc) => {
      expect(disc).toMatchObject({ kind: "udf", label: "Größe Ω" });
      expect(Array.from(disc.list(), ({ path }) => path)).toEqual(
        media === "cdrw" ? ["Non-Allocatable Space"] : [],
      );
      expect(disc.findings).toEqual([]);
    });
  });

  test.each(["cdr", "bdr"])("for %s, with a virtual partition, is refused by its name", (media) => {
    const image = join(folder, `${media}.udf`);
    writeFileSync(image, "");
    truncateSync(image, 20 * 2 ** 20);
    run("mkudffs", `--media-type=${media}`, image);
    const message = expect.stringContaining("*UDF Virtual Partition");
    const error = expect.objectContaining({ code: "UDF_UNSUPPORTED", message });
    expect(() => withDisc(image, () => undefined)).toThrow(error);
  });
});

describe("what the lab builds, 7-Zip reads as vmguest does", () => {
  const pieces = { content: pattern(9000, 6), pieces: [4096, 2048] };
  const small = {
    "READ.ME": labFile("hello"),
    EMPTY: labFile(""),
    SUPPORT: { AMD64: { "SETUP.EXE": pieces } },
  };
  const allocations = {
    ...LONG_TREE,
    embedded: { content: pattern(500), allocation: "embedded" },
    long: { ...pieces, allocation: "long" },
  } as const;

  test.each([
    { what: "ISO 9660", bytes: buildIso({ tree: small }).bytes },
    { what: "Joliet", bytes: buildIso({ tree: TREE, joliet: true }).bytes },
    { what: "Rock Ridge", bytes: buildIso({ tree: TREE, rockRidge: true }).bytes },
    { what: "UDF 1.02", bytes: buildUdf({ tree: allocations }).bytes },
    {
      what: "UDF 2.01",
      bytes: buildUdf({ tree: allocations, isExtended: true, embedsDirectories: true }).bytes,
    },
    { what: "UDF in blocks of 512 bytes", bytes: buildUdf({ tree: LONG_TREE, blockSizeBytes: 512 }).bytes },
  ])("$what", ({ what, bytes }) => {
    const image = join(folder, `lab ${what}.iso`);
    writeFileSync(image, bytes);
    withDisc(image, (disc) => expect(discListing(disc)).toEqual(unpacked(image)));
  });

  test("an image with ISO 9660 and UDF, of which both take UDF", () => {
    const iso = buildIso({ tree: small, joliet: true, firstBlock: BRIDGE_BLOCK });
    const image = join(folder, "bridge.iso");
    writeFileSync(
      image,
      buildBridge(iso.bytes, buildUdf({ tree: { ...small, "UDF.TXT": labFile("1") } }).bytes),
    );
    expect(run("7z", "l", image)).toMatch(/^Path = UDF.TXT$|UDF\.TXT/m);
    withDisc(image, (disc) => expect(disc.find("udf.txt")).toBeDefined());
  });

  test("isoinfo finds the names of Rock Ridge that are continued", () => {
    const image = join(folder, "continued.iso");
    writeFileSync(image, buildIso({ tree: LONG_TREE, rockRidge: true }).bytes);
    const names = run("isoinfo", "-R", "-f", "-i", image).trimEnd().split("\n");
    const paths = withDisc(image, (disc) => Array.from(disc.list(), ({ path }) => `/${path}`));
    expect(paths.toSorted()).toEqual(names.toSorted());
  });

  test("udfinfo finds the metadata partition", () => {
    const image = join(folder, "metadata.udf");
    writeFileSync(
      image,
      buildUdf({ tree: TREE, partition: "metadata", isExtended: true, label: "Größe" }).bytes,
    );
    expect(run("udfinfo", image)).toContain("label=Größe\n");
  });
});

test("an image of genisoimage with bytes changed gives files or a typed error", () => {
  const root = writeTree("small", { ...VMGUEST, support: { "setup.exe": labFile("setup") } });
  for (const options of [["-J", "-R"], ["-R"], ["-udf"]]) {
    const image = join(folder, `mutated${options.join("")}.iso`);
    genisoimage(image, root, ...options);
    const bytes = readFileSync(image);
    const random = seededRandom(20_26);
    for (let round = 0; round < 300; round++) {
      try {
        const disc = DiscImage.open(new MemorySource(mutateBytes(random, bytes)));
        for (const entry of disc.list()) if (entry.type === "file") disc.open(entry);
      } catch (error) {
        expect(error).toBeInstanceOf(VmguestError);
      }
    }
  }
});
