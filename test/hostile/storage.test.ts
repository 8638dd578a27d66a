// SPDX-License-Identifier: MIT
import fs, { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { ReadStats } from "../../src/io/index.ts";
import { auditFile, imageFile, onlyGuest } from "../audit/audits.ts";
import { run } from "../cli/run.ts";
import { CONTAINERS, extVolume, layGpt, windowsVolume } from "../lab/guest-image.ts";

/** What a terminal obeys, or what hides or reorders its neighbours; line feeds are the tool's own. */
const OBEYED = /[^\P{Cc}\n]|[\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** How the host reads: as it does unless a test says otherwise. */
const host = { readAtMost: Number.POSITIVE_INFINITY, badOffset: -1 };

const { readSync } = fs;
vi.spyOn(fs, "readSync").mockImplementation(((
  file: number,
  target: Uint8Array,
  start: number,
  length: number,
  position: number,
) => {
  if (position <= host.badOffset && host.badOffset < position + length) {
    throw Object.assign(new Error("EIO: i/o error, read"), { code: "EIO" });
  }
  return readSync(file, target, start, Math.min(length, host.readAtMost), position);
}) as typeof readSync);
// Modules that have imported it by its name see the change only so.
syncBuiltinESMExports();
afterAll(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

afterEach(() => Object.assign(host, { readAtMost: Number.POSITIVE_INFINITY, badOffset: -1 }));

class Offsets extends ReadStats {
  readonly offsets: number[] = [];

  override record(offset: number, byteCount: number): void {
    super.record(offset, byteCount);
    this.offsets.push(offset);
  }
}

const folder = mkdtempSync(join(tmpdir(), "vmguest-storage-"));
afterAll(() => rmSync(folder, { recursive: true }));

// H47
describe("a host that", () => {
  const path = imageFile("sound.vhdx", CONTAINERS.vhdx(layGpt([windowsVolume({ release: "ws2012r2" })])));
  const stats = new Offsets();
  const sound = auditFile(path, { stats });

  test.each([1, 13, 511, 4095])("gives %i bytes at a time makes no difference", (readAtMost) => {
    Object.assign(host, { readAtMost });
    expect(auditFile(path)).toEqual(sound);
  });

  test("cannot read one place says so, and the verdict is the right one or to refuse", () => {
    const right = onlyGuest(sound).verdict.action;
    expect(right).toBe("stage-cab");
    for (const badOffset of stats.offsets) {
      Object.assign(host, { badOffset });
      const { error, findings, guests } = auditFile(path);
      const isSaid = error !== null || findings.length > sound.findings.length;
      expect(isSaid, `nothing is said of ${badOffset}`).toBe(true);
      for (const { verdict } of guests) expect(["refuse", right]).toContain(verdict.action);
    }
  });
});

describe("a folder of 300 images of which 1 % are hostile", () => {
  const images = join(folder, "images");
  mkdirSync(images);
  const sound = extVolume();
  for (let index = 0; index < 297; index++) writeFileSync(join(images, `vm${index}.vhdx`), sound);
  writeFileSync(join(images, "a.vhdx"), "vhdxfile".padEnd(5000, "\x1b[2J"));
  writeFileSync(join(images, "b.vhdx"), new Uint8Array(0));
  writeFileSync(join(images, "\x1b]0;c\x07.vhdx"), Buffer.alloc(70_000, "conectix"));

  test("is audited in full, and exactly those are errors", async () => {
    const { code, stdout, stderr } = await run(["audit", images, "--host", "ws2012r2", "--format", "json"]);
    expect(code).toBe(3);
    const report = JSON.parse(stdout) as { images: { path: string; error: { code: string } | null }[] };
    expect(report.images).toHaveLength(300);
    const failed = report.images.filter(({ error }) => error !== null);
    expect(failed.map(({ error }) => error?.code).sort()).toEqual([
      "IMAGE_EMPTY",
      "VHDX_NOT",
      "VHD_FOOTER_INVALID",
    ]);
    expect((stdout + stderr).match(OBEYED) ?? []).toEqual([]);
  });
});

// H40
describe("an image whose every text is hostile", () => {
  const EVIL = '\x1b[31m\u202e=cmd|"/c calc"!A0,<script>\0\r\n\u2028\ud800';
  const path = imageFile(
    "evil.vhdx",
    CONTAINERS.vhdx(
      layGpt([
        windowsVolume(
          {
            release: "ws2012r2",
            root: "Win\x1b[2J",
            software: {
              Microsoft: {
                "Windows NT": { CurrentVersion: { ProductName: EVIL, EditionID: EVIL, BuildLabEx: EVIL } },
              },
              [EVIL]: { [EVIL]: EVIL, Sub: {} },
            },
            control: {
              Control: { ComputerName: { ComputerName: { ComputerName: EVIL } } },
              Services: { [`vm${EVIL}`]: { Start: 2, Type: 32, DisplayName: EVIL, ImagePath: EVIL } },
            },
          },
          { label: "\x1b[31m", files: { "d/\x1b[2J\u202e": { content: "x", streams: { "\x1b]0;x": "y" } } } },
        ),
      ]),
    ),
  );

  test.each([
    { verb: "audit", more: "--host ws2012r2" },
    { verb: "audit", more: "--host ws2012r2 --format json" },
    { verb: "services", more: "" },
    { verb: "services", more: "--format json" },
    { verb: "registry query", more: "HKLM\\SOFTWARE --recursive" },
    { verb: "registry query", more: "HKLM\\SOFTWARE --recursive --format json" },
    { verb: "files list", more: "d" },
    { verb: "files list", more: "d --format json" },
    { verb: "check", more: "" },
    { verb: "check", more: "--format json" },
    { verb: "chain", more: "" },
  ])("is shown by '$verb $more' without a character that a terminal obeys", async ({ verb, more }) => {
    const argv = [...verb.split(" "), path, ...more.split(" ").filter((word) => word !== "")];
    const { stdout, stderr, code } = await run(argv);
    expect(stdout.length + stderr.length).toBeGreaterThan(0);
    expect([0, 3]).toContain(code);
    expect((stdout + stderr).match(OBEYED) ?? []).toEqual([]);
  });
});
