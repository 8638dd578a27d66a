import { describe, expect, test } from "vitest";
import type { Change, DiffReport, ImageDiff } from "../../src/audit/stored/index.ts";
import { formatDiff, formatDiffMarkdown } from "../../src/report/index.ts";
import { diff, FLEET_DIFF, turn } from "./diffs.ts";

const text = (report: DiffReport, width = 100, colour = false) =>
  [...formatDiff(report, { width, colour })].join("");
const markdown = (report: DiffReport, options = {}) => [...formatDiffMarkdown(report, options)].join("");

describe("a difference for people", () => {
  test("tells the worst first, and images that changed alike together", () => {
    expect(
      text(FLEET_DIFF),
    ).toBe(`From old.json (6 images, vmguest 0.1.0, host ws2019) to new.json (6 images, vmguest 0.1.0, host
ws2019, 2026-01-02T03:04:05.006Z).

WORSE (2 images)
  fleet/db01.vhdx
    worse  can no longer be read: VHDX_HEADERS_INVALID
           guest gone: Windows Server 2012, current
  fleet/web03.vhdx
    worse  volume 2: service vmickvpexchange: automatic -> disabled
    worse  NTFS_DIRTY: the volume is dirty (volume 2)
    better volume 1: status: outdated -> current
           volume 1: hostname: none -> WEB03

BETTER (2 images)
  fleet/web01.vhdx
  fleet/web02.vhdx
    better status: outdated -> current

CHANGED (1 image)
  fleet/pc.vhdx
           NTFS_NOTE is gone: a note
           and 7 more changes (--format json has the first of them)

ADDED (2 images)
  fleet/broken.vhdx
           could not be read: IO_OPEN
  fleet/new.vhdx
           Windows Server 2019, current

REMOVED (1 image)
  fleet/old.vhdx
           a guest, unknown

6 images before, 6 after: 5 changed (2 worse, 2 better, 1 neither), 2 added, 1 removed, 0 as before.
`);
  });

  test.each([40, 60, 80, 200])("keeps within %i columns", (width) => {
    const longest = Math.max(
      ...text(FLEET_DIFF, width)
        .split("\n")
        .map((line) => line.length),
    );
    expect(longest).toBeLessThanOrEqual(width);
  });

  test("colours what is worse and better where it may", () => {
    const coloured = text(FLEET_DIFF, 100, true);
    expect(coloured).toContain("\x1b[31mworse\x1b[39m  can no longer");
    expect(coloured).toContain("\x1b[32mbetter\x1b[39m status");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours are such characters
    expect(coloured.replaceAll(/\x1b\[\d+m/g, "")).toBe(text(FLEET_DIFF));
  });

  test("says that nothing changed", () => {
    expect(text(diff([]))).toMatch(/\n\nNothing changed: 0 images\.\n$/);
    expect(markdown(diff([]))).toContain("Nothing changed: 0 images.");
  });

  test("warns of reports that were judged by something else", () => {
    const { before, after } = diff([]);
    const host = { id: "ws2012", generation: "2012", extrapolated: false } as const;
    const other = diff([], {
      before: { ...before, host },
      after: { ...after, tool: { name: "vmguest", version: "9" } },
    });
    for (const shown of [text(other, 200), markdown(other)]) {
      expect(shown).toContain("The reports are for different hosts: a verdict may differ for that alone.");
      expect(shown).toContain("The reports were made by different versions of vmguest");
    }
  });

  test.each([
    { before: undefined, after: { index: 1, count: 3 }, warns: true },
    { before: { index: 0, count: 3 }, after: { index: 1, count: 3 }, warns: true },
    { before: { index: 1, count: 3 }, after: { index: 1, count: 3 }, warns: false },
  ])("from shard $before to shard $after warns: $warns", ({ before, after, warns }) => {
    const side = diff([]).before;
    const parts = diff([], {
      before: before === undefined ? side : { ...side, shard: before },
      after: { ...side, shard: after },
    });
    for (const shown of [text(parts, 200), markdown(parts)]) {
      expect(shown).toContain("shard 2 of 3, 0 images");
      expect(shown.includes("may be in another one")).toBe(warns);
    }
  });

  test("obeys nothing that a report says", () => {
    const hostile = "\x1b[31m\n\u202e|`<b>@you #1";
    const changes: Change[] = [
      turn("hostname", hostile, hostile),
      turn("finding", null, hostile, { name: hostile, guest: null }),
      turn("service", hostile, hostile, { name: hostile }),
      turn("guest", null, hostile, { guest: { volume: 0, name: hostile, hostname: hostile } }),
    ];
    const images: ImageDiff[] = (["added", "changed", "removed"] as const).map((change) => {
      return { path: hostile, change, judgement: "neutral", changes, omitted: 0 };
    });
    const side = {
      ...diff([]).before,
      report: hostile,
      timestamp: hostile,
      tool: { name: "vmguest", version: hostile },
    } as const;
    const report = diff(images, { before: side, after: side });
    for (const shown of [text(report), markdown(report)]) {
      for (const character of ["\x1b", "\u202e"]) expect(shown).not.toContain(character);
    }
    // Outside of code spans nothing foreign stands.
    expect(markdown(report).replaceAll(/`[^`\n]*`/g, "")).not.toMatch(/<b>|@you|#1|\\x1b/);
  });
});

describe("a difference as Markdown", () => {
  test("says what changed in a rollout, however many images it was", () => {
    const images = Array.from({ length: 40_000 }, (_, index): ImageDiff => {
      const changes = [turn("status", "outdated", "current", { judgement: "better" })];
      return { path: `fleet/vm${index}.vhdx`, change: "changed", judgement: "better", changes, omitted: 0 };
    });
    const shown = markdown(diff(images));
    expect(shown).toContain("`fleet/vm99.vhdx` and 39900 more images\n  - **better** status");
    expect(shown).not.toContain("vm100.");
    expect(shown).not.toContain("no room");
  });

  test("has a list for each section", () => {
    expect(markdown(FLEET_DIFF)).toBe(`## What changed

6 images before, 6 after: 5 changed (2 worse, 2 better, 1 neither), 2 added, 1 removed, 0 as before.

- Before: \`old.json\`, 6 images, vmguest \`0.1.0\`, host ws2019
- After: \`new.json\`, 6 images, vmguest \`0.1.0\`, host ws2019, \`2026-01-02T03:04:05.006Z\`

### Worse (2 images)

- \`fleet/db01.vhdx\`
  - **worse** can no longer be read: \`VHDX_HEADERS_INVALID\`
  - guest gone: \`Windows Server 2012\`, \`current\`
- \`fleet/web03.vhdx\`
  - **worse** volume 2: service \`vmickvpexchange\`: \`automatic\` → \`disabled\`
  - **worse** \`NTFS_DIRTY\`: \`the volume is dirty (volume 2)\`
  - **better** volume 1: status: \`outdated\` → \`current\`
  - volume 1: hostname: none → \`WEB03\`

### Better (2 images)

- \`fleet/web01.vhdx\`, \`fleet/web02.vhdx\`
  - **better** status: \`outdated\` → \`current\`

### Changed (1 image)

- \`fleet/pc.vhdx\`
  - \`NTFS_NOTE\` is gone: \`a note\`
  - and 7 more changes (--format json has the first of them)

### Added (2 images)

- \`fleet/broken.vhdx\`
  - could not be read: \`IO_OPEN\`
- \`fleet/new.vhdx\`
  - \`Windows Server 2019\`, \`current\`

### Removed (1 image)

- \`fleet/old.vhdx\`
  - a guest, \`unknown\`
`);
  });

  test("says how much there was no room for", () => {
    const short = markdown(FLEET_DIFF, { lengthMax: 150 });
    expect(short).toContain("### Worse (2 images)\n\n- `fleet/db01.vhdx`");
    expect(short).toContain("**There is no room for 1 more image.** The format json has them all.");
    expect(short.length).toBeLessThan(1400);
  });
});
