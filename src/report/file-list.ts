// SPDX-License-Identifier: MIT
import { makeVisible } from "./visible-text.ts";

/** A directory of an image, or one file of it, `files list --format json`. */
export interface FileListing {
  readonly schema: "vmguest.files/1";
  readonly image: string;
  /** Index of the volume. */
  readonly volume: number;
  /** Path on the volume, spelled as on disk; "" for the root. */
  readonly path: string;
  readonly entries: readonly FileEntry[];
}

export interface FileEntry {
  readonly name: string;
  readonly isDirectory: boolean;
  /** Null where the file itself could not be read; `error` says why. */
  readonly sizeBytes: number | null;
  /** ISO 8601; null where the time is none that a calendar has. */
  readonly modified: string | null;
  readonly created: string | null;
  /** FILE_ATTRIBUTE_* bits. */
  readonly attributes: number | null;
  /** Named data streams. */
  readonly streams: readonly { readonly name: string; readonly sizeBytes: number }[];
  /** Code of what kept the entry from being read. */
  readonly error: string | null;
}

/** Room for the sizes of files up to a terabyte. */
const SIZE_WIDTH = 13;

/** The listing for a person: time, size and name on a line, named streams below their file. */
export function formatFileList({ entries }: FileListing): string {
  return entries.map((entry) => `${formatEntry(entry)}\n`).join("");
}

function formatEntry({ name, isDirectory, sizeBytes, modified, streams, error }: FileEntry): string {
  const time = modified === null ? "-".padEnd(19) : modified.slice(0, 19).replace("T", " ");
  const size = error !== null ? error : isDirectory ? "<DIR>" : String(sizeBytes);
  const lines = [`${time}  ${size.padStart(SIZE_WIDTH)}  ${makeVisible(name)}`];
  for (const stream of streams) {
    const label = `${makeVisible(name)}:${makeVisible(stream.name)}`;
    lines.push(`${" ".repeat(19)}  ${String(stream.sizeBytes).padStart(SIZE_WIDTH)}  ${label}`);
  }
  return lines.join("\n");
}
