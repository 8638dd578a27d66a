import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { FileSource, MemorySource } from "../../src/io/index.ts";
import { Cabinet } from "../../src/package/cab/index.ts";
import {
  buildCabinet,
  buildCabinetSet,
  type LabCabinet,
  type LabFolder,
  mszip,
  SIGNATURE_ROOM,
  stored,
} from "../lab/cab.ts";
import { lzx } from "../lab/lzx.ts";

const root = mkdtempSync(join(tmpdir(), "vmguest-cab-"));
afterAll(() => rmSync(root, { recursive: true }));

/** What a tool prints; it throws where the tool fails. Names are printed as UTF-8. */
const run = (tool: string, args: readonly string[], cwd = root): string =>
  execFileSync(tool, args, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, LC_ALL: "C.UTF-8" },
    maxBuffer: 2 ** 26,
  });

const digest = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");

/** `name digest` of each member, sorted, as vmguest reads it. */
function ours(cabinet: Cabinet): string[] {
  return Array.from(cabinet.contents(), ({ member, chunks }) => {
    const hash = createHash("md5");
    for (const chunk of chunks) hash.update(chunk);
    return `${member.name} ${hash.digest("hex")}`;
  }).toSorted();
}

/** The same by `cabextract -t`. */
function byCabextract(file: string): string[] {
  const text = run("cabextract", ["-t", file]);
  return [...text.matchAll(/^ {2}(.+?) {2}OK +([0-9a-f]{32})$/gm)]
    .map(([, name, md5]) => `${name} ${md5}`)
    .toSorted();
}

/** The same by what 7-Zip unpacks, for names that are given. */
function bySevenZip(file: string, names: readonly string[]): string[] {
  run("7z", ["t", file]);
  const target = mkdtempSync(join(root, "7z-"));
  run("7z", ["x", "-y", `-o${target}`, file]);
  return names.map((name) => `${name} ${digest(readFileSync(join(target, name)))}`).toSorted();
}

const pattern = (size: number, seed: number) => new Uint8Array(size).map((_, at) => (at * seed) ^ (at >> 6));
const noise = (size: number) => {
  let state = 12_345;
  return new Uint8Array(size).map(() => {
    state = (state * 1_103_515_245 + 12_345) >>> 0;
    return state >>> 16;
  });
};

const FILES: Readonly<Record<string, Uint8Array>> = {
  "empty.txt": new Uint8Array(0),
  "hello.txt": Buffer.from("hello\r\n"),
  "dir/inner/deep.bin": pattern(100_000, 3),
  "dir/exactly.bin": pattern(32_768, 5),
  "dir/one-more.bin": pattern(32_769, 7),
  "noise.bin": noise(200_000),
  "zeros.bin": new Uint8Array(300_000),
  "Grüße/日本語.txt": Buffer.from("こんにちは\n"),
};
const NAMES = Object.keys(FILES);
const EXPECTED = NAMES.map((name) => `${name} ${digest(FILES[name] ?? new Uint8Array(0))}`).toSorted();

describe("a cabinet that gcab made", () => {
  const source = join(root, "source");
  for (const [name, bytes] of Object.entries(FILES)) {
    mkdirSync(dirname(join(source, name)), { recursive: true });
    writeFileSync(join(source, name), bytes);
  }

  test.each([
    { method: "stored", options: [], compression: "none" },
    { method: "MSZIP", options: ["-z"], compression: "mszip" },
  ])(
    "$method has the members and bytes that gcab, cabextract and 7-Zip see",
    ({ method, options, compression }) => {
      const file = join(root, `gcab-${method}.cab`);
      run("gcab", ["-c", ...options, file, ...NAMES], source);
      using opened = FileSource.open(file);
      const cabinet = Cabinet.open(opened);
      expect(cabinet.findings).toEqual([]);
      expect(
        cabinet.members.every((member) => member.compression === compression && member.unsafe === null),
      ).toBe(true);
      expect(ours(cabinet)).toEqual(EXPECTED);
      expect(byCabextract(file)).toEqual(EXPECTED);
      expect(bySevenZip(file, NAMES)).toEqual(EXPECTED);
      const listed = run("gcab", ["-t", file]).trim().split("\n");
      expect(listed.map((name) => name.replaceAll("\\", "/")).toSorted()).toEqual(NAMES.toSorted());
    },
  );
});

