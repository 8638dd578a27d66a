import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { GuestReport, ImageReport } from "../../../src/audit/index.ts";
import { GUEST_FACTS, judgeChange, START } from "../../../src/audit/stored/guest-facts.ts";
import { type Change, diffReports, type ImageDiff, type Judgement } from "../../../src/audit/stored/index.ts";
import { brokenImage, guest, image, report } from "../../report/reports.ts";
import { failureOf, shard, store } from "./stored.ts";

const ROOT = join(import.meta.dirname, "../../..");
const SCHEMA = JSON.parse(readFileSync(join(ROOT, "docs/schema/diff-1.schema.json"), "utf8"));
const isValid = new Ajv2020().compile(SCHEMA);

const diff = (before: readonly ImageReport[], after: readonly ImageReport[], ...prefixes: string[]) => {
  const sides = [store(report(...before), "old"), store(report(...after), "new", "ndjson")] as const;
  const made = diffReports(...sides, { toolVersion: "1.2.3", prefixes });
  expect({ made, errors: isValid(made) || isValid.errors }).toMatchObject({ errors: true });
  return made;
};

type Changes = Parameters<typeof guest>[0];
type Finding = ImageReport["findings"][number];

const services = (start: string | null) => ({
  integrationServices: {
    services: [{ name: "vmicvss", displayName: "VSS", present: start !== null, start }],
  },
});
const finding = (
  severity: Finding["severity"],
  code: string,
  where = "fleet/web01.vhdx: volume 0",
): Finding => ({
  code,
  severity,
  message: "it is so",
  where,
});

/** What one fact makes of a guest, and what it means that it becomes the other. */
const TURNS: readonly (readonly [what: string, before: Changes, after: Changes, judgement: Judgement])[] = [
  ["status: outdated -> current", {}, { verdict: { status: "current" } }, "better"],
  ["status: outdated -> missing", {}, { verdict: { status: "missing" } }, "worse"],
  ["status: outdated -> unknown", {}, { verdict: { status: "unknown" } }, "neutral"],
  [
    "status: current -> unknown",
    { verdict: { status: "current" } },
    { verdict: { status: "unknown" } },
    "worse",
  ],
  [
    "version: 6.3.9600.16384 -> 6.3.9600.19456",
    {},
    { integrationServices: { version: "6.3.9600.19456" } },
    "better",
  ],
  ["version: 6.3.9600.16384 -> null", {}, { integrationServices: { version: null } }, "worse"],
  [
    "version-source: computed -> driver-file",
    {},
    { integrationServices: { source: "driver-file" } },
    "neutral",
  ],
  ["consistency: consistent -> disputed", {}, { integrationServices: { consistent: false } }, "worse"],
  ["action: stage-cab -> none", {}, { verdict: { action: "none" } }, "better"],
  ["action: stage-cab -> refuse", {}, { verdict: { action: "refuse" } }, "worse"],
  ["action: stage-cab -> install-msi", {}, { verdict: { action: "install-msi" } }, "neutral"],
  ["mechanism: integration-services-disk -> none", {}, { rule: { mechanism: "none" } }, "neutral"],
  ["os: ws2008r2 -> win7", {}, { os: { id: "win7" } }, "neutral"],
  ["os-build: 6.1.7601.24384 -> 6.1.7601.24500", {}, { os: { revision: 24_500 } }, "neutral"],
  ["edition: ServerStandard -> ServerDatacenter", {}, { os: { edition: "ServerDatacenter" } }, "neutral"],
  ["service-pack: 1 -> null", {}, { os: { servicePack: null } }, "neutral"],
  ["hostname: WEB01 -> WEB02", {}, { os: { hostname: "WEB02" } }, "neutral"],
  ["setup-state: specialized -> undeployable", {}, { setupState: "undeployable" }, "worse"],
  ["setup-state: specialized -> generalized", {}, { setupState: "generalized" }, "neutral"],
  ["data-exchange: enabled -> disabled", {}, { integrationServices: { dataExchange: "disabled" } }, "worse"],
  [
    "service vmicvss: automatic -> disabled",
    services("automatic") as Changes,
    services("disabled") as Changes,
    "worse",
  ],
  [
    "service vmicvss: automatic -> demand",
    services("automatic") as Changes,
    services("demand") as Changes,
    "neutral",
  ],
  ["service vmicvss: demand -> absent", services("demand") as Changes, services(null) as Changes, "worse"],
  ["service vmicvss: absent -> demand", {}, services("demand") as Changes, "better"],
  [
    "driver storvsc: absent -> boot",
    {},
    {
      integrationServices: { drivers: [{ name: "storvsc", displayName: "", present: true, start: "boot" }] },
    } as Changes,
    "better",
  ],
  ["windows-update: unknown -> disabled", {}, { windowsUpdate: { verdict: "disabled" } }, "worse"],
  ["windows-update: unknown -> wsus", {}, { windowsUpdate: { verdict: "wsus" } }, "better"],
  ["pending-servicing: none -> pending", {}, { pendingServicing: ["pending.xml"] }, "neutral"],
  ["sha2: supported -> missing", {}, { sha2: "missing" }, "worse"],
  ["staging: none -> staged", {}, { staging: { state: "staged" } }, "neutral"],
  ["staging: none -> failed", {}, { staging: { state: "failed" } }, "worse"],
];

