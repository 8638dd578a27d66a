import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { VmguestError } from "../../src/errors.ts";
import type { BlockDecoder } from "../../src/package/cab/block-decoder.ts";
import { createLzxDecoder } from "../../src/package/cab/lzx/index.ts";
import { createMszipDecoder } from "../../src/package/cab/mszip/index.ts";
import { createQuantumDecoder } from "../../src/package/cab/quantum/index.ts";
import { buildCabinet, type LabBlock, type LabEncoder, mszip } from "../lab/cab.ts";
import { type LabLzxOptions, lzx } from "../lab/lzx.ts";
import { quantum } from "../lab/quantum.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-interop-lzx-"));
afterAll(() => rmSync(folder, { recursive: true }));

const MIB = 1024 * 1024;
const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");

/** Machine code with its calls, text, one byte many times, and bytes that do not compress. */
const program = readFileSync(process.execPath).subarray(20 * MIB, 21 * MIB);
const CONTENTS: Readonly<Record<string, Uint8Array>> = {
  code: program.subarray(0, 300_001),
  text: Buffer.from(Array.from({ length: 9000 }, (_, line) => `line ${line * line} of text\r\n`).join("")),
  zeros: new Uint8Array(100_000),
  noise: Uint8Array.from({ length: 70_000 }, (_, at) => Math.imul(at * at + at, 0x9e3779b1) >>> 24),
  letter: Buffer.from("a"),
};

/** What a tool makes of the one member of a cabinet: its MD5, or undefined where the tool reports an error. */
const TOOLS: Readonly<Record<string, (path: string) => string | undefined>> = {
  cabextract: (path) => {
    const { status, stdout } = spawnSync("cabextract", ["-t", path], { encoding: "utf8" });
    return status === 0 ? /OK\s+([0-9a-f]{32})/.exec(stdout)?.[1] : undefined;
  },
  "7z": (path) => {
    const { status, stdout } = spawnSync("7z", ["e", "-so", path], { maxBuffer: 64 * MIB });
    return status === 0 ? md5(stdout) : undefined;
  },
};

function writeCabinet(encoder: LabEncoder, content: Uint8Array, blocks?: readonly LabBlock[]): string {
  const path = join(folder, "one.cab");
  const members = [{ name: "one", bytes: content }];
  writeFileSync(path, buildCabinet({ folders: [{ members, encoder, ...(blocks && { blocks }) }] }));
  return path;
}

function ownResult(decoder: BlockDecoder, blocks: readonly LabBlock[]): string | undefined {
  const hash = createHash("md5");
  try {
    for (const { data, outputSize } of blocks) hash.update(decoder.decode(data, outputSize));
  } catch (error) {
    if (error instanceof VmguestError) return undefined;
    throw error;
  }
  return hash.digest("hex");
}

test("cabextract and 7z are here", () => {
  expect(execFileSync("cabextract", ["--version"], { encoding: "utf8" })).toMatch(/^cabextract version/);
  expect(execFileSync("7z", ["i"], { encoding: "utf8" })).toContain("Cab");
});

describe("cabextract and 7-Zip expand what the lab's LZX encoder makes", () => {
  const LAYOUTS: readonly LabLzxOptions[] = [
    {},
    { kinds: ["aligned", "verbatim"], blockSizes: [100_000], filterSize: 12_000_000 },
    { kinds: ["uncompressed"], blockSizes: [40_001] },
    { kinds: ["uncompressed", "verbatim", "aligned"], blockSizes: [5001] },
    { kinds: ["uncompressed", "aligned"], blockSizes: [1, 32_767] },
    { filterSize: 100_000, blockSizes: [32_768] },
  ];
  test.each([15, 16, 17, 18, 19, 20, 21])("with a window of 2^%i bytes", (windowBits) => {
    const rows: string[] = [];
    for (const [name, content] of Object.entries(CONTENTS)) {
      const layout = LAYOUTS[(windowBits + name.length) % LAYOUTS.length] ?? {};
      for (const options of windowBits === 21 ? LAYOUTS : [layout]) {
        const path = writeCabinet(lzx({ windowBits, ...options }), content);
        for (const [tool, read] of Object.entries(TOOLS)) {
          if (read(path) !== md5(content)) rows.push(`${tool} on ${name} ${JSON.stringify(options)}`);
        }
      }
    }
    expect(rows).toEqual([]);
  });
});