describe("a cabinet that the lab made", () => {
  const members = NAMES.map((name) => ({
    name: name.replaceAll("/", "\\"),
    bytes: FILES[name] ?? new Uint8Array(0),
  }));
  const folders: LabFolder[] = [
    { encoder: mszip, members: members.slice(0, 4) },
    { encoder: stored, members: members.slice(4, 6) },
    { encoder: mszip, members: members.slice(6) },
  ];

  test.each<{ what: string; cabinet: LabCabinet }>([
    { what: "stored", cabinet: { folders: [{ members }] } },
    { what: "as MSZIP", cabinet: { folders: [{ encoder: mszip, members }] } },
    { what: "as LZX", cabinet: { folders: [{ encoder: lzx({ windowBits: 21 }), members }] } },
    { what: "in three folders", cabinet: { folders } },
    { what: "without checksums", cabinet: { folders, checksums: "none" } },
    { what: "with room for a signature", cabinet: { folders, headerReserve: SIGNATURE_ROOM } },
    {
      what: "with reserved areas",
      cabinet: { folders, headerReserve: new Uint8Array(7), folderReserveBytes: 3 },
    },
  ])("$what is sound for cabextract and 7-Zip, and has the same bytes", ({ what, cabinet }) => {
    const file = join(root, `lab-${what.replaceAll(" ", "-")}.cab`);
    writeFileSync(file, buildCabinet(cabinet));
    expect(ours(Cabinet.open(new MemorySource(readFileSync(file))))).toEqual(EXPECTED);
    expect(byCabextract(file)).toEqual(EXPECTED);
    expect(bySevenZip(file, NAMES)).toEqual(EXPECTED);
  });

  // cabextract leaves the reserved area of a block out of its checksum, 7-Zip counts it, as MS-CAB says.
  test.each([
    { checksums: "plain", read: byCabextract },
    { checksums: "with-reserve", read: (file: string) => bySevenZip(file, NAMES) },
    { checksums: "none", read: byCabextract },
    { checksums: "none", read: (file: string) => bySevenZip(file, NAMES) },
  ] as const)("with areas reserved in its data and checksums $checksums is sound", ({ checksums, read }) => {
    const file = join(root, `lab-reserve-${checksums}.cab`);
    writeFileSync(file, buildCabinet({ folders, dataReserveBytes: 5, checksums }));
    expect(ours(Cabinet.open(new MemorySource(readFileSync(file))))).toEqual(EXPECTED);
    expect(read(file)).toEqual(EXPECTED);
  });

  test("has the same times and attributes for 7-Zip", () => {
    const file = join(root, "facts.cab");
    const rows = [0x20, 0x01, 0x02, 0x04, 0x27].map((attributes, index) => ({
      name: `${index}`,
      bytes: Buffer.from("x"),
      fields: { attributes, date: 0x4774 + index, time: 0x6000 + index },
    }));
    writeFileSync(file, buildCabinet({ folders: [{ members: rows }] }));
    const listing = run("7z", ["l", "-slt", file]).split("----------")[1] ?? "";
    const theirs = [...listing.matchAll(/Path = (.+)\n(?:.*\n)*?Modified = (.{19}).*\nAttributes = (.*)\n/g)];
    const letters: Record<string, string> = { R: "read-only", H: "hidden", S: "system", A: "archive" };
    expect(theirs).toHaveLength(rows.length);
    const read = Cabinet.open(new MemorySource(readFileSync(file)));
    expect(read.members.map(({ name, modified, attributes }) => [name, modified, attributes])).toEqual(
      theirs.map(([, name, time, flags]) => [
        name,
        time?.replace(" ", "T"),
        ["R", "H", "S", "A"].filter((letter) => flags?.includes(letter)).map((letter) => letters[letter]),
      ]),
    );
  });

  test("as a set of three cabinets is one for cabextract and 7-Zip, whichever is opened", () => {
    // As makecab does, a folder that goes on in the next cabinet ends with the member that does.
    const ofSet: LabFolder[] = [
      { encoder: lzx({ windowBits: 21 }), members: members.slice(0, 3) },
      { encoder: stored, members: members.slice(3, 5) },
      { encoder: mszip, members: members.slice(5) },
    ];
    const cuts = [
      { folder: 0, block: 2, byte: 50 },
      { folder: 1, block: 1, byte: 20_000 },
    ];
    const parts = buildCabinetSet(ofSet, { cuts });
    const folder = mkdtempSync(join(root, "set-"));
    for (const [name, bytes] of parts) writeFileSync(join(folder, name), bytes);
    const resolvePart = (name: string) => new MemorySource(readFileSync(join(folder, name)));
    expect(parts.size).toBe(3);
    for (const name of parts.keys()) {
      const file = join(folder, name);
      const cabinet = Cabinet.open(new MemorySource(readFileSync(file)), { resolvePart });
      expect(cabinet.findings).toEqual([]);
      expect(ours(cabinet)).toEqual(EXPECTED);
      expect(byCabextract(file)).toEqual(EXPECTED);
    }
    expect(bySevenZip(join(folder, "part1.cab"), NAMES)).toEqual(EXPECTED);
  });
});

describe("a damaged cabinet", () => {
  test("gives what cabextract --fix gives", () => {
    const content = pattern(4 * 32_768, 3);
    const members = [0, 1, 2, 3].map((index) => ({
      name: `${index}`,
      bytes: content.subarray(index * 32_768, (index + 1) * 32_768),
    }));
    // Blocks that do not refer to each other, the second of them with another checksum than its own.
    const blocks = members.flatMap(({ bytes }, index) =>
      mszip.encode(bytes).map((block) => (index === 1 ? { ...block, fields: { checksum: 1 } } : block)),
    );
    const file = join(root, "damaged.cab");
    writeFileSync(file, buildCabinet({ folders: [{ encoder: mszip, members, blocks }] }));
    const target = mkdtempSync(join(root, "fixed-"));
    run("cabextract", ["--fix", "--quiet", "--directory", target, file]);
    const salvaged = Cabinet.open(new MemorySource(readFileSync(file)), { isSalvaging: true });
    expect(ours(salvaged)).toEqual(
      members.map(({ name }) => `${name} ${digest(readFileSync(join(target, name)))}`).toSorted(),
    );
  });
});
