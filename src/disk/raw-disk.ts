// SPDX-License-Identifier: MIT
import type { ByteSource } from "../io/index.ts";
import type { Disk } from "./disk.ts";
import { flatMap, MappedDisk } from "./mapped-disk.ts";

/**
 * The disk whose image has no container around it: byte for byte the file itself.
 *
 * Nothing in the file says how large its sectors are; 512 bytes are assumed.
 */
export function openRaw(file: ByteSource): Disk {
  return new MappedDisk(
    {
      format: "raw",
      kind: "fixed",
      sizeBytes: file.sizeBytes,
      logicalSectorSizeBytes: 512,
      logState: "clean",
      dataWriteGuid: undefined,
      findings: [],
    },
    file,
    flatMap(file.sizeBytes),
  );
}