const describeChange = ({ what, name, before, after }: Change) =>
  `${what}${name === null ? "" : ` ${name}`}: ${before} -> ${after}`;

const OPPOSITE: Readonly<Record<Judgement, Judgement>> = {
  worse: "better",
  better: "worse",
  neutral: "neutral",
};

describe("a guest of which this changed", () => {
  test.each(TURNS)("%s", (what, before, after, judgement) => {
    const [old, now] = [image({ guests: [guest(before)] }), image({ guests: [guest(after)] })];
    const there = diff([old], [now]);
    expect(there.images).toMatchObject([
      { path: "fleet/web01.vhdx", change: "changed", judgement, omitted: 0 },
    ]);
    const [change, ...others] = (there.images[0] as ImageDiff).changes as [Change];
    expect([describeChange(change), change.judgement, others]).toEqual([what, judgement, []]);
    expect(change.guest).toMatchObject({ volume: 1, name: "Windows Server 2008 R2 Standard" });
    expect(diff([now], [old]).images[0]?.changes).toMatchObject([
      { what: change.what, before: change.after, after: change.before, judgement: OPPOSITE[judgement] },
    ]);
  });

  test("is tried for every fact that is compared", () => {
    const tried = new Set(TURNS.map(([what]) => what.split(/[: ]/)[0]));
    expect([...tried].toSorted()).toEqual(
      [...GUEST_FACTS.map(({ what }) => what), "service", "driver"].toSorted(),
    );
  });
});

