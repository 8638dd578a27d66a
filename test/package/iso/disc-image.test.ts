import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ByteSource, MemorySource, type Origin, SliceSource } from "../../../src/io/index.ts";
import { DiscImage, isDiscImage } from "../../../src/package/index.ts";
import { type LabFolder, labFile, pattern } from "../../lab/disc-tree.ts";
import { buildIso, LAB_TIME } from "../../lab/iso9660.ts";
import { BRIDGE_BLOCK, buildBridge, buildUdf, LAB_UDF_TIME } from "../../lab/udf.ts";
import {
  code,
  codes,
  contentOf,
  contentsIn,
  contentsOf,
  LONG_TREE,
  open,
  patched,
  paths,
  RecordedSource,
  TREE,
} from "./discs.ts";

const KINDS = [
  { kind: "iso9660", image: (tree: LabFolder) => buildIso({ tree }).bytes, tree: TREE },
  { kind: "joliet", image: (tree: LabFolder) => buildIso({ tree, joliet: true }).bytes, tree: LONG_TREE },
  {
    kind: "rock-ridge",
    image: (tree: LabFolder) => buildIso({ tree, rockRidge: true }).bytes,
    tree: LONG_TREE,
  },
  { kind: "udf", image: (tree: LabFolder) => buildUdf({ tree }).bytes, tree: LONG_TREE },
] as const;

