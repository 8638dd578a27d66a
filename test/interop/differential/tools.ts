// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  closeSync,
  mkdirSync,
  openSync,
  readSync,
  rmdirSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";

export const MIB = 1024 * 1024;
const COPY_STEP_BYTES = MIB;

/** What a tool prints; throws, with what it says of the reason, where it fails. */
export function run(tool: string, ...parameters: string[]): string {
  return runForBytes(tool, ...parameters).toString("utf8");
}

export function runForBytes(tool: string, ...parameters: string[]): Buffer {
  return execFileSync(tool, parameters, { maxBuffer: 512 * MIB, stdio: ["ignore", "pipe", "pipe"] });
}

/** Runs a tool on what it reads from its standard input. */
export function feed(input: string, tool: string, ...parameters: string[]): string {
  return execFileSync(tool, parameters, {
    input,
    encoding: "utf8",
    maxBuffer: 64 * MIB,
    stdio: ["pipe", "pipe", "pipe"],
  });
}

export const md5 = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex");

export function makeSparseFile(path: string, sizeBytes: number): void {
  writeFileSync(path, "");
  truncateSync(path, sizeBytes);
}

/** Runs `work` on a folder on which `mount` has mounted something. */
export function withMount<T>(
  folder: string,
  mount: (folder: string) => void,
  work: (folder: string) => T,
): T {
  mkdirSync(folder);
  try {
    mount(folder);
    try {
      return work(folder);
    } finally {
      run("umount", folder);
    }
  } finally {
    rmdirSync(folder);
  }
}

/** Runs `work` on the files of a volume as ntfs-3g shows them. */
export function withNtfs3g<T>(volume: string, options: string, work: (folder: string) => T): T {
  return withMount(`${volume}.mount`, (folder) => run("ntfs-3g", "-o", options, volume, folder), work);
}

/** Copies a file into another at an offset and leaves out the stretches of zeros, which are there already. */
export function copySparse(from: string, to: string, offset: number): void {
  const source = openSync(from, "r");
  const target = openSync(to, "r+");
  const step = Buffer.alloc(COPY_STEP_BYTES);
  const zeros = Buffer.alloc(COPY_STEP_BYTES);
  for (let at = 0; ; ) {
    const length = readSync(source, step, 0, step.length, at);
    if (length === 0) break;
    if (step.compare(zeros, 0, length, 0, length) !== 0) writeSync(target, step, 0, length, offset + at);
    at += length;
  }
  closeSync(source);
  closeSync(target);
}