describe("an image", () => {
  const change = (before: readonly ImageReport[], after: readonly ImageReport[]) =>
    diff(before, after).images.map(({ path, change, judgement, changes }) => ({
      path,
      change,
      judgement,
      changes: changes.map(describeChange),
    }));

  test("that came or went is listed with what it has, and is neither better nor worse", () => {
    const [a, b] = [image({ path: "a" }), brokenImage("b")];
    const guests = ["guest: null -> outdated"];
    expect(change([b], [a])).toEqual([
      { path: "a", change: "added", judgement: "neutral", changes: guests },
      {
        path: "b",
        change: "removed",
        judgement: "neutral",
        changes: ["error: VHDX_HEADERS_INVALID -> null"],
      },
    ]);
    expect(diff([b], [a]).summary).toEqual({
      before: 1,
      after: 1,
      added: 1,
      removed: 1,
      changed: 0,
      unchanged: 0,
      worse: 0,
      better: 0,
      neutral: 0,
    });
  });

  test("that can no longer be read is worse, and one that can be again is better", () => {
    const [good, bad] = [image({ path: "a" }), brokenImage("a")];
    expect(change([good], [bad])).toEqual([
      {
        path: "a",
        change: "changed",
        judgement: "worse",
        changes: ["error: null -> VHDX_HEADERS_INVALID", "guest: outdated -> null"],
      },
    ]);
    expect(change([bad], [good])).toMatchObject([{ judgement: "better" }]);
  });

  test("in which no guest is found any more is worse, and better the other way round", () => {
    const [one, two, none] = [[guest()], [guest(), guest()], []].map((guests) =>
      image({ path: "a", guests }),
    ) as [ImageReport, ImageReport, ImageReport];
    const went = ["guest: outdated -> null"];
    expect(change([one], [none])).toMatchObject([{ judgement: "worse", changes: went }]);
    expect(change([none], [one])).toMatchObject([{ judgement: "better" }]);
    expect(change([two], [one])).toMatchObject([{ judgement: "neutral", changes: went }]);
  });

  test("that could not be read for another reason is neither", () => {
    const other = {
      ...brokenImage("a"),
      error: { ...brokenImage("a").error, code: "IO_OPEN" },
    } as ImageReport;
    expect(change([brokenImage("a")], [other])).toMatchObject([{ judgement: "neutral" }]);
  });

  test("with other things that no verdict rests on is as before", () => {
    const more = image({
      container: { virtualSize: 1, dataWriteGuid: null },
      guests: [guest({ verdict: { reasons: ["said otherwise"] }, rule: { note: "a note" } })],
    });
    expect(change([image()], [more])).toEqual([]);
  });

  test("that others are now written over says so", () => {
    expect(change([image()], [image({ role: "parent" })])).toMatchObject([
      { judgement: "neutral", changes: ["role: leaf -> parent"] },
    ]);
  });

  test.each([
    { severity: "error", came: "worse", went: "better" },
    { severity: "warning", came: "worse", went: "better" },
    { severity: "info", came: "neutral", went: "neutral" },
  ] as const)(
    "with a new finding ($severity) is $came, and without it again $went",
    ({ severity, came, went }) => {
      const found = image({ findings: [finding(severity, "NTFS_DIRTY")] });
      expect(change([image()], [found])).toMatchObject([
        { judgement: came, changes: ["finding NTFS_DIRTY: null -> it is so (volume 0)"] },
      ]);
      expect(change([found], [image()])).toMatchObject([{ judgement: went }]);
    },
  );

  test("has the same findings where they say it in other words, and others at another place", () => {
    const said = (where: string, message: string) =>
      image({ findings: [{ ...finding("warning", "NTFS_DIRTY", where), message }] });
    expect(change([said("x: y", "1 of 3")], [said("x: y", "2 of 3")])).toEqual([]);
    expect(change([said("x: y", "1 of 3")], [said("x: z", "1 of 3")])).toMatchObject([
      { changes: ["finding NTFS_DIRTY: null -> 1 of 3 (x: z)", "finding NTFS_DIRTY: 1 of 3 (x: y) -> null"] },
    ]);
  });

  test("whose finding is its error says it once", () => {
    const { error, ...rest } = brokenImage("a");
    const { code, message, where } = error as NonNullable<ImageReport["error"]>;
    const both = { ...rest, error, findings: [{ code, severity: "error" as const, message, where }] };
    expect(change([image({ path: "a", guests: [] })], [both])).toMatchObject([
      { changes: ["error: null -> VHDX_HEADERS_INVALID"] },
    ]);
  });

  test("with a flood of changes lists some and counts the rest", () => {
    const findings = [...Array(700).keys()].map((at) => finding("warning", "NTFS_INDEX", `at ${at}`));
    const [only] = diff([image()], [image({ findings })]).images as [ImageDiff];
    expect([only.changes.length, only.omitted, only.judgement]).toEqual([500, 200, "worse"]);
  });

  test("with texts as long as books has the beginning of each", () => {
    const named = (letter: string) =>
      image({
        guests: [guest({ os: { hostname: letter.repeat(5000) } })],
        findings: [finding("info", letter.repeat(900))],
      });
    const [only] = diff([named("a")], [named("b")]).images as [ImageDiff];
    const shown = `${"b".repeat(300)}... (5000 characters)`;
    expect(only.changes[0]).toMatchObject({ what: "hostname", after: shown, guest: { hostname: shown } });
    expect(JSON.stringify(only).length).toBeLessThan(4000);
  });

  test("that is in a report several times is compared with its like, one after the other", () => {
    const a = image({ path: "a" });
    expect(change([a, a], [a, a])).toEqual([]);
    expect(change([a], [a, a])).toMatchObject([{ change: "added" }]);
  });
});

