// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";
import { copyBytes } from "../../../io/index.ts";
import { checksumOf } from "../../vhdx/checksum.ts";
import { readHeader } from "../../vhdx/header.ts";
import { HEADER_OFFSETS, VhdxHeader } from "../../vhdx/layout.ts";
import type { FileSteps } from "../file-steps.ts";

/** After it the numbers would begin again, and the older header would be in force. */
const SEQUENCE_MAX = 2n ** 64n - 1n;

/** Fields of the header that a session of writing changes (2.2.2). */
export type HeaderFields = Partial<Pick<VhdxHeader, "fileWriteGuid" | "dataWriteGuid" | "logGuid">>;

/** The two headers of a VHDX, changed in turn so that one of them is always whole (2.2.2.1). */
export class HeaderPair {
  readonly #steps: FileSteps;

  constructor(steps: FileSteps) {
    this.#steps = steps;
  }

  /** The header in force. */
  get current(): VhdxHeader {
    return readHeader(this.#steps).header;
  }

  /**
   * Changes the fields in both headers, in a step for each. With the first step the change is in force; with the second
   * it still is when the other header should be lost.
   */
  update(fields: HeaderFields): void {
    for (const _ of HEADER_OFFSETS) this.#replaceOther(fields);
  }

  /** Writes a copy of the header in force, one younger and with the fields, over the other one. */
  #replaceOther(fields: HeaderFields): void {
    const { offset } = readHeader(this.#steps);
    const bytes = copyBytes(this.#steps, offset, VhdxHeader.sizeBytes);
    const header = new VhdxHeader(new DataView(bytes.buffer));
    if (header.sequence === SEQUENCE_MAX) {
      const message =
        "the sequence number of the headers is the last there is, so that no younger one can be written";
      throw new VmguestError("DISK_WRITE_DAMAGED", message, { structure: VhdxHeader.structName, offset });
    }
    Object.assign(header, fields);
    header.sequence += 1n;
    header.checksum = checksumOf(header.view);
    const [first, second] = HEADER_OFFSETS;
    this.#steps.write(offset === first ? second : first, bytes);
    this.#steps.endStep();
  }
}
