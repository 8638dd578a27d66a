// SPDX-License-Identifier: MIT
import { decodeUtf16 } from "../../bytes/index.ts";
import { type Finding, VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import type { FileSystem } from "../file-system.ts";
import { AttributeSet } from "./attribute.ts";
import { type NtfsGeometry, readGeometry } from "./boot.ts";
import { FileNameCollation } from "./collation.ts";
import { FindingLog } from "./finding-log.ts";
import { ATTRIBUTE, RECORD, VolumeInformation } from "./layout.ts";
import { Mft } from "./mft.ts";
import { type NtfsNode, openRecord, type VolumeContext } from "./ntfs-node.ts";
import { walkPath } from "./path-walk.ts";
import { SecurityStore } from "./security/store.ts";
import { UpcaseTable } from "./upcase.ts";

/** Versions of the on-disk format that are read: Windows 2000, and XP to today. */
export type NtfsVersion = "3.0" | "3.1";

/** What a volume does not know of itself. */
export interface NtfsOpenOptions {
  /**
   * What the guest calls the volume: `C:`, `Volume{f6adea8a-...}`. Junctions and absolute symbolic links are followed
   * where their target begins with one of these names; the volume itself does not say how the guest calls it. A
   * function is asked when such a link is met for the first time.
   */
  readonly names?: readonly string[] | (() => readonly string[]);
}

/** How a path is followed. */
export interface FindOptions {
  /** False to get a junction or a symbolic link at the end of the path itself. Links on the way are always followed. */
  readonly followsLast?: boolean;
}

/** An NTFS volume, open for reading. Nothing on it is believed before it was checked. */
export class NtfsVolume implements FileSystem {
  readonly kind = "ntfs";
  readonly label: string | undefined;
  readonly geometry: NtfsGeometry;
  readonly version: NtfsVersion;
  /** VOLUME_FLAGS bits of $VOLUME_INFORMATION. */
  readonly flags: number;
  readonly #context: VolumeContext;
  readonly #askNames: () => readonly string[];
  #names: readonly string[] | undefined;
  #root: NtfsNode | undefined;

  /** Use {@link openNtfs}. */
  constructor(source: ByteSource, { names = [] }: NtfsOpenOptions = {}) {
    this.#askNames = typeof names === "function" ? names : () => names;
    const findings = new FindingLog();
    this.geometry = readGeometry(source, findings);
    const { clusterSizeBytes, clusterCount } = this.geometry;
    const space = { volume: source, clusterSizeBytes, clusterCount };
    const mft = new Mft(space, this.geometry, findings);
    const upcase = new UpcaseTable(() => this.openRecord(RECORD.upcase, "$UpCase").open());
    const security = new SecurityStore({
      open: () => new AttributeSet(mft.record(RECORD.secure), mft, space),
      clusterSizeBytes,
      findings,
    });
    this.#context = { mft, space, findings, collation: new FileNameCollation(upcase), security };

    const attributes = new AttributeSet(mft.record(RECORD.volume), mft, space);
    const information = new VolumeInformation(attributes.require(ATTRIBUTE.volumeInformation).first.value);
    this.version = checkVersion(information);
    this.flags = information.flags;
    this.label = readLabel(attributes);
  }

  /**
   * What the check of the volume shares with reading it.
   *
   * @internal
   */
  get context(): VolumeContext {
    return this.#context;
  }

  get findings(): readonly Finding[] {
    return this.#context.findings.all;
  }

  get root(): NtfsNode {
    this.#root ??= this.openRecord(RECORD.root, "");
    return this.#root;
  }

  /** Junctions and symbolic links are followed inside the volume; throws NTFS_LINK and its kin where one cannot be. */
  find(path: string, { followsLast = true }: FindOptions = {}): NtfsNode | undefined {
    const { collation } = this.#context;
    const names = () => {
      this.#names ??= this.#askNames();
      return this.#names;
    };
    return walkPath(path, { root: this.root, collation, names, followsLast });
  }

  require(path: string, options: FindOptions = {}): NtfsNode {
    const node = this.find(path, options);
    if (node !== undefined) return node;
    throw new VmguestError("NOT_FOUND", "no such file or directory on the volume", { path });
  }

  /** The file that a FILE record describes, found by number: metadata files above all. `path` is what to call it. */
  openRecord(recordNumber: number, path = `$MFT record ${recordNumber}`): NtfsNode {
    return openRecord(this.#context, this.#context.mft.record(recordNumber), path);
  }
}

/**
 * Opens the NTFS volume in `source`: reads its boot sector and its first FILE records.
 *
 * Throws NTFS_BOOT, NTFS_VERSION, or what the damage to $MFT or $Volume is. Damage elsewhere shows when it is reached.
 */
export function openNtfs(source: ByteSource, options: NtfsOpenOptions = {}): NtfsVolume {
  return new NtfsVolume(source, options);
}

function checkVersion({ majorVersion, minorVersion }: VolumeInformation): NtfsVersion {
  if (majorVersion === 3 && minorVersion === 0) return "3.0";
  if (majorVersion === 3 && minorVersion === 1) return "3.1";
  const message = `the volume has NTFS version ${majorVersion}.${minorVersion}`;
  throw new VmguestError("NTFS_VERSION", message, { path: "$Volume", structure: "$VOLUME_INFORMATION" });
}

/** The label as stored; a volume without one has an empty $VOLUME_NAME or none at all. */
function readLabel(attributes: AttributeSet): string | undefined {
  const value = attributes.find(ATTRIBUTE.volumeName)?.first.value;
  if (value === undefined || value.byteLength === 0) return undefined;
  return decodeUtf16(value, 0, value.byteLength);
}
