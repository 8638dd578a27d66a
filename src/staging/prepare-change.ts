// SPDX-License-Identifier: MIT
import type { OpenedImage } from "../audit/index.ts";
import { allocatedBlocks, type DiskWritePlan, planChild, planDiskWrites } from "../disk/write/index.ts";
import type { Finding } from "../errors.ts";
import type { ByteSource, Change, PhaseChanges } from "../io/index.ts";
import { applyChanges } from "./apply/apply-changes.ts";
import type { PlannedChange } from "./plan.ts";
import type { WriteReport } from "./report.ts";

/** A differencing disk that is to be made over the image instead of writing to it. */
export interface ChildTarget {
  /** Path of the image from the folder of the child, as Windows writes it: `.\base.vhdx`. */
  readonly relativePath: string;
}

export interface PrepareOptions {
  /** Index of the volume that the changes are for. */
  readonly volume: number;
  readonly now: Date;
  readonly newGuid: () => string;
  /** The image itself is written where left out. */
  readonly child?: ChildTarget;
}

/** A change that is ready to be written, with the result to look at before. */
export interface PreparedChange extends Disposable {
  /** Changes of the file, each step on the disk before the next one begins; of a child they make it from nothing. */
  readonly steps: readonly (readonly Change[])[];
  readonly sizeBytes: number;
  /** The image file, or that of the child, as the steps leave it. */
  readonly file: ByteSource;
  /** The image as it will be, read from {@link file}. */
  readonly after: OpenedImage;
  /** Offsets of the pages of 4096 bytes of the virtual disk that change. */
  readonly changedPages: ReadonlySet<number>;
  readonly writes: WriteReport;
  readonly findings: readonly Finding[];
}

/**
 * Works out, in memory, all that planned changes of one volume write to the image file. Nothing is written.
 *
 * Throws what makes it unsafe or impossible to write to the disk, the volume or a hive.
 */
export function prepareChange(
  image: OpenedImage,
  changes: readonly PlannedChange[],
  options: PrepareOptions,
): PreparedChange {
  return options.child === undefined
    ? prepareInPlace(image, changes, options)
    : prepareChild(image, changes, { ...options, child: options.child });
}

function prepareInPlace(
  image: OpenedImage,
  changes: readonly PlannedChange[],
  { volume, now, newGuid }: PrepareOptions,
): PreparedChange {
  const { bytes: file, disk } = image;
  const blocks = allocatedBlocks(file);
  const { overlay, findings } = applyChanges(disk, image.volume(volume), changes, {
    now,
    prefers: (offset, size) => blocks.isAllocated(offset, size),
  });
  const phases = overlay.changes();
  const plan = planDiskWrites(file, disk, phases, { newGuid });
  const { steps } = plan;
  return prepared(plan, {
    steps,
    after: image.reread(plan.file),
    changedPages: pagesOf(phases),
    writes: writesOf(steps, plan.sizeBytes - file.sizeBytes),
    findings,
  });
}

function prepareChild(
  image: OpenedImage,
  changes: readonly PlannedChange[],
  { volume, now, newGuid, child }: PrepareOptions & { readonly child: ChildTarget },
): PreparedChange {
  const empty = planChild(image.file, {
    newGuid,
    relativePath: child.relativePath,
    now: now.getTime(),
    parentModifiedMs: image.file.modifiedMs,
  });
  using opened = image.child(empty.file);
  const { overlay, findings } = applyChanges(opened.disk, opened.volume(volume), changes, { now });
  const phases = overlay.changes();
  const plan = planDiskWrites(empty.file, opened.disk, phases, { newGuid });
  const steps = [...empty.steps, ...plan.steps];
  return prepared(plan, {
    steps,
    after: image.child(plan.file),
    changedPages: pagesOf(phases),
    writes: writesOf(steps, plan.sizeBytes),
    findings,
  });
}

function prepared(
  plan: DiskWritePlan,
  change: Omit<PreparedChange, "sizeBytes" | "file" | typeof Symbol.dispose>,
): PreparedChange {
  return {
    ...change,
    findings: [...change.findings, ...plan.findings],
    sizeBytes: plan.sizeBytes,
    file: plan.file,
    [Symbol.dispose]: () => change.after.close(),
  };
}

const pagesOf = (phases: readonly PhaseChanges[]): ReadonlySet<number> =>
  new Set(phases.flatMap(({ changes }) => changes.map(({ offset }) => offset)));

function writesOf(steps: readonly (readonly Change[])[], growth: number): WriteReport {
  const bytes = steps.flat().reduce((sum, change) => sum + change.bytes.length, 0);
  return { bytes, growth, steps: steps.length };
}
