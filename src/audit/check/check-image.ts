// SPDX-License-Identifier: MIT
import { checkContainer } from "../../disk/check/index.ts";
import { type Finding, finding, findingOf, type Severity, VmguestError, type Where } from "../../errors.ts";
import { checkNtfs } from "../../fs/check/index.ts";
import { type ByteSource, FileSource } from "../../io/index.ts";
import { checkHive } from "../../registry/check/index.ts";
import { checkPartitions } from "../../volume/check/index.ts";
import type { Volume } from "../../volume/index.ts";
import { OpenedImage, type OpenImageOptions } from "../open-image.ts";
import type { ErrorReport, FindingReport } from "../report.ts";
import { reportError, reportFinding } from "../report-parts.ts";
import { findHives, type HiveFile } from "./check-hives.ts";
import type { CheckedPart, CheckLayer, CheckReport, CheckSummary } from "./check-report.ts";

/** What of an image is checked. */
export interface CheckOptions extends OpenImageOptions {
  /** Told the name of each part before it is checked, for somebody who watches. */
  readonly onPart?: (name: string) => void;
  /** Parts that are checked, by their names in the report; all of them where it is left out. */
  readonly only?: ReadonlySet<string>;
  /** Passes over the other volumes and the other hives, for who knows that they are as they were. */
  readonly within?: CheckedRegion;
}

/** A part of an image that was changed, besides its container and partition table. */
export interface CheckedRegion {
  /** Index of the volume. */
  readonly volume: number;
  /** Paths of hives on it, as the volume spells them. */
  readonly hives: ReadonlySet<string>;
}

/** Findings of one code in one part that are listed; what a ruined table gives beyond that says no more. */
const FINDINGS_OF_ONE_CODE_MAX = 100;

/**
 * Checks the structures of one image from the outside in: container, partition table, every NTFS volume, and every
 * registry hive of every Windows. The image file is opened for reading only.
 *
 * Never throws: damage is in the findings, and `error` says what ended the check early, which is a container or a
 * partition table that cannot be opened, or trouble with the host's own storage.
 */
export function checkImage(path: string, options: CheckOptions = {}): CheckReport {
  return reportOf(path, options, (check) => check.run());
}

/**
 * The same for an image that is open already. `file` is what the image was opened from, where that is not its own file
 * but what the file is going to hold.
 */
export function checkOpenedImage(
  image: OpenedImage,
  file: ByteSource = image.file,
  options: CheckOptions = {},
): CheckReport {
  return reportOf(image.path, options, (check) => check.runOn(image, file));
}

function reportOf(path: string, options: CheckOptions, run: (check: ImageCheck) => void): CheckReport {
  const check = new ImageCheck(path, options);
  let error: ErrorReport | null = null;
  try {
    run(check);
  } catch (thrown) {
    error = reportError(thrown, path);
  }
  const { parts } = check;
  return { schema: "vmguest.check/1", image: path, parts, summary: summarise(parts), error };
}

/** Codes that are about a file and its parent, which neither of them shows alone. */
const OF_CHAIN = /^(DISK|VHD)_PARENT_/;

/** One check under way. */
class ImageCheck {
  readonly parts: CheckedPart[] = [];
  readonly #path: string;
  readonly #options: CheckOptions;

  constructor(path: string, options: CheckOptions) {
    this.#path = path;
    this.#options = options;
  }

  run(): void {
    const { knownFindings = [] } = this.#options;
    if (knownFindings.length > 0) this.#check("container", "undo file", {}, knownFindings);
    this.#checkContainer("image file", this.#path);
    using image = OpenedImage.open(this.#path, this.#options);
    this.#checkInside(image);
  }

  runOn(image: OpenedImage, file: ByteSource): void {
    this.#check("container", "image file", { image: this.#path }, checkContainer(file));
    this.#checkInside(image);
  }

  #checkInside(image: OpenedImage): void {
    this.#checkParents(image);
    const { table, volumes } = image.layout;
    if (table !== "none") this.#check("partitions", table, {}, checkPartitions(image.disk));
    const { within } = this.#options;
    for (const volume of volumes) {
      if (within === undefined || within.volume === volume.index) this.#checkVolume(image, volume);
    }
    image.checkUnchanged();
  }

