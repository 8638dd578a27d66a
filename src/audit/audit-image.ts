// SPDX-License-Identifier: MIT
import { type Finding, finding, findingOf, located, VmguestError } from "../errors.ts";
import { readNtfsState } from "../fs/index.ts";
import {
  findSystemRoots,
  type GuestFacts,
  linuxGuestFacts,
  openWindows,
  readWindowsFacts,
} from "../guest/index.ts";
import type { ReadBudget, ReadStats } from "../io/index.ts";
import {
  checkMinimums,
  checkServices,
  type HostId,
  isVersion,
  type MinimumRule,
  type PackageOffer,
} from "../policy/index.ts";
import type { Volume, VolumeContent } from "../volume/index.ts";
import { judgeGuest } from "./judge-guest.ts";
import { OpenedImage, type OpenImageFile } from "./open-image.ts";
import type { ContainerReport, GuestReport, ImageReport, ImageRole, VolumeReport } from "./report.ts";
import { reportError, reportFinding } from "./report-parts.ts";

/** How an image is judged, what reading it may cost, and where its bytes come from. */
export interface AuditOptions {
  /** The host release whose update table applies. */
  readonly host: HostId;
  /** The least integration-services version that the user's policy accepts, `a.b.c.d`. */
  readonly minimumVersion?: string;
  /** The least versions that a policy accepts, by guest and host; they count where there is no `minimumVersion`. */
  readonly minimums?: readonly MinimumRule[];
  /**
   * Packages at hand, as `findOffers` of the package layer finds them: one of them is chosen for each guest, and is what
   * the guest is measured by. Left out where nobody asked for any, which is not the same as an empty list.
   */
  readonly offered?: readonly PackageOffer[];
  /** The user says that no guest here gets its updates from Windows Update, whatever its registry says. */
  readonly isNotOnWindowsUpdate?: boolean;
  /** Counts the reads that reach the image file. */
  readonly stats?: ReadStats;
  /** What reading this image may cost; where it is not enough, the error is READ_LIMIT. */
  readonly budget?: ReadBudget;
  /** Folders in which the parents of a differencing disk may be opened; the folder of the image where not given. */
  readonly parentRoots?: readonly string[];
  /** What is known of the image before it is opened, as of a change of it that was interrupted; the report has it too. */
  readonly knownFindings?: readonly Finding[];
  /** Opens the image's own file, in the place of `FileSource.open`: one that does not lie on this host. */
  readonly openImageFile?: OpenImageFile;
  /** Whether other images of the same batch are written over this one; the report says so, and nothing else changes. */
  readonly role?: ImageRole;
}

/**
 * Audits one image: every guest in it, judged for `options.host`. The image file is opened for reading only.
 *
 * Never throws: what stopped the audit stands in `error`, what it could go around in `findings`. `error` is set when
 * the container or the partition table could not be read, when a guest was recognised but could not be read, when no
 * guest was examined while a volume that might hold one could not be read, and for a minimum that is no version.
 */
export function auditImage(path: string, options: AuditOptions): ImageReport {
  let image: OpenedImage | undefined;
  try {
    checkMinimum(options);
    image = OpenedImage.open(path, options);
    return new ImageAudit(image, options).run();
  } catch (error) {
    const container = image === undefined ? null : containerOf(image);
    // Where reading was stopped, what looks like damage need not be any.
    const findings = (options.knownFindings ?? []).map((found) => reportFinding(found, path));
    const refusal = options.budget?.refusal ?? error;
    const role = options.role ?? "leaf";
    return {
      path,
      role,
      container,
      partitionTable: null,
      volumes: [],
      guests: [],
      findings,
      error: reportError(refusal, path),
    };
  } finally {
    image?.close();
  }
}

/**
 * The same for an image that is open already, which stays open. Throws where the audit had to be stopped: READ_LIMIT,
 * IO_CHANGED, and what the host's storage throws.
 */
export function auditOpened(image: OpenedImage, options: AuditOptions): ImageReport {
  checkMinimum(options);
  return new ImageAudit(image, options).run();
}

