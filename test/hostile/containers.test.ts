// SPDX-License-Identifier: MIT
import { appendFileSync, linkSync, symlinkSync, truncateSync, utimesSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { auditImage, type ImageReport } from "../../src/audit/index.ts";
import { KIB, MIB } from "../../src/disk/vhdx/layout.ts";
import type { Code } from "../../src/errors.ts";
import { ReadStats } from "../../src/io/index.ts";
import { auditBytes, auditFile, imageFile } from "../audit/audits.ts";
import { CONTAINERS, layGpt, windowsVolume } from "../lab/guest-image.ts";
import { DATA_WRITE_GUID, VhdxImage, vhdxOf } from "../lab/vhdx.ts";

const disk = layGpt([windowsVolume({ release: "xp" })]);
const outcomeOf = ({ error, guests }: ImageReport) => error?.code ?? guests.map(({ os }) => os.id).join();

// H01
describe("an image that ends inside its first MiB", () => {
  test.each<{ container: keyof typeof CONTAINERS; outcomes: string[] }>([
    { container: "vhdx", outcomes: ["IMAGE_EMPTY", "VHDX_LOG_RANGE", "VHDX_NOT"] },
    {
      container: "vhd",

      outcomes: ["IMAGE_EMPTY", "VHD_BAT_RANGE", "VHD_BAT_SHORT", "VHD_HEADER_INVALID"],
    },
    // Up to 1 MiB there is the partition table, and no byte of the partition.
    { container: "vhd-fixed", outcomes: ["GPT_INVALID", "IMAGE_EMPTY", "PARTITION_RANGE"] },
    { container: "raw", outcomes: ["GPT_INVALID", "IMAGE_EMPTY", "PARTITION_RANGE"] },
  ])("is one of few typed errors: $container", ({ container, outcomes }) => {
    const path = imageFile(`cut-${container}`, CONTAINERS[container](disk));
    const seen = new Set<string>();
    for (let sizeBytes = MIB; sizeBytes >= 0; sizeBytes -= sizeBytes > 320 * KIB ? 8192 : 512) {
      truncateSync(path, sizeBytes);
      seen.add(outcomeOf(auditImage(path, { host: "ws2012r2" })));
    }
    expect([...seen].sort()).toEqual(outcomes);
  });
});

// H02
describe("two headers with the largest sequence number there is", () => {
  const twins = () =>
    vhdxOf(disk).editHeaders((header) => {
      header.sequence = 2n ** 64n - 1n;
    });

  test("are one header where they are the same", () => {
    expect(outcomeOf(auditBytes(twins().toBytes()))).toBe("xp");
  });

  test("are VHDX_HEADER_AMBIGUOUS where they differ", () => {
    const different = twins().editHeader(1, (header) => {
      header.dataWriteGuid = DATA_WRITE_GUID.replace("f", "e");
    });
    expect(outcomeOf(auditBytes(different.toBytes()))).toBe("VHDX_HEADER_AMBIGUOUS");
  });
});

// H10
describe("a differencing disk whose parent is", () => {
  const child = (name: string, locator: Record<string, string>) =>
    imageFile(
      name,
      new VhdxImage({
        virtualSizeBytes: disk.length,
        parent: { parent_linkage: `{${DATA_WRITE_GUID}}`, ...locator },
      }).toBytes(),
    );

  test.each<{ what: string; locator: Record<string, string>; code: Code }>([
    {
      what: "a file of the host",
      locator: { absolute_win32_path: "/etc/shadow" },
      code: "DISK_PARENT_MISSING",
    },
    {
      what: "a device of the host",
      locator: { absolute_win32_path: "/dev/zero" },
      code: "DISK_PARENT_MISSING",
    },
    {
      what: "above the image",
      locator: { relative_path: "..\\..\\etc\\passwd" },
      code: "DISK_PARENT_OUTSIDE",
    },
    {
      what: "above the image, with slashes",
      locator: { relative_path: "../../etc/passwd" },
      code: "DISK_PARENT_OUTSIDE",
    },
    {
      what: "on a share",
      locator: { absolute_win32_path: "\\\\evil\\share\\x.vhdx" },
      code: "DISK_PARENT_OUTSIDE",
    },
    {
      what: "a device of Windows",
      locator: { absolute_win32_path: "\\\\.\\PhysicalDrive0" },
      code: "DISK_PARENT_OUTSIDE",
    },
    {
      what: "a volume of Windows",
      locator: { volume_path: "\\\\?\\Volume{01234567-89ab-cdef-0123-456789abcdef}\\x.vhdx" },
      code: "DISK_PARENT_MISSING",
    },
    { what: "a name with a NUL", locator: { relative_path: "a\0b.vhdx" }, code: "DISK_PARENT_OUTSIDE" },
    { what: "the image itself", locator: { relative_path: ".\\hostile.avhdx" }, code: "DISK_PARENT_CYCLE" },
    {
      what: "a link to the image",
      locator: { relative_path: ".\\symbolic.vhdx" },
      code: "DISK_PARENT_CYCLE",
    },
    {
      what: "the image by another name",
      locator: { relative_path: ".\\hard.vhdx" },
      code: "DISK_PARENT_CYCLE",
    },
    {
      what: "a link out of the folder",
      locator: { relative_path: ".\\outside.vhdx" },
      code: "DISK_PARENT_OUTSIDE",
    },
  ])("$what is $code, and the host's file is in no report", ({ locator, code }) => {
    const path = child("hostile.avhdx", locator);
    const folder = dirname(path);
    expectMade(() => symlinkSync(path, join(folder, "symbolic.vhdx")));
    expectMade(() => linkSync(path, join(folder, "hard.vhdx")));
    expectMade(() => symlinkSync("/etc/passwd", join(folder, "outside.vhdx")));
    const report = auditFile(path);
    expect(outcomeOf(report)).toBe(code);
    expect(JSON.stringify(report)).not.toContain("root:");
  });

  test("the other one of two children is DISK_PARENT_CYCLE", () => {
    const one = child("one.avhdx", { relative_path: ".\\other.avhdx" });
    child("other.avhdx", { relative_path: ".\\one.avhdx" });
    expect(outcomeOf(auditFile(one))).toBe("DISK_PARENT_CYCLE");
  });
});

/** The folder is shared by the rows: what one has made is there for the next. */
function expectMade(make: () => void): void {
  try {
    make();
  } catch (error) {
    expect(error).toMatchObject({ code: "EEXIST" });
  }
}

// H12
describe("an image that somebody changes at any moment of its audit", () => {
  class Meddler extends ReadStats {
    readonly #when: number;
    readonly #meddle: () => void;

    constructor(when: number, meddle: () => void) {
      super();
      this.#when = when;
      this.#meddle = meddle;
    }

    override record(offset: number, byteCount: number): void {
      super.record(offset, byteCount);
      if (this.reads === this.#when) this.#meddle();
    }
  }

  test.each<{ how: string; meddle: (path: string) => void }>([
    { how: "makes longer", meddle: (path) => appendFileSync(path, "x") },
    { how: "cuts off", meddle: (path) => truncateSync(path, 4096) },
    { how: "empties", meddle: (path) => truncateSync(path, 0) },
    { how: "touches", meddle: (path) => utimesSync(path, 1, 1) },
  ])("and $how is IO_CHANGED, never a verdict", ({ meddle }) => {
    const whole = CONTAINERS.vhdx(disk);
    const counted = new ReadStats();
    expect(outcomeOf(auditFile(imageFile("sound.vhdx", whole), { stats: counted }))).toBe("xp");
    for (let when = 1; when <= counted.reads; when += 11) {
      const path = imageFile("changing.vhdx", whole);
      const report = auditFile(path, { stats: new Meddler(when, () => meddle(path)) });
      expect(outcomeOf(report), `changed after read ${when}`).toBe("IO_CHANGED");
      expect(report.guests).toEqual([]);
    }
  });
});
