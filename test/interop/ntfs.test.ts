import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  closeSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type NtfsVolume, openNtfs, readNtfsState } from "../../src/fs/index.ts";
import { FileSource, SliceSource } from "../../src/io/index.ts";
import { dataOf, METADATA_FILE, sha256, walk } from "../lab/ntfs/listing.ts";
import { layNtfs, type NtfsOptions } from "../lab/ntfs.ts";
import { readFixture } from "../support/fixtures.ts";

const MIB = 1024 * 1024;

const folder = mkdtempSync(join(tmpdir(), "vmguest-interop-ntfs-"));
afterAll(() => rmSync(folder, { recursive: true }));

function run(tool: string, ...parameters: string[]): string {
  return execFileSync(tool, parameters, {
    encoding: "utf8",
    maxBuffer: 64 * MIB,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Runs `work` on the files of a volume as ntfs-3g shows them. */
function mounted<T>(image: string, options: string, work: (mount: string) => T): T {
  const mount = mkdtempSync(join(folder, "mount-"));
  run("ntfs-3g", "-o", options, image, mount);
  try {
    return work(mount);
  } finally {
    run("umount", mount);
  }
}

/** The same bytes at every run: noise, or text that compresses. */
function contentOf(sizeBytes: number, kind: "noise" | "text", seed = 1): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  if (kind === "text") return bytes.fill(`line ${seed}: the quick brown fox jumps over the lazy dog\n`);
  let state = seed;
  for (let at = 0; at + 4 <= sizeBytes; at += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes.writeUInt32LE(state, at);
  }
  return bytes;
}

/** Rows `kind, size, hash, path` of all files below a folder that the host sees, sorted. */
function hostListing(mount: string, at = ""): string[] {
  return readdirSync(join(mount, at), { withFileTypes: true })
    .flatMap((entry) => {
      const path = at === "" ? entry.name : `${at}/${entry.name}`;
      if (entry.isDirectory()) return [`directory ${path}`, ...hostListing(mount, path)];
      const bytes = readFileSync(join(mount, path));
      return [`${bytes.length} ${createHash("sha256").update(bytes).digest("hex")} ${path}`];
    })
    .sort();
}

/** The same rows of a volume that we read. */
function ownListing(volume: NtfsVolume): string[] {
  const rows: string[] = [];
  for (const node of walk(volume.root)) {
    if (METADATA_FILE.test(node.path)) continue;
    const data = node.isDirectory ? undefined : dataOf(node);
    rows.push(
      data === undefined ? `directory ${node.path}` : `${node.sizeBytes} ${sha256(data)} ${node.path}`,
    );
  }
  return rows.sort();
}

const UNICODE_NAMES = [
  "имя файла.txt",
  "文件名 ファイル.txt",
  "ÄÖÜ äöü ß ẞ.txt",
  "e\u0301 against \u00e9.txt",
  "\u{1f5a5}\u{1f4be}.txt",
  "ｆｕｌｌ ＷＩＤＴＨ.txt",
  "ıİiI.txt",
  "x".repeat(255),
];

/** Fills a mounted volume with what a guest may hold. */
function populate(mount: string): void {
  const sizes = [0, 1, 100, 700, 1023, 1024, 4095, 4096, 65_537, MIB + 1];
  for (const size of sizes)
    writeFileSync(join(mount, `size ${size}.bin`), contentOf(size, "noise", size + 1));
  mkdirSync(join(mount, "wide"));
  for (let index = 0; index < 1200; index++) {
    writeFileSync(join(mount, "wide", `Package_for_KB${(index * 7919) % 99991}~amd64.cat`), `${index}`);
  }
  const deep = Array.from({ length: 40 }, (_, level) => `level ${level}`).join("/");
  mkdirSync(join(mount, deep), { recursive: true });
  writeFileSync(join(mount, deep, "bottom.txt"), "bottom");
  mkdirSync(join(mount, "unicode"));
  for (const name of UNICODE_NAMES) writeFileSync(join(mount, "unicode", name), name);
  linkSync(join(mount, "size 700.bin"), join(mount, "wide", "a hard link.bin"));

  const sparse = openSync(join(mount, "sparse.bin"), "w");
  ftruncateSync(sparse, 3 * MIB);
  for (const offset of [100_000, MIB, 2 * MIB + 77])
    writeSync(sparse, contentOf(5000, "noise", offset), 0, 5000, offset);
  closeSync(sparse);
  writeInTurns(join(mount, "one.bin"), join(mount, "other.bin"), 300);
  writeFileSync(join(mount, "size 1.bin:stream"), "a small stream");
  writeFileSync(join(mount, "size 1.bin:long stream"), contentOf(100_000, "text"));
  mkdirSync(join(mount, "compressed"));
}

/** Two files that grow in turns, so that each of them comes in many pieces. */
function writeInTurns(one: string, other: string, turns: number): void {
  const files = [openSync(one, "w"), openSync(other, "w")];
  for (let turn = 0; turn < turns; turn++) {
    for (const [index, file] of files.entries()) {
      writeSync(file, contentOf(4096, "noise", turn * 2 + index + 1));
    }
  }
  for (const file of files) closeSync(file);
}

/** Files in a folder that NTFS compresses, with stretches of zeros, text and noise. */
function populateCompressed(mount: string): void {
  const target = join(mount, "compressed");
  run("setfattr", "-h", "-v", "0x00000810", "-n", "system.ntfs_attrib_be", target);
  writeFileSync(join(target, "text.log"), contentOf(700_001, "text"));
  writeFileSync(join(target, "noise.bin"), contentOf(200_000, "noise"));
  writeFileSync(join(target, "small.txt"), "small");
  const mixed = [
    contentOf(70_000, "text", 2),
    Buffer.alloc(200_000),
    contentOf(100_000, "noise", 3),
    contentOf(33, "text", 4),
  ];
  writeFileSync(join(target, "mixed.bin"), Buffer.concat(mixed));
}

describe.each([
  { clusterSizeBytes: 512, sectorSizeBytes: 512, imageMib: 64 },
  { clusterSizeBytes: 4096, sectorSizeBytes: 512, imageMib: 64 },
  { clusterSizeBytes: 4096, sectorSizeBytes: 4096, imageMib: 64 },
  { clusterSizeBytes: 65_536, sectorSizeBytes: 512, imageMib: 192 },
  { clusterSizeBytes: 2_097_152, sectorSizeBytes: 512, imageMib: 4096 },
])(
  "a volume of mkntfs with clusters of $clusterSizeBytes and sectors of $sectorSizeBytes bytes",
  (format) => {
    const { clusterSizeBytes, sectorSizeBytes, imageMib } = format;
    const image = join(folder, `mkntfs-${clusterSizeBytes}-${sectorSizeBytes}.raw`);
    const mayCompress = clusterSizeBytes <= 4096;
    let seenByHost: string[] = [];
    let compressedInfo = "";
    let volume: NtfsVolume;

    beforeAll(() => {
      writeFileSync(image, "");
      truncateSync(image, imageMib * MIB);
      run(
        "mkntfs",
        "-F",
        "-Q",
        "-L",
        "Größe 1",
        "-c",
        `${clusterSizeBytes}`,
        "-s",
        `${sectorSizeBytes}`,
        image,
      );
      mounted(image, "compression,streams_interface=windows", (mount) => {
        populate(mount);
        if (mayCompress) populateCompressed(mount);
      });
      seenByHost = mounted(image, "ro", hostListing);
      compressedInfo = mayCompress ? run("ntfsinfo", "-F", "compressed/text.log", image) : "";
      volume = openNtfs(FileSource.open(image));
    });

    test("has the geometry and the label it was made with", () => {
      expect(volume.geometry).toMatchObject({ clusterSizeBytes, sectorSizeBytes });
      expect(volume.label).toBe("Größe 1");
      expect(readNtfsState(volume)).toMatchObject({ version: "3.1", flags: [], logFile: "empty", state: [] });
    });

    test("has the files, directories and contents that ntfs-3g shows", () => {
      expect(seenByHost.length).toBeGreaterThan(1250);
      expect(/Attribute flags:\s+0x0001/.test(compressedInfo)).toBe(mayCompress);
      expect(ownListing(volume)).toEqual(seenByHost);
      expect(volume.findings).toEqual([]);
    });

    test("finds every path by descending the indexes", () => {
      for (const row of seenByHost) {
        const path = row.replace(/^(directory|\d+ [0-9a-f]{64}) /, "");
        expect(volume.find(path)?.path).toBe(path);
      }
      expect(volume.find("WIDE/A HARD LINK.BIN")?.path).toBe("wide/a hard link.bin");
      expect(volume.find("unicode/ИМЯ ФАЙЛА.TXT")?.path).toBe("unicode/имя файла.txt");
      expect(volume.find("wide/Package_for_KB")).toBeUndefined();
    });

    test("has the named streams", () => {
      const file = volume.require("size 1.bin");
      expect(file.streams).toEqual([
        { name: "long stream", sizeBytes: 100_000 },
        { name: "stream", sizeBytes: 14 },
      ]);
      expect(sha256(file.open("LONG stream"))).toBe(
        createHash("sha256").update(contentOf(100_000, "text")).digest("hex"),
      );
    });

    test("keeps times and attributes as the host sees them", () => {
      const node = volume.require("size 700.bin");
      const { mtimeNs } = mounted(image, "ro", (mount) =>
        statSync(join(mount, "size 700.bin"), { bigint: true }),
      );
      expect(node.times.modified).toBe(mtimeNs / 100n + 116_444_736_000_000_000n);
      expect(node.attributes).toBe(0x20);
    });
  },
);

test("a file in hundreds of pieces with an attribute list reads as ntfs-3g reads it", () => {
  const image = join(folder, "pieces.raw");
  writeFileSync(image, "");
  truncateSync(image, 64 * MIB);
  run("mkntfs", "-F", "-Q", "-c", "512", image);
  mounted(image, "streams_interface=none", (mount) => fillWithHoles(mount));
  const seenByHost = mounted(image, "ro", hostListing);
  const info = run("ntfsinfo", "-F", "pieces.bin", image);
  expect(info).toContain("$ATTRIBUTE_LIST");
  expect(ownListing(openNtfs(FileSource.open(image)))).toEqual(seenByHost);
});

/** Leaves only single free clusters behind, and writes a file into them. */
function fillWithHoles(mount: string): void {
  const names = Array.from({ length: 1600 }, (_, index) => join(mount, `filler ${index}`));
  for (const name of names) writeFileSync(name, contentOf(2000, "noise"));
  const rest = openSync(join(mount, "rest"), "w");
  const step = contentOf(256 * 1024, "noise");
  for (let size = step.length; size >= 512; ) {
    try {
      writeSync(rest, step, 0, size);
    } catch {
      size = Math.floor(size / 2);
    }
  }
  closeSync(rest);
  for (const [index, name] of names.entries()) if (index % 2 === 0) rmSync(name);
  writeFileSync(join(mount, "pieces.bin"), contentOf(1_400_000, "noise", 5));
}

const LAB_VOLUMES: { name: string; options: NtfsOptions }[] = [
  { name: "clusters of 512 bytes", options: { clusterSizeBytes: 512 } },
  { name: "clusters of 4096 bytes", options: {} },
  { name: "4096-byte sectors and records", options: { sectorSizeBytes: 4096, recordSizeBytes: 4096 } },
  { name: "$MFT in pieces", options: { mftPieces: 5 } },
  { name: "$MFT in pieces with an attribute list", options: { mftPieces: 4, mftAttributeList: "resident" } },
  {
    name: "$MFT with an attribute list in clusters",
    options: { mftPieces: 4, mftAttributeList: "clusters" },
  },
];

describe.each(LAB_VOLUMES)("a volume of our lab with $name", ({ options }) => {
  const image = join(folder, `lab-${LAB_VOLUMES.findIndex((one) => one.options === options)}.raw`);
  const many = Array.from({ length: 200 }, (_, index) => [`many/entry ${index}.txt`, `content ${index}`]);
  writeFileSync(
    image,
    layNtfs({
      ...options,
      label: "Lab",
      files: {
        ...Object.fromEntries(many),
        "a/b/c/plain.txt": "plain",
        "fragmented.bin": { content: contentOf(90_000, "noise"), storage: "fragmented" },
        "listed.bin": {
          content: contentOf(90_000, "noise", 2),
          storage: "fragmented",
          attributeList: "clusters",
          runsPerExtent: 5,
        },
        "sparse.bin": {
          content: Buffer.concat([Buffer.alloc(70_000), contentOf(9000, "noise")]),
          storage: "sparse",
        },
        "compressed.txt": { content: contentOf(300_000, "text"), storage: "compressed" },
        "initialised.bin": {
          content: Buffer.alloc(50_000),
          storage: "clusters",
          initializedSizeBytes: 10_000,
        },
        "a long name.txt": { content: "short", shortName: "ALONGN~1.TXT" },
      },
    }).bytes,
  );

  test("is in order for ntfsfix, and a volume to ntfs-3g and the Sleuth Kit", () => {
    expect(run("ntfsfix", "-n", image)).toContain("was processed successfully");
    const volume = openNtfs(FileSource.open(image));
    expect(mounted(image, "ro,streams_interface=none", hostListing)).toEqual(ownListing(volume));
    const seen = run("fls", "-r", "-p", "-F", "-u", image)
      .split("\n")
      .map((row) => row.replace(/^r\/r [\d-]+:\t/, ""))
      .filter((path) => path !== "" && !METADATA_FILE.test(path) && !path.startsWith("$Orphan"));
    const own = [...walk(volume.root)].filter((node) => !node.isDirectory && !METADATA_FILE.test(node.path));
    expect(seen.sort()).toEqual(own.map(({ path }) => path).sort());
  });
});

test("a QCOW2 of an old Windows, whose partition says it is a dynamic disk, has its files", () => {
  const packed = join(folder, "usnjrnl.qcow2");
  const raw = join(folder, "usnjrnl.raw");
  writeFileSync(packed, readFixture("ntfs/plaso-usnjrnl.qcow2"));
  run("qemu-img", "convert", "-O", "raw", packed, raw);
  const volume = openNtfs(new SliceSource(FileSource.open(raw), 63 * 512, 2_096_577 * 512));
  const journal = volume.require("$Extend/$UsnJrnl");
  expect(volume.label).toBe("UsnJrnl");
  expect(sha256(volume.require("first.txt").open())).toBe(
    "464c4ffd019e1e9691dcf0537c797353ef2b1c1d4833d3d463e5b74ae4547344",
  );
  expect(sha256(journal.open("$J"))).toBe("a7a4d536b6a5e2008b070cfea1832f57ff3c99de04380285651e00f420853b6f");
  expect(sha256(journal.open("$Max"))).toBe(
    "619894d92ee262f723715f6afd2bb3defade33447699d251db57e9023529a636",
  );
});