describe("cabextract expands what the lab's Quantum encoder makes", () => {
  // 7-Zip wants a block to end in a way that this encoder does not.
  test.each([10, 12, 15, 18, 21])("with a window of 2^%i bytes", (windowBits) => {
    const rows = Object.entries(CONTENTS)
      .filter(
        ([, content]) => TOOLS["cabextract"]?.(writeCabinet(quantum(windowBits), content)) !== md5(content),
      )
      .map(([name]) => name);
    expect(rows).toEqual([]);
  });
});

describe("of damaged data, vmguest expands no more than cabextract does, and the same", () => {
  const content = Buffer.concat([program.subarray(0, 40_000), program.subarray(10_000, 30_000)]);
  const layout = { kinds: ["verbatim", "aligned", "uncompressed"], blockSizes: [15_000] } as const;
  const METHODS: readonly { name: string; encoder: LabEncoder; decoder: () => BlockDecoder }[] = [
    { name: "LZX", encoder: lzx({ windowBits: 16, ...layout }), decoder: () => createLzxDecoder(16) },
    { name: "MSZIP", encoder: mszip, decoder: () => createMszipDecoder() },
    { name: "Quantum", encoder: quantum(16), decoder: () => createQuantumDecoder(16) },
  ];

  test.each(METHODS)("$name", ({ encoder, decoder }) => {
    const sound = encoder.encode(content);
    const rows: string[] = [];
    for (let turn = 0; turn < 40; turn++) {
      const blocks = sound.map((block) => ({ ...block, data: Uint8Array.from(block.data) }));
      const { data } = blocks[turn % blocks.length]!;
      const place = turn < 20 ? turn * 5 : Math.imul(turn, 7919) % data.length;
      data[place] = data[place]! ^ (1 << (turn % 8));
      const own = ownResult(decoder(), blocks);
      const theirs = TOOLS["cabextract"]?.(writeCabinet(encoder, content, blocks));
      if (own !== undefined && own !== theirs) rows.push(`byte ${place}: ${own}, cabextract ${theirs}`);
    }
    expect(rows).toEqual([]);
  });
});

test("what cabextract and 7-Zip both refuse is refused, what both accept is accepted", () => {
  const content = program.subarray(0, 100_001);
  const encoder = lzx();
  const blocks = encoder.encode(content);
  const changed = (at: number, change: (data: Uint8Array) => Uint8Array) =>
    blocks.map((block, index) => (index === at ? { ...block, data: change(block.data) } : block));
  const CASES: Readonly<Record<string, { blocks: readonly LabBlock[]; isAccepted: boolean }>> = {
    "as it is": { blocks, isAccepted: true },
    "a spare byte behind a frame": {
      blocks: changed(0, (data) => Buffer.concat([data, new Uint8Array(1)])),
      isAccepted: false,
    },
    "a spare word behind a frame": {
      blocks: changed(1, (data) => Buffer.concat([data, new Uint8Array(2)])),
      isAccepted: false,
    },
    "half of the last word missing": {
      blocks: changed(3, (data) => data.subarray(0, -1)),
      isAccepted: false,
    },
    "the last word of a frame missing": {
      blocks: changed(1, (data) => data.subarray(0, -2)),
      isAccepted: false,
    },
  };
  const results = Object.entries(CASES).map(([name, { blocks }]) => {
    const path = writeCabinet(encoder, content, blocks);
    const accepted = [
      ownResult(createLzxDecoder(15), blocks),
      ...Object.values(TOOLS).map((read) => read(path)),
    ];
    return [name, ...accepted.map((hash) => hash === md5(content))];
  });
  expect(results).toEqual(
    Object.entries(CASES).map(([name, { isAccepted }]) => [name, isAccepted, isAccepted, isAccepted]),
  );
});
