// SPDX-License-Identifier: MIT
import type { LOG_FILES } from "./log-file.ts";

/** How a stream is stored. */
export interface StreamOptions {
  readonly content?: Uint8Array | string;
  /** `auto`: in the record where it is small, else in one piece. */
  readonly storage?: "auto" | "resident" | "clusters" | "fragmented" | "sparse" | "compressed";
  /** Clusters of a piece of a fragmented stream or directory. */
  readonly pieceClusters?: number;
  /** What lies beyond reads as zeros, whatever `content` says; on disk there is something else. */
  readonly initializedSizeBytes?: number;
  /** Attribute flags to claim, whatever is true. */
  readonly flags?: number;
}

/** A file or directory of a lab volume. */
export interface FileOptions extends StreamOptions {
  readonly isDirectory?: boolean;
  readonly streams?: Readonly<Record<string, Uint8Array | string | StreamOptions>>;
  /** The 8.3 name beside the long one. */
  readonly shortName?: string;
  /** Namespace of the name, where it is not WIN32 with a short name and WIN32&DOS without. */
  readonly namespace?: number;
  /** Further paths of the same file. */
  readonly links?: readonly string[];
  /** The same as entries of directories alone, without names in the record: cheap, for directories of thousands. */
  readonly bareLinks?: readonly string[];
  /** FILE_ATTRIBUTE_* bits. */
  readonly attributes?: number;
  /** Marks a directory whose names differ in case. */
  readonly isCaseSensitive?: boolean;
  /** Number of the security descriptor in $Secure. */
  readonly securityId?: number;
  /** A $SECURITY_DESCRIPTOR of its own. */
  readonly ownDescriptor?: Uint8Array;
  readonly reparse?: { readonly tag: number; readonly data?: Uint8Array };
  /** Puts all but the names into extension records, with the attribute list in the record or in clusters. */
  readonly attributeList?: "resident" | "clusters";
  /** Runs in one extent where there is an attribute list. */
  readonly runsPerExtent?: number;
  /** Entries in a node of the directory's index. */
  readonly fanOut?: number;
}

export interface NtfsOptions {
  readonly sectorSizeBytes?: number;
  readonly clusterSizeBytes?: number;
  readonly recordSizeBytes?: number;
  readonly indexBlockSizeBytes?: number;
  readonly label?: string;
  readonly version?: readonly [major: number, minor: number];
  readonly volumeFlags?: number;
  readonly logFile?: keyof typeof LOG_FILES | Uint8Array;
  /** The table in $UpCase, where it is not the usual one. */
  readonly upcase?: Uint8Array;
  /** Pieces that $MFT is in. */
  readonly mftPieces?: number;
  /** Spreads the pieces of $MFT over extension records. */
  readonly mftAttributeList?: "resident" | "clusters";
  /** Entries in a node of the root's index. */
  readonly rootFanOut?: number;
  /** What $Secure holds, by number. */
  readonly descriptors?: ReadonlyMap<number, Uint8Array>;
  /** Entries in a node of $SII. */
  readonly securityFanOut?: number;
  /** Free clusters at the end of the volume; 8 where they are left out. */
  readonly spareClusters?: number;
  /** Free records at the end of $MFT. */
  readonly spareRecords?: number;
  /** By path, `/` between names; folders on the way come into being by themselves. */
  readonly files?: Readonly<Record<string, Uint8Array | string | FileOptions>>;
}