function checkMinimum({ minimumVersion, minimums }: AuditOptions): void {
  if (minimums !== undefined) checkMinimums(minimums);
  if (minimumVersion === undefined || isVersion(minimumVersion)) return;
  throw new VmguestError(
    "USAGE",
    `the minimum must be a version like 6.3.9600.18692, not "${minimumVersion}"`,
  );
}

/** Volumes that a Linux has its root file system on. */
const LINUX_CONTENTS: ReadonlySet<VolumeContent> = new Set(["ext", "xfs", "btrfs", "lvm", "luks"]);

/** Nobody boots so many Windows from one disk; partitions that share their sectors can show one a thousand times. */
const WINDOWS_COUNT_MAX = 16;

/** One audit under way. */
class ImageAudit {
  readonly #image: OpenedImage;
  readonly #options: AuditOptions;
  readonly #findings: Finding[] = [];
  readonly #guests: GuestReport[] = [];
  readonly #volumeStates = new Map<number, VolumeReport["state"]>();
  #windowsCount = 0;
  readonly #unreadableVolumes: VmguestError[] = [];
  readonly #unreadableGuests: VmguestError[] = [];

  constructor(image: OpenedImage, options: AuditOptions) {
    this.#image = image;
    this.#options = options;
  }

  run(): ImageReport {
    const { layout, path } = this.#image;
    for (const volume of layout.volumes) {
      if (volume.content === "ntfs") this.#auditNtfs(volume);
    }
    const refusal = this.#options.budget?.refusal;
    // Facts that are missing only because reading was stopped must not be judged.
    if (refusal !== undefined) throw refusal;
    const error = this.#error();
    this.#presumeLinux();
    this.#image.checkUnchanged();

    const known = this.#options.knownFindings ?? [];
    if (this.#guests.length === 0 && error === undefined) this.#findings.push(nothingFound(layout.volumes));
    return {
      path,
      role: this.#options.role ?? "leaf",
      container: containerOf(this.#image),
      partitionTable: layout.table,
      volumes: layout.volumes.map((volume) => this.#volumeReport(volume)),
      guests: this.#guests,
      findings: [...known, ...this.#image.findings, ...this.#findings].map((found) =>
        reportFinding(found, path),
      ),
      error: error === undefined ? null : reportError(error, path),
    };
  }

  #auditNtfs(volume: Volume): void {
    const roots = this.#collect(volume, this.#unreadableVolumes, () => {
      const fileSystem = this.#image.ntfs(volume);
      const { state, findings } = readNtfsState(fileSystem);
      this.#volumeStates.set(volume.index, state);
      this.#note(volume, findings);
      const found = findSystemRoots(fileSystem);
      this.#note(volume, found.findings);
      return found.roots;
    });
    if (!this.#volumeStates.has(volume.index)) this.#volumeStates.set(volume.index, ["unreadable"]);
    for (const root of roots ?? []) {
      // The first one too many is said to be that; those after it would only say it again.
      if (this.#windowsCount++ > WINDOWS_COUNT_MAX) break;
      this.#collect(volume, this.#unreadableGuests, () => this.#auditWindows(volume, root));
    }
  }

  #auditWindows(volume: Volume, systemRoot: string): void {
    if (this.#windowsCount > WINDOWS_COUNT_MAX) {
      const message = `the image has more than ${WINDOWS_COUNT_MAX} Windows, of which no more are audited`;
      throw new VmguestError("LIMIT_EXCEEDED", message, { path: systemRoot });
    }
    const fileSystem = this.#image.ntfs(volume);
    const facts = readWindowsFacts(openWindows(fileSystem, systemRoot));
    this.#note(volume, facts.findings);
    this.#note(volume, checkServices(facts.os, facts.integrationServices), systemRoot);
    this.#judge(volume, facts, fileSystem.findings);
  }

  /** The Linux volumes of an image are taken for one guest, placed at the largest of them. */
  #presumeLinux(): void {
    const volumes = this.#image.layout.volumes.filter(({ content }) => LINUX_CONTENTS.has(content));
    const [largest] = volumes.toSorted((a, b) => b.sizeBytes - a.sizeBytes);
    if (largest === undefined) return;
    const message = `a Linux guest is presumed from what the image holds: ${listContents(volumes)}`;
    this.#note(largest, [finding("GUEST_PRESUMED", message)]);
    this.#judge(largest, linuxGuestFacts(), []);
  }