  /** The container has a reading of its own: what is wrong with it may keep the disk from being opened. */
  #checkContainer(name: string, path: string): void {
    const file = FileSource.open(path, this.#options);
    try {
      this.#check("container", name, { image: path }, checkContainer(file));
    } finally {
      file.close();
    }
  }

  /** The other files of a differencing disk, and how they fit to each other. */
  #checkParents(image: OpenedImage): void {
    const [, ...parents] = image.chain;
    if (parents.length === 0) return;
    for (const path of parents) this.#checkContainer(`parent ${path}`, path);
    const ofChain = image.disk.findings.filter(({ code }) => OF_CHAIN.test(code));
    this.#check("container", "chain of parents", {}, ofChain);
  }

  #checkVolume(image: OpenedImage, volume: Volume): void {
    const name = `volume ${volume.index}`;
    const where = { partition: volume.index };
    if (volume.content === "ntfs") {
      this.#check("file-system", `${name} (ntfs)`, where, checkFileSystem(image, volume));
      this.#checkHives(image, volume);
    } else if (volume.content !== "reserved") {
      const message = `the volume holds ${volume.content === "unknown" ? "nothing known" : volume.content}`;
      this.#check("file-system", `${name} (${volume.content})`, where, [finding("CHECK_SKIPPED", message)]);
    }
  }

  #checkHives(image: OpenedImage, volume: Volume): void {
    let fileSystem: ReturnType<OpenedImage["ntfs"]>;
    try {
      fileSystem = image.ntfs(volume);
    } catch (error) {
      // The check of the file system has said so.
      if (error instanceof VmguestError && error.kind !== "io") return;
      throw error;
    }
    const { within } = this.#options;
    for (const hive of findHives(fileSystem)) {
      if (within?.hives.has(hive.path) === false) continue;
      const name = `volume ${volume.index}: ${hive.path}`;
      const where = { partition: volume.index, path: hive.path };
      this.#check("registry", name, where, checkHiveFile(hive));
    }
  }

  /** Takes the findings of one part as they come; damage that is thrown is the last one of them. */
  #check(layer: CheckLayer, name: string, where: Where, findings: Iterable<Finding>): void {
    if (this.#options.only?.has(name) === false) return;
    this.#options.onPart?.(name);
    const list = new FindingList(this.#path, where);
    try {
      for (const found of findings) list.add(found);
    } catch (error) {
      if (!(error instanceof VmguestError) || error.kind === "io") throw error;
      list.add(findingOf(error));
    }
    this.parts.push({ layer, name, ...list.report() });
  }
}

function* checkHiveFile({ open }: HiveFile): Generator<Finding> {
  const { source, logs } = open();
  yield* checkHive(source, { logs });
}

function* checkFileSystem(image: OpenedImage, volume: Volume): Generator<Finding> {
  yield* checkNtfs(image.ntfs(volume));
}

/** The findings of one part as the report has them. */
class FindingList {
  readonly #image: string;
  readonly #where: Where;
  readonly #listed: FindingReport[] = [];
  readonly #countByCode = new Map<string, number>();
  readonly #counts: Record<Severity, number> = { error: 0, warning: 0, info: 0 };
  #omitted = 0;

  constructor(image: string, where: Where) {
    this.#image = image;
    this.#where = where;
  }

  add(found: Finding): void {
    this.#counts[found.severity]++;
    const count = (this.#countByCode.get(found.code) ?? 0) + 1;
    this.#countByCode.set(found.code, count);
    if (count > FINDINGS_OF_ONE_CODE_MAX) this.#omitted++;
    else this.#listed.push(reportFinding({ ...found, where: this.#placed(found.where) }, this.#image));
  }

  report(): Pick<CheckedPart, "counts" | "findings" | "omitted"> {
    return { counts: this.#counts, findings: this.#listed, omitted: this.#omitted };
  }

  /** A key's path comes behind that of its hive. */
  #placed(where: Where): Where {
    const { path } = this.#where;
    if (path === undefined || where.path === undefined || where.path === path) {
      return { ...this.#where, ...where };
    }
    return { ...this.#where, ...where, path: `${path}: ${where.path}` };
  }
}

function summarise(parts: readonly CheckedPart[]): CheckSummary {
  const total = (severity: Severity) => parts.reduce((sum, { counts }) => sum + counts[severity], 0);
  return { parts: parts.length, error: total("error"), warning: total("warning"), info: total("info") };
}