describe("a guest is the same", () => {
  const at = (index: number, offset: number, changes: Changes = {}) =>
    guest({ volume: { index, offset }, ...changes });
  const words = (before: readonly GuestReport[], after: readonly GuestReport[]) =>
    diff([image({ guests: before })], [image({ guests: after })]).images.flatMap(({ changes }) =>
      changes.map((change) => `${change.guest?.volume} ${describeChange(change)}`),
    );
  const named = (hostname: string) => ({ os: { hostname } });

  test("on the volume at its place, whatever its number", () => {
    expect(
      words(
        [at(1, 100, named("A")), at(2, 200, named("B"))],
        [at(0, 200, named("B")), at(3, 100, named("A"))],
      ),
    ).toEqual([]);
  });

  test("in its folder, where a volume has two", () => {
    const [a, b] = [
      at(1, 100, { ...named("A"), systemRoot: "Windows" }),
      at(1, 100, { ...named("B"), systemRoot: "WINNT" }),
    ];
    expect(words([a, b], [b, a])).toEqual([]);
  });

  test("on the volume of its number, where none is at its place", () => {
    expect(words([at(1, 100)], [at(1, 300, named("B"))])).toEqual(["1 hostname: WEB01 -> B"]);
  });

  test("nowhere, where it came or went", () => {
    expect(words([at(1, 100)], [at(2, 300)])).toEqual([
      "2 guest: null -> outdated",
      "1 guest: outdated -> null",
    ]);
  });
});

describe("paths", () => {
  const paths = (before: string[], after: string[], ...prefixes: string[]) => {
    const images = (names: readonly string[]) => names.map((path) => image({ path }));
    return diff(images(before), images(after), ...prefixes).images.map(
      ({ path, change }) => `${change} ${path}`,
    );
  };

  test("are sorted", () => {
    expect(paths(["c", "a"], ["d", "b"])).toEqual(["removed a", "added b", "removed c", "added d"]);
  });

  test.each([
    { before: "/mnt/a/x/1.vhdx", after: "/mnt/b/x/1.vhdx", prefixes: ["/mnt/a", "/mnt/b"] },
    { before: "/mnt/a/x/1.vhdx", after: "x/1.vhdx", prefixes: ["/mnt/a/"] },
    { before: "D:\\vms\\1.vhdx", after: "E:\\1.vhdx", prefixes: ["D:\\vms", "E:"] },
    {
      before: "https://a.example/1.vhdx",
      after: "https://b.example/1.vhdx",
      prefixes: ["https://a.example", "https://b.example/"],
    },
  ])("$before and $after are the same without $prefixes", ({ before, after, prefixes }) => {
    expect(paths([before], [after], ...prefixes)).toEqual([]);
  });

  test("lose whole folders only", () => {
    expect(paths(["/mnt/ab/1"], ["/b/1"], "/mnt/a")).toEqual(["added /b/1", "removed /mnt/ab/1"]);
    expect(paths(["/mnt"], ["/mnt"], "/mnt")).toEqual([]);
  });

  test("that would become the same are refused", () => {
    expect(failureOf(() => paths([], ["/a/1", "/b/1"], "/a", "/b"))).toMatchObject({
      code: "USAGE",
      message: "/a/1 and /b/1 are the same without their prefixes: 1",
      where: { image: "new" },
    });
  });
});

const anyGuest = fc
  .record({
    turn: fc.constantFrom(...TURNS),
    isNew: fc.boolean(),
    index: fc.nat(2),
  })
  .map(({ turn, isNew, index }) =>
    guest({ ...turn[isNew ? 2 : 1], volume: { index, offset: index } } as Changes),
  );

