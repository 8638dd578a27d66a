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
import { UpcaseTable } from "./upcase.ts";

/** The longest name NTFS can store; asking for a longer one is asking for nothing. */
const NAME_UNITS_MAX = 255;

/** Versions of the on-disk format that are read: Windows 2000, and XP to today. */
export type NtfsVersion = "3.0" | "3.1";

/** An NTFS volume, open for reading. Nothing on it is believed before it was checked. */
export class NtfsVolume implements FileSystem {
  readonly kind = "ntfs";
  readonly label: string | undefined;
  readonly geometry: NtfsGeometry;
  readonly version: NtfsVersion;
  /** VOLUME_FLAGS bits of $VOLUME_INFORMATION. */
  readonly flags: number;
  readonly #context: VolumeContext;
  #root: NtfsNode | undefined;

  /** Use {@link openNtfs}. */
  constructor(source: ByteSource) {
    const findings = new FindingLog();
    this.geometry = readGeometry(source, findings);
    const { clusterSizeBytes, clusterCount } = this.geometry;
    const space = { volume: source, clusterSizeBytes, clusterCount };
    const mft = new Mft(space, this.geometry, findings);
    const upcase = new UpcaseTable(() => this.openRecord(RECORD.upcase, "$UpCase").open());
    this.#context = { mft, space, findings, collation: new FileNameCollation(upcase) };

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

  find(path: string): NtfsNode | undefined {
    let node = this.root;
    for (const name of path.split(/[/\\]/)) {
      if (name === "" || name === ".") continue;
      if (!node.isDirectory || name.length > NAME_UNITS_MAX) return undefined;
      const child = node.child(name);
      if (child === undefined) return undefined;
      node = child;
    }
    return node;
  }

  require(path: string): NtfsNode {
    const node = this.find(path);
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
export function openNtfs(source: ByteSource): NtfsVolume {
  return new NtfsVolume(source);
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