describe.each(KINDS)("a disc of kind $kind", ({ kind, image, tree }) => {
  test("is recognized, and gives its kind and label", () => {
    const bytes = image(tree);
    expect(isDiscImage(new MemorySource(bytes))).toBe(true);
    expect(open(bytes)).toMatchObject({ kind, label: "LAB", findings: [] });
  });

  test("lists everything depth first in stored order, and opens every file", () => {
    const disc = open(image(tree));
    expect(contentsOf(disc)).toEqual(contentsIn(tree));
    expect(disc.findings).toEqual([]);
  });

  test("says of each entry what it is", () => {
    const disc = open(image(TREE));
    const modified = kind === "udf" ? LAB_UDF_TIME : LAB_TIME;
    expect(disc.find("SUPPORT/AMD64/SETUP.EXE")).toEqual({
      path: "SUPPORT/AMD64/SETUP.EXE",
      isDirectory: false,
      type: "file",
      sizeBytes: 5000,
      modified,
    });
    expect(disc.find("SUPPORT")).toEqual({
      path: "SUPPORT",
      isDirectory: true,
      type: "directory",
      sizeBytes: 0,
      modified,
    });
  });

  test.each([
    { path: "SUPPORT/X86/SETUP.EXE", found: "SUPPORT/X86/SETUP.EXE" },
    { path: "support\\x86\\Setup.exe", found: "SUPPORT/X86/SETUP.EXE" },
    { path: "/Support//X86/", found: "SUPPORT/X86" },
    { path: "support/none", found: "SUPPORT/NONE" },
    { path: "support/none/x", found: undefined },
    { path: "last.txt/x", found: undefined },
    { path: "nothing", found: undefined },
    { path: "SUPPORT/../LAST.TXT", found: undefined },
    { path: "./LAST.TXT", found: undefined },
    { path: "", found: undefined },
    { path: "/", found: undefined },
  ])("finds $found at $path", ({ path, found }) => {
    expect(open(image(TREE)).find(path)?.path).toBe(found);
  });

  test("finds a file by reading the directories on the way alone, and its bytes in place", () => {
    const noise = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [`DIR${index}`, { "FILE.TXT": labFile(`file ${index}`) }]),
    );
    const tree = { ...noise, SUPPORT: { ...noise, X64: { "A.CAB": labFile("cab") } } };
    const source = new RecordedSource(image(tree));
    const disc = DiscImage.open(source);
    source.sectors.clear();
    const entry = disc.find("support/x64/a.cab");
    expect(entry?.path).toBe("SUPPORT/X64/A.CAB");
    // Two directories of sixty entries, a small one, and in UDF the file entries of three: not 120 other folders.
    expect(source.sectors.size).toBeLessThan(16);
    source.sectors.clear();
    const content = disc.open(entry ?? expect.fail());
    expect(content.sizeBytes).toBe(3);
    source.sectors.clear();
    expect(contentOf(content).toString()).toBe("cab");
    expect(source.sectors.size).toBe(1);
  });

  test("lists only what is below a directory when asked to", () => {
    const disc = open(image(TREE));
    expect(paths(disc, disc.find("support/amd64"))).toEqual([
      "SUPPORT/AMD64/SETUP.EXE",
      "SUPPORT/AMD64/WINDOWS6.CAB",
    ]);
    expect(paths(disc, disc.find("last.txt"))).toEqual([]);
  });

  test("reads as it is listed: nothing before the first entry is asked for", () => {
    const source = new RecordedSource(image(TREE));
    const disc = DiscImage.open(source);
    source.sectors.clear();
    const listing = disc.list();
    expect(source.sectors.size).toBe(0);
    expect(listing.next().value?.path).toBe("AUTORUN.INF");
    expect(source.sectors.size).toBeLessThan(4);
  });

  test("refuses to open a directory, and an entry of another disc", () => {
    const bytes = image(TREE);
    const disc = open(bytes);
    const directory = disc.find("SUPPORT") ?? expect.fail();
    expect(() => disc.open(directory)).toThrow(code("DISC_NOT_A_FILE", "directory"));
    const foreign = open(bytes).find("LAST.TXT") ?? expect.fail();
    expect(() => disc.open(foreign)).toThrow(code("USAGE"));
  });

  test("tells where the bytes of a file in one piece stand in the image", () => {
    const bytes = image(TREE);
    const disc = DiscImage.open(new NamedSource(bytes));
    const content = disc.open(disc.find("SUPPORT/AMD64/SETUP.EXE") ?? expect.fail());
    const origin = content.originOf?.(100, 4000) ?? expect.fail();
    expect(origin.file).toBe("disc.iso");
    const there = bytes.subarray(origin.offset, origin.offset + 4000);
    expect(contentOf(content).subarray(100, 4100).equals(there)).toBe(true);
    expect(content.originOf?.(0, 0)).toBeUndefined();
  });

  test("is left as it was", () => {
    const bytes = image(tree);
    const before = Buffer.from(bytes);
    contentsOf(open(bytes));
    expect(before.equals(bytes)).toBe(true);
  });

  test("reads the same through a part of a larger file", () => {
    const bytes = image(TREE);
    const larger = new Uint8Array(bytes.length + 1000);
    larger.set(bytes, 777);
    const disc = DiscImage.open(new SliceSource(new MemorySource(larger), 777, bytes.length));
    expect(contentsOf(disc)).toEqual(contentsIn(TREE));
  });

  test("gives names that can stand in a path, each once", () => {
    const tree = {
      ["A\u0000B"]: labFile("1"),
      "C/D": labFile("2"),
      "C\\D": labFile("3"),
      ["C_D"]: labFile("4"),
      "E.TXT": labFile("5"),
    };
    const disc = open(image(tree));
    expect(paths(disc)).toEqual(["A_B", "C_D", "C_D~2", "C_D~3", "E.TXT"]);
    expect(codes(disc)).toEqual(["DISC_NAME", "DISC_NAME", "DISC_NAME", "DISC_NAME"]);
    expect(contentOf(disc.open(disc.find("c_d~2") ?? expect.fail())).toString()).toBe("3");
  });

  test("keeps names apart that differ in case alone, and finds the one that is spelled so", () => {
    const disc = open(image({ "a.txt": labFile("small"), "A.TXT": labFile("large") }));
    const read = (path: string) => contentOf(disc.open(disc.find(path) ?? expect.fail())).toString();
    expect([read("A.TXT"), read("a.txt"), read("A.txt")]).toEqual(["large", "small", "small"]);
  });

  test("lists a directory of a thousand entries over many sectors", () => {
    const tree = Object.fromEntries(
      Array.from({ length: 1000 }, (_, index) => [`FILE${index}.TXT`, labFile(String(index))]),
    );
    const disc = open(image({ MANY: tree }));
    expect(paths(disc)).toEqual(["MANY", ...Object.keys(tree).map((name) => `MANY/${name}`)]);
    expect(disc.find("many/file777.txt")?.sizeBytes).toBe(3);
  });

  test("says that an image is cut off, and which files that concerns", () => {
    const bytes = image({ ...TREE, "TAIL.BIN": labFile(pattern(400_000)) });
    const found = bytes.length - 200_000;
    const cut = bytes.subarray(0, found);
    // UDF keeps its file entries in front of the data, ISO 9660 its directories behind it.
    if (kind !== "udf") {
      expect(() => open(cut)).toThrow(code("DISC_TRUNCATED"));
      return;
    }
    const disc = open(cut);
    expect(codes(disc)).toEqual(["DISC_TRUNCATED"]);
    expect(() => disc.open(disc.find("tail.bin") ?? expect.fail())).toThrow(code("DISC_TRUNCATED"));
    expect(contentOf(disc.open(disc.find("last.txt") ?? expect.fail())).toString()).toBe("the end");
  });

  test("reads back any tree as it was written", () => {
    const upper = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,7}$/);
    const free = fc.stringMatching(/^[a-zA-ZäöüßΩж€ _.,-]{0,20}[a-zA-ZΩ]$/);
    const file = fc.uint8Array({ maxLength: 5000 }).map(labFile);
    const { tree } = fc.letrec<{ tree: LabFolder; entry: LabFolder | ReturnType<typeof labFile> }>((tie) => ({
      tree: fc.dictionary(kind === "iso9660" ? upper : free, tie("entry"), { maxKeys: 5 }),
      entry: fc.oneof({ maxDepth: 3 }, file, tie("tree")),
    }));
    fc.assert(
      fc.property(tree, (tree) => {
        const disc = open(image(tree));
        expect(contentsOf(disc)).toEqual(contentsIn(tree));
        expect(disc.findings).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });
});

