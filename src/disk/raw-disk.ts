// SPDX-License-Identifier: MIT
import type { ByteSource } from "../io/index.ts";
import { type ContainerFormat, followChain } from "./chain.ts";
import type { Disk } from "./disk.ts";
import { flatMap, Layer } from "./layer.ts";
import { openChain } from "./mapped-disk.ts";

/** Raw disks for a chain, in which they stand alone. */
export const RAW: ContainerFormat = { format: "raw", recognises: () => true, readLayer: readRawLayer };

/**
 * The disk whose image has no container around it: byte for byte the file itself.
 *
 * Nothing in the file says how large its sectors are; 512 bytes are assumed.
 */
export function openRaw(file: ByteSource): Disk {
  return openChain(followChain(file, RAW));
}

function readRawLayer(file: ByteSource): Layer {
  return new Layer(
    {
      format: "raw",
      kind: "fixed",
      sizeBytes: file.sizeBytes,
      logicalSectorSizeBytes: 512,
      logState: "clean",
      dataWriteGuid: undefined,
      identity: undefined,
      parent: undefined,
      findings: [],
    },
    file,
    flatMap(file.sizeBytes),
  );
}
