import type { LabBlock, LabEncoder } from "./encoders.ts";

/** A member as it is to be written; what is not given has a default, the same for every run. */
export interface LabMember {
  readonly name: string;
  /** Empty where not given. */
  readonly bytes?: Uint8Array;
  /** The name's bytes in place of its UTF-8, without the NUL. */
  readonly nameBytes?: Uint8Array;
  /** Fields of the CFFILE in place of what is true. Attributes are 0x20, with 0x80 where the name is not ASCII. */
  readonly fields?: {
    readonly sizeBytes?: number;
    readonly folderOffset?: number;
    readonly folder?: number;
    readonly date?: number;
    readonly time?: number;
    readonly attributes?: number;
  };
}

export interface LabFolder {
  /** Their bytes, one after the other, are the content of the folder. */
  readonly members: readonly LabMember[];
  /** Stored where not given. */
  readonly encoder?: LabEncoder;
  /** Blocks in place of those that the encoder would make. */
  readonly blocks?: readonly LabBlock[];
  /** Fields of the CFFOLDER in place of what is true. */
  readonly fields?: {
    readonly dataOffset?: number;
    readonly blockCount?: number;
    readonly compression?: number;
  };
}

export interface LabNeighbour {
  readonly name: string;
  readonly disk?: string;
}

export interface LabCabinet {
  readonly folders: readonly LabFolder[];
  /** Reserved area of the header; {@link SIGNATURE_ROOM} makes room for a signature. */
  readonly headerReserve?: Uint8Array;
  /** Bytes reserved behind each CFFOLDER and each CFDATA; they are filled with 0xAA. */
  readonly folderReserveBytes?: number;
  readonly dataReserveBytes?: number;
  readonly setId?: number;
  readonly index?: number;
  readonly previous?: LabNeighbour;
  readonly next?: LabNeighbour;
  /** `none` writes 0; `with-reserve` counts the reserved bytes of each CFDATA, as MS-CAB has it. */
  readonly checksums?: "none" | "plain" | "with-reserve";
  /** Bytes between the folders and the list of members, and between that and the data. */
  readonly gapBeforeFiles?: Uint8Array;
  readonly gapBeforeData?: Uint8Array;
  /** Bytes behind the cabinet, which its size does not count. */
  readonly appended?: Uint8Array;
  /** Fields of the CFHEADER in place of what is true. */
  readonly fields?: {
    readonly sizeBytes?: number;
    readonly filesOffset?: number;
    readonly majorVersion?: number;
    readonly minorVersion?: number;
    readonly folderCount?: number;
    readonly fileCount?: number;
    readonly flags?: number;
  };
}

/** 2015-11-20 12:00, in the form of MS-DOS. */
export const LAB_DATE = 0x4774;
export const LAB_TIME = 0x6000;

/** Header area of a cabinet that is ready to be signed. */
export const SIGNATURE_ROOM = Uint8Array.of(0, 0, 0x10, 0, ...new Uint8Array(16));
