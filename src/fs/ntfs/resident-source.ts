// SPDX-License-Identifier: MIT
import { type ByteSource, checkRange, type Origin } from "../../io/index.ts";
import type { AttributeRecord } from "./attribute-record.ts";

/** The value of a resident attribute: a part of its FILE record. */
export class ResidentSource implements ByteSource {
  readonly sizeBytes: number;
  readonly #attribute: AttributeRecord;
  readonly #value: DataView;

  /** Throws NTFS_ATTRIBUTE where the value is not resident, or reaches out of the attribute. */
  constructor(attribute: AttributeRecord) {
    this.#attribute = attribute;
    this.#value = attribute.value;
    this.sizeBytes = this.#value.byteLength;
  }

  read(offset: number, length: number): DataView {
    checkRange("the resident value", this.sizeBytes, offset, length);
    return new DataView(this.#value.buffer, this.#value.byteOffset + offset, length);
  }

  originOf(offset: number, length: number): Origin | undefined {
    checkRange("the resident value", this.sizeBytes, offset, length);
    const { record } = this.#attribute;
    return record.originOf(this.#value.byteOffset - record.view.byteOffset + offset, length);
  }
}
