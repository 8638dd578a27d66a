import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openNtfs } from "../../src/fs/index.ts";
import { FileSource, readBytes } from "../../src/io/index.ts";
import { WOF_ALGORITHMS, wofReparse } from "../lab/ntfs/wof.ts";

const MIB = 1024 * 1024;

const folder = mkdtempSync(join(tmpdir(), "vmguest-interop-wof-"));
afterAll(() => rmSync(folder, { recursive: true }));

function run(tool: string, ...parameters: string[]): string {
  return execFileSync(tool, parameters, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** A volume with what `fill` puts into it through ntfs-3g. */
function makeVolume(name: string, fill: (mount: string) => void): string {
  const image = join(folder, name);
  writeFileSync(image, "");
  truncateSync(image, 32 * MIB);
  run("mkntfs", "-q", "-F", "-s", "512", "-p", "0", "-H", "16", "-S", "63", image);
  const mount = mkdtempSync(join(folder, "mount-"));
  run("ntfs-3g", "-o", "streams_interface=windows", image, mount);
  try {
    fill(mount);
  } finally {
    run("umount", mount);
  }
  return image;
}

/** The same bytes at every run. */
function noise(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  let state = sizeBytes;
  for (let at = 0; at < sizeBytes; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** Machine code with its calls, text, zeros, chunks that do not compress, and a last chunk of a few bytes. */
const FILES: Readonly<Record<string, Buffer>> = {
  code: readFileSync(process.execPath).subarray(8 * MIB, 10 * MIB + 1234),
  text: Buffer.from(Array.from({ length: 20_000 }, (_, line) => `line ${line * line} of text\r\n`).join("")),
  mixed: Buffer.concat([Buffer.alloc(100_000), noise(100_001), Buffer.from("the end ".repeat(9000))]),
  small: Buffer.from("a few bytes, and ".repeat(50)),
};

/** The compressed data of the files as it stands in a WIM that wimlib made; WOF has the same table and chunks. */
function compress(algorithm: (typeof WOF_ALGORITHMS)[number]): Map<string, Uint8Array> {
  const { name, chunkSizeBytes } = algorithm;
  const source = join(folder, `${name}-files`);
  mkdirSync(source);
  for (const [file, content] of Object.entries(FILES)) writeFileSync(join(source, file), content);
  const wim = join(folder, `${name}.wim`);
  const kind = name === "LZX" ? "lzx" : "xpress";
  run("wimcapture", source, wim, `--compress=${kind}`, `--chunk-size=${chunkSizeBytes}`, "--threads=2");
  const bytes = readFileSync(wim);
  const field = (blob: string, label: string) => new RegExp(`^${label} += (\\w+)`, "m").exec(blob)?.[1] ?? "";
  const blobs = run("wiminfo", wim, "--blobs").split(/\n\n+/);
  return new Map(
    Object.entries(FILES).map(([file, content]) => {
      const sha1 = createHash("sha1").update(content).digest("hex");
      const blob = blobs.find((one) => field(one, "Hash") === `0x${sha1}`) ?? "";
      expect(blob).toContain("WIM_RESHDR_FLAG_COMPRESSED");
      const offset = Number(field(blob, "Offset in WIM"));
      return [file, bytes.subarray(offset, offset + Number(field(blob, "Compressed size")))];
    }),
  );
}

describe.each(WOF_ALGORITHMS)(
  "files that wimlib compressed by $name, on a volume of ntfs-3g",
  (algorithm) => {
    test("read as they were", () => {
      const packed = compress(algorithm);
      const image = makeVolume(`${algorithm.name}.ntfs`, (mount) => {
        for (const [file, stream] of packed) {
          writeFileSync(join(mount, file), "");
          truncateSync(join(mount, file), FILES[file]?.length);
          writeFileSync(join(mount, `${file}:WofCompressedData`), stream);
          const { data } = wofReparse(algorithm.number);
          const value = `0x1700008010000000${Buffer.from(data).toString("hex")}`;
          run("setfattr", "-n", "system.ntfs_reparse_data", "-v", value, join(mount, file));
        }
      });
      const source = FileSource.open(image);
      try {
        const volume = openNtfs(source);
        for (const [file, content] of Object.entries(FILES)) {
          const node = volume.require(file);
          expect([file, node.sizeBytes]).toEqual([file, content.length]);
          const read = readBytes(node.open(), 0, content.length);
          expect([file, Buffer.from(read).equals(content)]).toEqual([file, true]);
        }
      } finally {
        source.close();
      }
    });
  },
);
