import type { Change, DiffReport, ImageDiff } from "../../src/audit/stored/index.ts";

/** Differences written by hand, for the tests of their formatters. */

const SIDE = {
  tool: { name: "vmguest", version: "0.1.0" },
  host: { id: "ws2019", generation: "2016", extrapolated: false },
  images: 6,
} as const;

/** A difference of these images. */
export function diff(images: readonly ImageDiff[], changes: Partial<DiffReport> = {}): DiffReport {
  const count = (test: (image: ImageDiff) => boolean) => images.filter(test).length;
  const changed = images.filter(({ change }) => change === "changed");
  const before = images.length === 0 ? 0 : SIDE.images;
  const added = count(({ change }) => change === "added");
  return {
    schema: "vmguest.diff/1",
    tool: SIDE.tool,
    before: { report: "old.json", ...SIDE, images: before },
    after: { report: "new.json", ...SIDE, images: before },
    images,
    summary: {
      before,
      after: before,
      added,
      removed: count(({ change }) => change === "removed"),
      changed: changed.length,
      unchanged: Math.max(0, before - added - changed.length),
      worse: changed.filter(({ judgement }) => judgement === "worse").length,
      better: changed.filter(({ judgement }) => judgement === "better").length,
      neutral: changed.filter(({ judgement }) => judgement === "neutral").length,
    },
    ...changes,
  };
}

const GUEST = { volume: 1, name: "Windows Server 2012", hostname: "WEB" } as const;

/** One change of a guest. */
export function turn(
  what: Change["what"],
  before: string | null,
  after: string | null,
  rest: Partial<Change> = {},
): Change {
  return { guest: GUEST, what, name: null, before, after, judgement: "neutral", ...rest };
}

const rollout = (path: string): ImageDiff => ({
  path,
  change: "changed",
  judgement: "better",
  changes: [
    turn("status", "outdated", "current", { judgement: "better", guest: { ...GUEST, hostname: path } }),
  ],
  omitted: 0,
});

const other = (
  path: string,
  change: ImageDiff["change"],
  judgement: ImageDiff["judgement"],
  changes: readonly Change[],
  omitted = 0,
): ImageDiff => ({ path, change, judgement, changes, omitted });

/** A library in which everything happened that can happen. */
export const FLEET_DIFF = diff(
  [
    other("fleet/broken.vhdx", "added", "neutral", [turn("error", null, "IO_OPEN", { guest: null })]),
    other("fleet/db01.vhdx", "changed", "worse", [
      turn("error", null, "VHDX_HEADERS_INVALID", { guest: null, judgement: "worse" }),
      turn("guest", "current", null),
    ]),
    other("fleet/new.vhdx", "added", "neutral", [
      turn("guest", null, "current", { guest: { ...GUEST, name: "Windows Server 2019" } }),
    ]),
    other("fleet/old.vhdx", "removed", "neutral", [
      turn("guest", "unknown", null, { guest: { ...GUEST, name: null } }),
    ]),
    other(
      "fleet/pc.vhdx",
      "changed",
      "neutral",
      [turn("finding", "a note", null, { name: "NTFS_NOTE", guest: null })],
      7,
    ),
    rollout("fleet/web01.vhdx"),
    rollout("fleet/web02.vhdx"),
    other("fleet/web03.vhdx", "changed", "worse", [
      turn("status", "outdated", "current", { judgement: "better" }),
      turn("hostname", null, "WEB03"),
      turn("service", "automatic", "disabled", {
        name: "vmickvpexchange",
        judgement: "worse",
        guest: { ...GUEST, volume: 2 },
      }),
      turn("finding", null, "the volume is dirty (volume 2)", {
        name: "NTFS_DIRTY",
        guest: null,
        judgement: "worse",
      }),
    ]),
  ],
  { after: { report: "new.json", ...SIDE, timestamp: "2026-01-02T03:04:05.006Z" } },
);
