import { expect } from "vitest";
import { FileEntry } from "../../../src/package/iso/udf/layout.ts";
import { seal } from "../../lab/udf/parts.ts";
import { type BuiltUdf, buildUdf } from "../../lab/udf.ts";
import { open, TREE } from "./discs.ts";

/** Bytes of a block of {@link plain}. */
export const BLOCK = 2048;

/** A volume to be damaged. */
export const plain = buildUdf({ tree: TREE });
/** Where a descriptor of it, or of another volume, is. */
export const place = (name: string, { places }: BuiltUdf = plain) =>
  places.get(name) ?? expect.fail(`no ${name}`);

/** The image with a descriptor changed and sealed again, so that the change is believed. */
export function changed(
  name: string,
  change: (view: DataView, at: number) => void,
  udf = plain,
): Uint8Array<ArrayBuffer> {
  const bytes = udf.bytes.slice();
  const at = place(name, udf);
  change(new DataView(bytes.buffer), at);
  seal(bytes, at);
  return bytes;
}

/** The same for a file entry. */
export const withEntry = (path: string, change: (entry: Entry) => void, udf = plain) =>
  changed(`entry:${path}`, (view, at) => change(new FileEntry(view, at)), udf);

export type Entry = InstanceType<typeof FileEntry>;

/** The content of a file of an image. */
export const openFile = (bytes: Uint8Array, path: string) => {
  const disc = open(bytes);
  return disc.open(disc.find(path) ?? expect.fail(`no ${path}`));
};