  #judge(volume: Volume, facts: GuestFacts, volumeFindings: readonly Finding[]): void {
    const { path } = this.#image;
    const found = { image: path, volume: this.#volumeReport(volume), facts, volumeFindings };
    this.#guests.push(judgeGuest(found, this.#options));
  }

  /** Runs `work`; a typed error becomes a finding and is kept in `errors`, and the audit goes on. */
  #collect<T>(volume: Volume, errors: VmguestError[], work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      const full = located(error, { image: this.#image.path, partition: volume.index });
      if (!(full instanceof VmguestError)) throw error;
      errors.push(full);
      this.#findings.push(findingOf(full));
      return undefined;
    }
  }

  /** Keeps findings, with the volume and, where they do not say it themselves, the path that they are about. */
  #note(volume: Volume, findings: readonly Finding[], path?: string): void {
    const where = { partition: volume.index, ...(path !== undefined && { path }) };
    for (const found of findings) this.#findings.push({ ...found, where: { ...where, ...found.where } });
  }

  #error(): VmguestError | undefined {
    if (this.#unreadableGuests.length > 0) return this.#unreadableGuests[0];
    if (this.#guests.length > 0) return undefined;
    return this.#unreadableVolumes[0] ?? this.#closedVolume() ?? this.#unrecognised();
  }

  /** A file that is taken for a raw disk only because it is nothing else: a text, or an image that lost its header. */
  #unrecognised(): VmguestError | undefined {
    const { disk, layout, path } = this.#image;
    if (disk.format !== "raw" || layout.table !== "none") return undefined;
    if (layout.volumes.some(({ content }) => content !== "unknown")) return undefined;
    const message = "neither a disk format nor a partition table nor a file system was recognised";
    return new VmguestError("IMAGE_UNRECOGNISED", message, { image: path });
  }

  /** Volumes whose inside cannot be read, or that lie behind the end of an image, may hold the guest that was not found. */
  #closedVolume(): VmguestError | undefined {
    const { layout, path } = this.#image;
    const isLost = ({ code, where }: Finding): boolean =>
      code === "PARTITION_RANGE" && layout.volumes[where.partition ?? -1]?.source.sizeBytes === 0;
    const found = layout.findings.find((one) => CLOSED_VOLUME_CODES.has(one.code) || isLost(one));
    return found && new VmguestError(found.code, found.message, { image: path, ...found.where });
  }

  #volumeReport(volume: Volume): VolumeReport {
    return {
      index: volume.index,
      offset: volume.offset,
      size: volume.sizeBytes,
      fileSystem: volume.content,
      role: volume.role,
      state: this.#volumeStates.get(volume.index) ?? [],
    };
  }
}

function nothingFound(volumes: readonly Volume[]): Finding {
  const held = volumes.length === 0 ? "no volume" : listContents(volumes);
  return finding("GUEST_NONE", `no operating system was found in the image, which holds ${held}`);
}

/** `ntfs, unknown`: what volumes hold, each once. */
function listContents(volumes: readonly Volume[]): string {
  return [...new Set(volumes.map(({ content }) => content))].join(", ");
}

const CLOSED_VOLUME_CODES: ReadonlySet<string> = new Set([
  "VOLUME_BITLOCKER",
  "VOLUME_LDM",
  "VOLUME_REFS",
  "VOLUME_STORAGE_SPACES",
]);

function containerOf({ disk, chain }: OpenedImage): ContainerReport {
  return {
    format: disk.format,
    kind: disk.kind,
    virtualSize: disk.sizeBytes,
    logicalSectorSize: disk.logicalSectorSizeBytes,
    logState: disk.logState,
    chain,
    dataWriteGuid: disk.dataWriteGuid ?? null,
  };
}
