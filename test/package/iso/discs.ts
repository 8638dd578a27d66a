import { createHash } from "node:crypto";
import { expect } from "vitest";
import { VmguestError } from "../../../src/errors.ts";
import { type ByteSource, MemorySource, readBytes } from "../../../src/io/index.ts";
import { type DiscEntry, DiscImage } from "../../../src/package/index.ts";
import { flatten, type LabFolder, labFile, pattern } from "../../lab/disc-tree.ts";

/** A tree that every kind of disc can hold under these names: files, an empty one, nested folders. */
export const TREE: LabFolder = {
  "AUTORUN.INF": labFile("[autorun]\r\nopen=support\\x86\\setup.exe\r\n"),
  EMPTY: labFile(""),
  SUPPORT: {
    AMD64: { "SETUP.EXE": labFile(pattern(5000)), "WINDOWS6.CAB": labFile(pattern(12_345, 2)) },
    X86: { "SETUP.EXE": labFile(pattern(3000, 3)) },
    NONE: {},
  },
  "LAST.TXT": labFile("the end"),
};

/** The same, with names that only some of them can hold. */
export const LONG_TREE: LabFolder = {
  ...TREE,
  "Windows6.x-HyperVIntegrationServices-x64.cab": labFile("a cabinet"),
  "Windows6.x-HyperVIntegrationServices-x86.cab": labFile("another"),
  "Ünïcode ΩжΘ 😀.bin": labFile(pattern(100, 4)),
  ["d".repeat(100)]: { "a name of several words.txt": labFile("deep") },
};

export const open = (bytes: Uint8Array) => DiscImage.open(new MemorySource(bytes));

/** The whole content of a source. */
export const contentOf = (source: ByteSource) => Buffer.from(readBytes(source, 0, source.sizeBytes));

/** What is compared in place of a content: vitest compares bytes one by one. */
const digest = (content: Uint8Array) => createHash("sha1").update(content).digest("hex");

/** Paths and digests of everything on a disc. */
export function contentsOf(disc: DiscImage): (readonly [path: string, digest: string | undefined])[] {
  return Array.from(
    disc.list(),
    (entry) => [entry.path, entry.isDirectory ? undefined : digest(contentOf(disc.open(entry)))] as const,
  );
}

/** The same of what was to be written. */
export function contentsIn(tree: LabFolder): (readonly [path: string, digest: string | undefined])[] {
  return flatten(tree).map(([path, content]) => [path, content === undefined ? undefined : digest(content)]);
}

export function paths(disc: DiscImage, below?: DiscEntry): string[] {
  return Array.from(disc.list(below), ({ path }) => path);
}

export const codes = (disc: DiscImage) => disc.findings.map(({ code }) => code);

export const code = (code: string, message?: string) =>
  expect.objectContaining({
    code,
    ...(message !== undefined && { message: expect.stringContaining(message) }),
  });

/** Reads all there is to read; gives what was read, or the typed error that stopped it. Anything else is thrown. */
export function exhaust(bytes: Uint8Array): string {
  try {
    const disc = open(bytes);
    const lines = [disc.kind, disc.label];
    for (const entry of disc.list()) {
      const size = entry.type === "file" ? sizeOrCode(disc, entry) : entry.type;
      lines.push(`${entry.path} ${size}`);
    }
    return lines.join("\n");
  } catch (error) {
    if (error instanceof VmguestError) return error.code;
    throw error;
  }
}

function sizeOrCode(disc: DiscImage, entry: DiscEntry): string {
  try {
    const source = disc.open(entry);
    readBytes(source, Math.max(0, source.sizeBytes - 4096), Math.min(4096, source.sizeBytes));
    return String(source.sizeBytes);
  } catch (error) {
    if (error instanceof VmguestError) return error.code;
    throw error;
  }
}

/** A copy with bytes at an offset replaced. */
export function patched(image: Uint8Array, offset: number, ...bytes: number[]): Uint8Array<ArrayBuffer> {
  const copy = Uint8Array.from(image);
  copy.set(bytes, offset);
  return copy;
}

/** A source that remembers which sectors of 2048 bytes were read. */
export class RecordedSource extends MemorySource {
  readonly sectors = new Set<number>();

  override read(offset: number, length: number): DataView {
    for (let sector = Math.floor(offset / 2048); sector * 2048 < offset + length; sector++)
      this.sectors.add(sector);
    return super.read(offset, length);
  }
}

/**
 * A source of terabytes: the image, and behind it sectors that say, in their first eight bytes, where they are.
 */
export class VastSource implements ByteSource {
  readonly sizeBytes = 2 ** 42;
  readonly #head: Uint8Array;

  constructor(head: Uint8Array) {
    this.#head = head;
  }

  read(offset: number, length: number): DataView {
    const bytes = new Uint8Array(length);
    bytes.set(this.#head.subarray(offset, offset + length));
    const view = new DataView(bytes.buffer);
    const firstSector = Math.ceil(Math.max(offset, this.#head.length) / 2048) * 2048;
    for (let at = firstSector; at + 8 <= offset + length; at += 2048) view.setFloat64(at - offset, at);
    return view;
  }
}