describe("a disc with several file systems", () => {
  const iso = buildIso({ tree: { "ISO.TXT": labFile("iso") }, joliet: true, firstBlock: BRIDGE_BLOCK });
  const udf = buildUdf({ tree: { "UDF.TXT": labFile("udf") } });
  const bridge = buildBridge(iso.bytes, udf.bytes);
  const place = (name: string) => udf.places.get(name) ?? expect.fail(`no ${name}`);
  const jolietRoot = 2048 * (iso.bytes.length / 2048 - 1);

  test("is read as UDF", () => {
    expect(open(bridge).kind).toBe("udf");
    expect(paths(open(bridge))).toEqual(["UDF.TXT"]);
  });

  test.each([
    {
      what: "no anchor is left",
      damage: () => bridge.slice().fill(0, place("anchor"), place("anchor") + 512),
    },
    { what: "the file set is damaged", damage: () => patched(bridge, place("file set") + 4, 1) },
    { what: "the entry of the root is damaged", damage: () => patched(bridge, place("entry:") + 4, 1) },
    { what: "the root directory is damaged", damage: () => patched(bridge, place("name:UDF.TXT") + 4, 1) },
  ])("falls back to Joliet where $what, and says so", ({ damage }) => {
    const disc = open(damage());
    expect(disc.kind).toBe("joliet");
    expect(paths(disc)).toEqual(["ISO.TXT"]);
    expect(codes(disc)).toContain("DISC_FALLBACK");
  });

  test("falls back to plain ISO 9660 where Joliet is damaged too", () => {
    const damaged = patched(patched(bridge, place("file set") + 4, 1), jolietRoot, 1);
    const disc = open(damaged);
    expect([disc.kind, codes(disc)]).toEqual(["iso9660", ["DISC_FALLBACK", "DISC_FALLBACK"]]);
    expect(paths(disc)).toEqual(["ISO.TXT"]);
  });

  test("takes Joliet before Rock Ridge", () => {
    expect(open(buildIso({ tree: TREE, joliet: true, rockRidge: true }).bytes).kind).toBe("joliet");
  });

  test("throws the error of the preferred one where none can be read", () => {
    const primaryRoot = jolietRoot - 2048;
    const damaged = patched(
      patched(patched(bridge, place("file set") + 4, 1), jolietRoot, 1),
      primaryRoot,
      1,
    );
    expect(() => open(damaged)).toThrow(code("UDF_TAG"));
  });
});

describe("a file that is no disc", () => {
  test.each([
    { what: "is empty", bytes: new Uint8Array(0) },
    { what: "is short", bytes: new Uint8Array(32_768) },
    { what: "holds zeros", bytes: new Uint8Array(100_000) },
    { what: "holds noise", bytes: pattern(100_000) },
  ])("and $what is DISC_NOT", ({ bytes }) => {
    expect(isDiscImage(new MemorySource(bytes))).toBe(false);
    expect(() => open(bytes)).toThrow(code("DISC_NOT"));
  });
});

/** Memory that says that it is a file of the host. */
class NamedSource extends MemorySource implements ByteSource {
  originOf(offset: number): Origin {
    return { file: "disc.iso", offset };
  }
}
