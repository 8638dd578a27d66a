import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, readSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MIB, run, runForBytes, withNtfs3g } from "../differential/tools.ts";
import type { Truth } from "../guests/builder.ts";
import { type Unpacker, unpackPartition } from "./containers.ts";

/** A FILE record as the Sleuth Kit shows it. */
export interface RecordView {
  readonly links: number;
  readonly parents: readonly number[];
  readonly names: readonly string[];
  readonly sizes: readonly number[];
  /** All times of its standard information and its names, each only once. */
  readonly times: readonly string[];
}

/** A guest's volume as other programs see it. Nothing of this project has a part in it. */
export interface VolumeView {
  /** Numbers of the records of all files and folders that are there, by path. */
  readonly records: ReadonlyMap<string, number>;
  /** What ntfsfix and ntfsresize say, without what they measure. */
  readonly checks: readonly string[];
  /** SYSTEM as reglookup lists it, a line for each key and value. */
  readonly system: readonly string[];
  readonly systemSizeBytes: number;
  /** Content of a file as the Sleuth Kit reads it. */
  contentOf(path: string): Buffer;
  recordOf(path: string): RecordView;
  /** SHA-256 of files as ntfs-3g reads them, by path. */
  digests(paths: readonly string[]): Map<string, string>;
  /** A value of SYSTEM, as hivexget prints it. */
  valueOf(key: string, name: string): string;
}

const SYSTEM = "Windows/System32/config/SYSTEM";

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const STEP_BYTES = MIB;

const ZEROS = Buffer.alloc(STEP_BYTES);

/**
 * Two files, or parts of files, have the same digest exactly where they are equal: SHA-256 over all that is not zeros, with
 * the places of that, and over the size. Most of an image is zeros, which nobody has to hash.
 */
export function digestOfFile(path: string, start = 0, end = statSync(path).size): string {
  const hash = createHash("sha256");
  const step = Buffer.alloc(STEP_BYTES);
  const file = openSync(path, "r");
  let at = start;
  for (let length = -1; length !== 0 && at < end; at += length) {
    length = readSync(file, step, 0, Math.min(step.length, end - at), at);
    if (step.compare(ZEROS, 0, length, 0, length) !== 0) {
      hash.update(`${at - start}:`).update(step.subarray(0, length));
    }
  }
  closeSync(file);
  return hash.update(`${at - start}`).digest("hex");
}

/** The partition that the guest lives on. */
export function guestPartition({ partitions }: Truth): Truth["partitions"][number] {
  const found = partitions.find(({ kind }) => kind === "main");
  if (found === undefined) throw new Error("the guest has no partition");
  return found;
}

/** Runs `work` on the guest's volume, unpacked by another program beside the image. */
export function withVolume<T>(
  image: string,
  truth: Truth,
  unpacker: Unpacker,
  work: (view: VolumeView, volume: string) => T,
): T {
  const volume = `${image}.volume`;
  const hive = `${image}.system`;
  try {
    unpackPartition(image, guestPartition(truth), volume, unpacker);
    const records = listRecords(volume);
    const contentOf = (path: string) => runForBytes("icat", volume, `${numberOf(records, path)}`);
    writeFileSync(hive, contentOf(SYSTEM));
    const view: VolumeView = {
      records,
      checks: [run("ntfsfix", "-n", volume), run("ntfsresize", "--info", volume)].map(withoutFigures),
      system: linesOf(hive),
      systemSizeBytes: statSync(hive).size,
      contentOf,
      recordOf: (path) => parseRecord(run("istat", "-z", "UTC", volume, `${numberOf(records, path)}`)),
      digests: (paths) =>
        withNtfs3g(
          volume,
          "ro",
          (mount) => new Map(paths.map((path) => [path, sha256(readFileSync(join(mount, path)))])),
        ),
      valueOf: (key, name) => run("hivexget", hive, key, name).replace(/\n$/, ""),
    };
    return work(view, volume);
  } finally {
    for (const path of [volume, hive]) rmSync(path, { force: true });
  }
}

function numberOf(records: ReadonlyMap<string, number>, path: string): number {
  const number = records.get(path);
  if (number === undefined) throw new Error(`the Sleuth Kit finds no ${path}`);
  return number;
}

function listRecords(volume: string): Map<string, number> {
  const listed = run("fls", "-r", "-p", "-u", volume).matchAll(/^\S+ (\d+)(?:-\d+)*:\t(.*)$/gm);
  return new Map([...listed].map(([, number, path = ""]) => [path, Number(number)]));
}

/** Lines of `ntfsfix` and `ntfsresize` without sizes, file names and the running percentage. */
const withoutFigures = (text: string): string =>
  text
    .split(/[\n\r]/)
    .filter(
      (line) => !/percent completed|^(Device name|NTFS partition|.*(might resize|Space in use))/.test(line),
    )
    .join("\n");

/** reglookup prints each key as `path,KEY,,time` and each value as `path,type,data,`. */
export const linesOf = (hive: string): string[] => run("reglookup", "-H", hive).trimEnd().split("\n");

function parseRecord(text: string): RecordView {
  const all = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, found = ""]) => found);
  return {
    links: Number(all(/^Links: (\d+)$/gm)[0]),
    parents: all(/^Parent MFT Entry: (\d+)/gm).map(Number),
    names: all(/^Name: (.*)$/gm),
    sizes: all(/^Type: \$DATA .* size: (\d+)/gm).map(Number),
    times: [...new Set(all(/^(?:Created|File Modified|MFT Modified|Accessed):\t(.*)$/gm))],
  };
}
