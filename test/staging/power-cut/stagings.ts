import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { OpenedImage } from "../../../src/audit/index.ts";
import type { ChangePlan } from "../../../src/io/commit/index.ts";
import { MemorySource } from "../../../src/io/index.ts";
import { findOffers } from "../../../src/package/index.ts";
import type { ReadyChange } from "../../../src/staging/change-draft.ts";
import { draftServices } from "../../../src/staging/draft-services.ts";
import { draftStaging } from "../../../src/staging/draft-staging.ts";
import { editServices, type StagingOptions, stageImage } from "../../../src/staging/index.ts";
import { watchedRanges } from "../../../src/staging/watched-ranges.ts";
import { buildIcPackage, FEW_COMPONENTS } from "../../lab/ic-package.ts";
import { THROW_AWAY } from "../../lab/signing/index.ts";
import type { CutGuest, ImageFiles } from "./guests.ts";

const PACKAGE = "offered.cab";
export const CAB = buildIcPackage({
  target: "6.2",
  components: FEW_COMPONENTS.slice(0, 1),
  compression: "lzx",
});
const trust = { roots: [THROW_AWAY.root.certificate] };
const { offers } = findOffers([{ file: PACKAGE, open: () => new MemorySource(CAB) }], { trust });

/** What is asked for; the same each time, so that the same bytes come of it. */
function optionsOf({ options }: CutGuest): StagingOptions {
  let count = 0;
  return {
    host: "ws2012r2",
    toolVersion: "1.2.3",
    newGuid: () => `00000000-0000-4000-8000-${String(++count).padStart(12, "0")}`,
    now: new Date("2024-05-06T07:08:09Z"),
    // Volumes of the lab are small.
    allowed: new Set(["STAGE_SPACE", "STAGE_DIFFERENCING"]),
    offered: offers,
    openFile: () => new MemorySource(CAB),
    trust,
    ...options,
  };
}

const folder = mkdtempSync(join(tmpdir(), "vmguest-power-cut-"));
const opened: Disposable[] = [];
afterAll(() => {
  for (const one of opened.reverse()) one[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** Puts the image of a guest, and its parent, on the host's disk; gives its path. */
function putFiles(files: ImageFiles): string {
  const own = mkdtempSync(join(folder, "image-"));
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(own, name), bytes);
  return join(own, Object.keys(files)[0] ?? expect.fail("there is no image"));
}

/** A change that is planned and ready to be written, as `stageImage` and `editServices` have it. */
export interface PreparedStaging {
  readonly image: OpenedImage;
  readonly ready: ReadyChange;
  /** What is given to `commitChanges`, but for the image itself. */
  readonly plan: Omit<ChangePlan, "image" | "id">;
}

/** Plans the change of a guest. */
export function prepare(guest: CutGuest): PreparedStaging {
  const image = OpenedImage.open(putFiles(guest.files()));
  opened.push(image);
  const options = optionsOf(guest);
  const drafted =
    guest.services === undefined
      ? draftStaging(image, options)
      : draftServices(image, guest.services, options);
  opened.push(drafted);
  const { plan: report, ready } = drafted;
  if (ready === undefined) expect.fail(`${report.outcome}: ${JSON.stringify(report.refusals)}`);
  const { steps, sizeBytes } = ready.prepared;
  return { image, ready, plan: { steps, sizeBytes, watched: watchedRanges(ready.target), note: ready.note } };
}

/** Carries the change of a guest out, from the image's path to its undo file; gives the path. */
export function carryOut(guest: CutGuest): string {
  const path = putFiles(guest.files());
  const options = optionsOf(guest);
  const { outcome, error } =
    guest.services === undefined ? stageImage(path, options) : editServices(path, guest.services, options);
  expect({ outcome, error }).toEqual({ outcome: "staged", error: null });
  return path;
}
