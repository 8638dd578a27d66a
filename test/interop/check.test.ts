import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { checkImage } from "../../src/audit/check/index.ts";
import { buildGuest } from "./guests/builder.ts";
import { GUESTS } from "./guests/matrix.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-interop-check-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Guests of the matrix that the layers under check differ in: container, partitioning, system and state. */
const CHECKED = GUESTS.filter(({ args }) =>
  ["vhd-dynamic", "vhdx-fixed", "gpt-full", "none", "xpsp3", "--bitlocker", "--hive-dirty"].some(
    (wanted) => args.includes(wanted) && !args.includes("--ic-version") && !args.includes("16384"),
  ),
);

describe("a guest that third-party tools built has no error in any layer", () => {
  test.each(CHECKED.map((guest, index) => ({ ...guest, index })))("$name", async ({ index, ...guest }) => {
    const { image } = await buildGuest(folder, index, guest);
    try {
      const { error, parts } = checkImage(image);
      expect(error).toBeNull();
      expect(
        parts.flatMap(({ findings }) => findings).filter(({ severity }) => severity === "error"),
      ).toEqual([]);
    } finally {
      rmSync(image, { force: true });
    }
  });
});

const qemuImg = (...args: string[]) => execFileSync("qemu-img", args, { encoding: "utf8" });

describe("an image that QEMU made is sound", () => {
  test.each([
    { format: "vhdx", options: "subformat=dynamic" },
    { format: "vhdx", options: "subformat=fixed" },
    { format: "vhdx", options: "subformat=dynamic,block_size=268435456" },
    { format: "vpc", options: "subformat=dynamic,force_size=on" },
    { format: "vpc", options: "subformat=fixed,force_size=on" },
  ])("$format $options", ({ format, options }) => {
    const path = join(folder, "qemu.img");
    qemuImg("create", "-q", "-f", format, "-o", options, path, "64M");
    expect(checkImage(path)).toMatchObject({ error: null, summary: { error: 0, warning: 0 } });
  });
});

test("a block allocation table that QEMU finds corrupt is found to be so here", () => {
  const path = join(folder, "corrupt.vhdx");
  qemuImg("create", "-q", "-f", "vhdx", "-o", "block_size=1048576", path, "64M");
  execFileSync("qemu-io", ["-f", "vhdx", "-c", "write 0 1M", "-c", "write 8M 1M", path]);
  const [first] = checkImage(path).parts;
  expect(first?.counts.error).toBe(0);
  // QEMU puts the table at 2 MiB.
  const file = openSync(path, "r+");
  writeSync(file, Uint8Array.of(6, 0, 0, 0xf0, 0xff, 0, 0, 0), 0, 8, 2 * 1024 * 1024);
  closeSync(file);
  expect(() => qemuImg("check", "-f", "vhdx", path)).toThrow();
  expect(checkImage(path).parts[0]?.findings.map(({ code }) => code)).toContain("VHDX_BAT_RANGE");
});
