// SPDX-License-Identifier: MIT
import { type Finding, finding, VmguestError } from "../../errors.ts";
import { type ByteSource, readBytes } from "../../io/index.ts";
import { checkContainer } from "../check/index.ts";
import { readChain } from "../open-disk.ts";
import type { DiskPage } from "./pages.ts";

/**
 * What the check of the file finds that a writer must not build upon: VHD_SAVED_STATE, LIMIT_EXCEEDED where there is more
 * than is checked, and any damage as DISK_WRITE_DAMAGED.
 */
export function* findUnsound(file: ByteSource): Generator<Finding> {
  for (const { code, severity, message, where } of checkContainer(file)) {
    if (code === "VHD_SAVED_STATE" || code === "LIMIT_EXCEEDED") yield finding(code, message, where);
    else if (severity === "error" || code === "VHD_FOOTER_DAMAGED") {
      yield finding("DISK_WRITE_DAMAGED", `${message} [${code}]`, where);
    }
  }
}

/** Throws the first thing that {@link findUnsound} finds. */
export function requireSound(file: ByteSource): void {
  for (const { code, message, where } of findUnsound(file)) throw new VmguestError(code, message, where);
}

/**
 * Reads the written pages back by the way that reading a disk takes, and checks the file as any other. What it would
 * find is a mistake of ours, and must end here: TypeError.
 */
export function requireWritten(file: ByteSource, pages: readonly DiskPage[]): void {
  for (const { code, severity, message, where } of checkContainer(file)) {
    // The file became longer than what is checked.
    if (code === "LIMIT_EXCEEDED") throw new VmguestError(code, message, where);
    if (severity === "error") throw new TypeError(`the file would be damaged: ${message}`);
  }
  const [layer] = readChain(file).layers;
  // The same page can be written in several phases: the last one counts.
  for (const { offset, bytes } of new Map(pages.map((page) => [page.offset, page])).values()) {
    for (let at = offset; at < offset + bytes.length; ) {
      const extent = layer.extentAt(at);
      const end = Math.min(extent.end, offset + bytes.length);
      const expected = bytes.subarray(at - offset, end - offset);
      const isWritten =
        extent.in === "file" &&
        Buffer.compare(readBytes(layer.file, extent.fileOffset + at - extent.start, end - at), expected) ===
          0;
      if (!isWritten) throw new TypeError(`byte ${at} of the disk would not be written`);
      at = end;
    }
  }
}
