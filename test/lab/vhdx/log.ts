// SPDX-License-Identifier: MIT
import { checksumOf } from "../../../src/disk/vhdx/checksum.ts";
import {
  DataDescriptor,
  LogDataSector,
  LogEntryHeader,
  MIB,
  ZeroDescriptor,
} from "../../../src/disk/vhdx/layout.ts";

/** What one descriptor of a log entry does to the file. */
export type LogChange =
  | { readonly at: number; readonly data: Uint8Array }
  | { readonly at: number; readonly zeros: number };

export interface LogEntryFields {
  readonly sequence: bigint;
  readonly tail: number;
  readonly guid: string;
  readonly flushedFileOffset: number;
  readonly lastFileOffset: number;
}

/** The bytes of a log entry: header and descriptors, then the data sectors. `edit` comes before the checksum. */
export function makeLogEntry(
  fields: LogEntryFields,
  changes: readonly LogChange[],
  edit: (view: DataView) => void = () => {},
): Uint8Array {
  const { sequence, tail } = fields;
  const data = changes.filter((change) => "data" in change);
  const descriptorsSize = roundUp(LogEntryHeader.sizeBytes + changes.length * 32, 4096);
  const bytes = new Uint8Array(descriptorsSize + data.length * 4096);
  const view = new DataView(bytes.buffer);
  changes.forEach((change, index) => {
    const at = LogEntryHeader.sizeBytes + index * 32;
    if ("data" in change) {
      const leadingBytes = change.data.subarray(0, 8);
      const trailingBytes = change.data.subarray(4092);
      const descriptor = { signature: "desc", leadingBytes, trailingBytes, fileOffset: change.at, sequence };
      Object.assign(new DataDescriptor(view, at), descriptor);
    } else {
      const descriptor = { signature: "zero", lengthBytes: change.zeros, fileOffset: change.at, sequence };
      Object.assign(new ZeroDescriptor(view, at), descriptor);
    }
  });
  data.forEach((change, index) => {
    Object.assign(new LogDataSector(view, descriptorsSize + index * 4096), {
      signature: "data",
      sequenceHigh: Number(sequence >> 32n),
      payload: change.data.subarray(8, 4092),
      sequenceLow: Number(sequence & 0xffffffffn),
    });
  });
  Object.assign(new LogEntryHeader(view), {
    signature: "loge",
    entryLengthBytes: bytes.length,
    tail,
    sequence,
    descriptorCount: changes.length,
    logGuid: fields.guid,
    flushedFileOffset: fields.flushedFileOffset,
    lastFileOffset: fields.lastFileOffset,
  });
  edit(view);
  const claimed = new LogEntryHeader(view).entryLengthBytes;
  const isCut = claimed > 0 && claimed % 4096 === 0 && claimed < bytes.length;
  const covered = new DataView(bytes.buffer, 0, isCut ? claimed : bytes.length);
  view.setUint32(LogEntryHeader.offsetOf.checksum, checksumOf(covered), true);
  return bytes;
}

/** A log under construction: entries are put one behind the other, around the end and on from the begin. */
export class VhdxLog {
  readonly bytes: Uint8Array;
  readonly guid: string;
  /** Where the next entry goes. */
  position: number;
  /** The number that the next entry gets. */
  sequence: bigint;
  readonly #fileSizeBytes: number;

  constructor(
    fileSizeBytes: number,
    options: { lengthBytes?: number; position?: number; sequence?: bigint; guid?: string } = {},
  ) {
    this.#fileSizeBytes = fileSizeBytes;
    this.bytes = new Uint8Array(options.lengthBytes ?? MIB);
    this.guid = options.guid ?? "0f0e0d0c-0b0a-0908-0706-050403020100";
    this.position = options.position ?? 0;
    this.sequence = options.sequence ?? 0x1122334455667788n;
  }

  /** Appends an entry and gives its position; its tail is itself where nothing else is said. */
  append(
    changes: readonly LogChange[],
    fields: Partial<LogEntryFields> = {},
    edit?: (view: DataView) => void,
  ): number {
    const { position } = this;
    const entry = makeLogEntry(
      {
        sequence: this.sequence,
        tail: position,
        guid: this.guid,
        flushedFileOffset: this.#fileSizeBytes,
        lastFileOffset: this.#fileSizeBytes,
        ...fields,
      },
      changes,
      edit,
    );
    const untilEnd = this.bytes.length - position;
    this.bytes.set(entry.subarray(0, untilEnd), position);
    this.bytes.set(entry.subarray(untilEnd), 0);
    this.position = (position + entry.length) % this.bytes.length;
    this.sequence++;
    return position;
  }
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
