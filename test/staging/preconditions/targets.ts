import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { type OpenedImage, openImage } from "../../../src/audit/index.ts";
import type { Code } from "../../../src/errors.ts";
import { chooseGuest } from "../../../src/staging/guest-choice.ts";
import { checkPreconditions, type StagingWish } from "../../../src/staging/preconditions/index.ts";
import type { StagingTarget } from "../../../src/staging/target.ts";
import { ADMIN_ONLY } from "../../fs/ntfs/write/volumes.ts";
import { layGpt, windowsVolume } from "../../lab/guest-image.ts";
import type { NtfsOptions } from "../../lab/ntfs.ts";
import type { WindowsOptions } from "../../lab/windows.ts";
import { ownFolder } from "../../support/own-folder.ts";

let count = 0;

/** Opens a disk as an image; it stays open for as long as the process of the tests runs. */
export function imageOf(bytes: Uint8Array): OpenedImage {
  const path = join(ownFolder(), `image${++count}`);
  writeFileSync(path, bytes);
  return openImage(path);
}

export interface LabGuest {
  readonly windows?: Partial<WindowsOptions>;
  readonly ntfs?: NtfsOptions;
}

export function volumeOf({ windows, ntfs }: LabGuest = {}): Uint8Array {
  return windowsVolume(
    { release: "ws2008r2", ...windows },
    { descriptors: new Map([[0x100, ADMIN_ONLY]]), ...ntfs },
  );
}

/** A Server 2008 R2 in good order, but for what is asked for. */
export function targetOf(guest: LabGuest = {}): StagingTarget {
  return targetIn(imageOf(layGpt([volumeOf(guest)])));
}

/** The only guest of an image; undefined where there is none. */
export function tryTargetIn(image: OpenedImage): StagingTarget | undefined {
  // This host's table names the integration services disk for guests of NT 6.
  const choice = chooseGuest(image, undefined, { host: "ws2012r2" });
  return "target" in choice ? choice.target : undefined;
}

export function targetIn(image: OpenedImage): StagingTarget {
  return tryTargetIn(image) ?? expect.fail("there is no guest, or there are several");
}

/** Closes an image before the tests are over, and removes its file. */
export function discard(image: OpenedImage): void {
  image.close();
  rmSync(image.path);
}

/** A staging with nothing special; lab volumes are too small for an installation. */
export const WISH = {
  allowed: new Set<string>(["STAGE_SPACE"]),
  hostFolder: undefined,
  update: { payloadBytes: 700_000 },
} as const satisfies StagingWish;

/** What every guest without a folder to look around in is warned of. */
const ALWAYS: readonly Code[] = ["CHILDREN_UNKNOWN", "STAGE_SPACE"];

export interface Outcome {
  readonly refusals: readonly Code[];
  readonly warnings: readonly Code[];
}

/** The codes that a check comes to, each once, without what is warned of always. */
export function outcomeOf(target: StagingTarget, wish: Partial<StagingWish> = {}): Outcome {
  const { refusals, warnings } = checkPreconditions(target, { ...WISH, ...wish });
  return {
    refusals: [...new Set(refusals.map(({ code }) => code))],
    warnings: [...new Set(warnings.map(({ code }) => code))].filter((code) => !ALWAYS.includes(code)),
  };
}
