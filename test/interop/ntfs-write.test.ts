import { createHash } from "node:crypto";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type CreateOptions, NtfsWriter } from "../../src/fs/ntfs/write/index.ts";
import { FileSource, Overlay } from "../../src/io/index.ts";
import { ADMIN_ONLY_PATH, codesOf, flush, format, mounted, run } from "./ntfs-write-tools.ts";

const SETUP = "Setup/vmguest payload";
const MODEL = ADMIN_ONLY_PATH;
const AT: CreateOptions = { time: 130_813_488_000_000_000n };

const folder = mkdtempSync(join(tmpdir(), "vmguest-interop-ntfs-write-"));
afterAll(() => rmSync(folder, { recursive: true }));

function noise(sizeBytes: number, seed: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  let state = seed;
  for (let at = 0; at < sizeBytes; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

const hashOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

interface Format {
  readonly clusterSizeBytes: number;
  /** A disk with sectors of 4 KiB gets FILE records of 4 KiB. */
  readonly sectorSizeBytes?: number;
}

/** A volume that is half full of files that came and went, with a large directory and $MFT in pieces. */
function make(name: string, { clusterSizeBytes, sectorSizeBytes = 512 }: Format): string {
  const image = join(folder, `${name}.raw`);
  format(image, { sizeMib: clusterSizeBytes > 4096 ? 256 : 64, clusterSizeBytes, sectorSizeBytes });
  mounted(image, (mount) => {
    mkdirSync(join(mount, "full"));
    for (let index = 0; index < 1500; index++) {
      writeFileSync(join(mount, "full", `Package_${(index * 7919) % 99991}~amd64.cat`), `${index}`);
      const turn = openSync(join(mount, index % 2 === 0 ? "one.bin" : "other.bin"), "a");
      writeSync(turn, Buffer.alloc(4096, index));
      closeSync(turn);
    }
    for (let index = 0; index < 1500; index += 3) {
      unlinkSync(join(mount, "full", `Package_${(index * 7919) % 99991}~amd64.cat`));
    }
    unlinkSync(join(mount, "one.bin"));
    writeFileSync(join(mount, "hive"), noise(300_000, 5));
  });
  return image;
}

/** Everything that a session of staging does, and more of it; gives the files that are there then, by path. */
function change(writer: NtfsWriter): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  const put = (path: string, bytes: Buffer) => {
    writer.createFile(path, bytes, { ...AT, securityLike: MODEL });
    files.set(path, bytes);
  };
  for (const path of ["Setup", SETUP]) writer.createDirectory(path, { ...AT, securityLike: MODEL });
  put(`${SETUP}/Windows6.x-HyperVIntegrationServices-x64.cab`, noise(690_000, 1));
  put(`${SETUP}/run.cmd`, noise(300, 2));
  put(`${SETUP}/empty`, Buffer.alloc(0));
  for (let index = 0; index < 700; index++) {
    put(`full/Package_${(index * 7907) % 99991}~new and long.cat`, noise(index, index + 3));
  }
  for (let index = 0; index < 100; index++) {
    const path = `full/deleted ${index}`;
    writer.deleteFile(path, writer.createFile(path, noise(9000, index), { ...AT, securityLike: MODEL }), AT);
  }
  writer.extend("hive", 900_000, AT);
  writer.overwrite("hive", 250_000, noise(600_000, 6), "arming");
  const hive = Buffer.alloc(900_000);
  noise(300_000, 5).copy(hive);
  noise(600_000, 6).copy(hive, 250_000);
  files.set("hive", hive);
  writer.replaceContent(`${SETUP}/run.cmd`, noise(200_000, 7), AT);
  files.set(`${SETUP}/run.cmd`, noise(200_000, 7));
  return files;
}

describe.each([
  { clusterSizeBytes: 512 },
  { clusterSizeBytes: 1024 },
  { clusterSizeBytes: 4096 },
  { clusterSizeBytes: 16_384 },
  { clusterSizeBytes: 65_536 },
  { clusterSizeBytes: 4096, sectorSizeBytes: 4096 },
])("a volume of mkntfs with %o", (laid) => {
  test("is sound after our changes for ntfs-3g, ntfsfix, ntfsresize and the Sleuth Kit", () => {
    const image = make(`${laid.clusterSizeBytes}-${laid.sectorSizeBytes ?? 512}`, laid);
    let files: Map<string, Buffer>;
    {
      using source = FileSource.open(image);
      const known = codesOf(source);
      const overlay = new Overlay(source);
      files = change(NtfsWriter.open(overlay));
      expect(codesOf(overlay)).toEqual(known);
      flush(image, overlay);
    }
    expect(run("ntfsfix", "-n", image)).toContain("was processed successfully");
    if (laid.sectorSizeBytes === undefined) {
      expect(run("ntfsresize", "--info", "-f", image)).toContain("You might resize at");
    }
    const listed = run("fls", "-r", "-p", "-F", image);
    for (const path of files.keys()) expect(listed).toContain(`\t${path}\n`);
    const [, number] = /^r\/r (\d+)-128-\d+:\tSetup\/vmguest payload\/run\.cmd$/m.exec(listed) ?? [];
    expect(run("istat", image, `${number}`)).toMatch(/Size: 200000/);
    mounted(image, (mount) => {
      const wrong = [...files].filter(
        ([path, bytes]) => hashOf(readFileSync(join(mount, path))) !== hashOf(bytes),
      );
      expect(wrong.map(([path]) => path)).toEqual([]);
      expect(readdirSync(join(mount, "full")).length).toBe(1000 + 700);
      // It can go on from here: ntfs-3g uses our directories, records and clusters.
      for (let index = 0; index < 200; index++)
        writeFileSync(join(mount, "full", `after ${index}`), `${index}`);
      for (const path of readdirSync(join(mount, "full"))) {
        if (path.includes("~new")) unlinkSync(join(mount, "full", path));
      }
    });
    using source = FileSource.open(image);
    expect(codesOf(source)).toEqual([]);
  });
});