const anyImage = fc
  .record({
    path: fc.constantFrom("a", "b", "c", "d"),
    guests: fc.uniqueArray(anyGuest, { maxLength: 2, selector: ({ volume }) => volume.offset }),
    findings: fc.uniqueArray(fc.constantFrom(finding("info", "A", "x"), finding("error", "B", "x")), {
      maxLength: 2,
    }),
    isBroken: fc.boolean(),
  })
  .map(
    ({ path, isBroken, ...lists }): ImageReport => (isBroken ? brokenImage(path) : image({ path, ...lists })),
  );
const anyImages = fc.uniqueArray(anyImage, { selector: ({ path }) => path });

describe("two reports", () => {
  test("that are the same have no difference", () => {
    fc.assert(
      fc.property(anyImages, (images) => {
        const { summary, ...rest } = diff(images, images);
        expect(rest.images).toEqual([]);
        expect(summary).toMatchObject({ unchanged: images.length, changed: 0, added: 0, removed: 0 });
      }),
      { numRuns: 50 },
    );
  });

  test("differ the other way round where they are exchanged", () => {
    const flip = ({ what, name, guest, before, after, judgement }: Change, isFlipped: boolean) =>
      JSON.stringify([
        what,
        name,
        guest?.volume,
        ...(isFlipped ? [after, before, OPPOSITE[judgement]] : [before, after, judgement]),
      ]);
    const facts = (images: readonly ImageDiff[], isFlipped: boolean) =>
      images.map(({ path, change, changes }) => ({
        path,
        change: isFlipped ? { added: "removed", removed: "added", changed: "changed" }[change] : change,
        changes: changes.map((each) => flip(each, isFlipped)).toSorted(),
      }));
    fc.assert(
      fc.property(anyImages, anyImages, (a, b) => {
        const [there, back] = [diff(a, b), diff(b, a)];
        expect(facts(back.images, true)).toEqual(facts(there.images, false));
        const { before, after, added, removed, changed, unchanged } = there.summary;
        expect(back.summary).toMatchObject({
          before: after,
          after: before,
          added: removed,
          removed: added,
          changed,
          unchanged,
        });
      }),
      { numRuns: 100 },
    );
  });

  test("are named with what they are", () => {
    const timestamp = "2026-01-02T03:04:05.006Z";
    const made = diffReports(store(report(), "old"), store({ ...report(), timestamp }, "new"), {
      toolVersion: "1.2.3",
    });
    const common = { tool: { name: "vmguest", version: "0.0.0" }, host: report().host, images: 0 };
    expect(made).toMatchObject({
      tool: { name: "vmguest", version: "1.2.3" },
      before: { report: "old", ...common },
      after: { report: "new", ...common, timestamp },
    });
    expect(isValid(made)).toBe(true);
  });
});

test("of the values of a fact, each is as good as itself and better than those behind it", () => {
  for (const fact of [...GUEST_FACTS, START]) {
    const values = (fact.order ?? []).flatMap((group, rank) => group.map((value) => ({ value, rank })));
    for (const a of values) {
      for (const b of values) {
        const expected = a.rank === b.rank ? "neutral" : a.rank < b.rank ? "worse" : "better";
        expect(judgeChange(fact, a.value, b.value)).toBe(expected);
      }
    }
  }
});

test("which part of a batch a report is, the difference says", () => {
  const whole = report(image());
  const part = shard(whole, { index: 1, count: 3, total: 4, positions: [0] });
  const made = diffReports(store(whole), store(part), { toolVersion: "1.2.3" });
  expect({ made, errors: isValid(made) || isValid.errors }).toMatchObject({ errors: true });
  expect(made.before).not.toHaveProperty("shard");
  expect(made.after).toMatchObject({ shard: { index: 1, count: 3 }, images: 1 });
});

test("guests that share a place are the same ones in their order, and what is left over came or went", () => {
  const named = (...names: readonly string[]) => [
    image({ guests: names.map((hostname) => guest({ os: { hostname } })) }),
  ];
  expect(diff(named("A", "B"), named("A", "B")).images).toEqual([]);
  const [changed] = diff(named("A", "B", "C"), named("A", "X")).images;
  expect(
    changed?.changes.map(({ what, guest, before, after }) => [what, guest?.hostname, before, after]),
  ).toEqual([
    ["hostname", "X", "B", "X"],
    ["guest", "C", "outdated", null],
  ]);
});
