// SPDX-License-Identifier: MIT
import { type NtfsNode, type NtfsVolume, openNtfs } from "../../../src/fs/index.ts";
import { type ByteSource, readBytes } from "../../../src/io/index.ts";
import { METADATA_FILE, walk } from "../../lab/ntfs/listing.ts";
import { md5 } from "./tools.ts";

/** A file, a directory, or a named stream of one, as we read it. */
export interface Row {
  /** From the root, with `/`; the name of a stream is apart. */
  readonly path: string;
  readonly stream: string | undefined;
  readonly isDirectory: boolean;
  readonly sizeBytes: number;
  /** Of the content; undefined for directories and links. */
  readonly md5: string | undefined;
  /** Where a junction or symbolic link leads. */
  readonly link: string | undefined;
  readonly recordNumber: number;
}

/** All that we see of a volume, without the metadata files. */
export function readRows(source: ByteSource): { volume: NtfsVolume; rows: Row[] } {
  const volume = openNtfs(source);
  const rows: Row[] = [];
  for (const node of walk(volume.root) as Generator<NtfsNode, undefined>) {
    if (!METADATA_FILE.test(node.path)) rows.push(...rowsOf(node));
  }
  return { volume, rows };
}

function rowsOf(node: NtfsNode): Row[] {
  const { path, isDirectory, recordNumber } = node;
  const link = node.linkTarget?.target;
  const content = isDirectory || link !== undefined ? undefined : contentOf(node.open());
  const main: Row = {
    path,
    stream: undefined,
    isDirectory,
    sizeBytes: node.sizeBytes,
    md5: content === undefined ? undefined : md5(content),
    link,
    recordNumber,
  };
  const streams = node.streams.map(({ name, sizeBytes }): Row => {
    const digest = md5(contentOf(node.open(name)));
    return { path, stream: name, isDirectory: false, sizeBytes, md5: digest, link: undefined, recordNumber };
  });
  return [main, ...streams];
}

const contentOf = (source: ByteSource) => readBytes(source, 0, source.sizeBytes);

/** Name of a row as the tools print it that know streams. */
export const fullName = ({ path, stream }: Row) => (stream === undefined ? path : `${path}:${stream}`);
