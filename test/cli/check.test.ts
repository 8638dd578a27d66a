import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { layGpt, windowsVolume } from "../lab/guest-image.ts";
import { DATA_WRITE_GUID, VhdxImage, vhdxOf } from "../lab/vhdx.ts";
import { run } from "./run.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-cli-check-"));
afterAll(() => rmSync(folder, { recursive: true }));

const disk = layGpt([windowsVolume({ release: "ws2012r2" })]);

function imageFile(name: string, damage: (image: VhdxImage) => unknown = () => {}): string {
  const image = vhdxOf(disk);
  damage(image);
  const path = join(folder, name);
  writeFileSync(path, image.toBytes());
  return path;
}

const sound = imageFile("sound.vhdx");
const warned = imageFile("warned.vhdx", (image) => image.write(64 * 1024 + 100, Uint8Array.of(1)));
const damaged = imageFile("damaged.vhdx", (image) => image.setBatEntry(0, 4n));
const closed = imageFile("closed.vhdx", (image) => image.write(64 * 1024, new Uint8Array(128 * 1024)));

describe("vmguest check", () => {
  test.each([
    { path: sound, options: [], code: 0 },
    { path: sound, options: ["--fail-on", "warning"], code: 0 },
    { path: warned, options: [], code: 0 },
    { path: warned, options: ["--fail-on", "warning"], code: 1 },
    { path: closed, options: [], code: 3 },
    { path: closed, options: ["--fail-on", "never"], code: 3 },
    { path: join(folder, "nowhere.vhdx"), options: [], code: 2 },
  ])("ends with $code for $path $options", async ({ path, options, code }) => {
    expect((await run(["check", path, ...options])).code).toBe(code);
  });

  test("prints layer by layer what was checked, and sums it up", async () => {
    const { stdout, stderr } = await run(["check", sound]);
    expect(stderr).toBe("");
    expect(stdout.split("\n").filter((line) => /^[A-Z]/.test(line))).toEqual([
      "CONTAINER",
      "PARTITION TABLE",
      "FILE SYSTEMS",
      "REGISTRY HIVES",
    ]);
    expect(stdout).toMatch(/\n\d+ parts checked: no findings\n$/);
  });

  test("prints a finding with its meaning, code and place", async () => {
    const { stdout } = await run(["check", warned]);
    expect(stdout).toContain("[VHDX_HEADER_DAMAGED]");
    expect(stdout).toContain("(VHDX header at 0x10000)");
    expect(stdout).toMatch(/parts checked: 1 warning\n$/);
  });

  test("says on stderr what kept it from its end", async () => {
    const { stdout, stderr } = await run(["check", closed]);
    expect(stderr).toContain("[VHDX_HEADERS_INVALID]");
    expect(stdout).toContain("the check did not come to its end");
  });

  test("gives up an image that costs more than the limits", async () => {
    const { code, stderr } = await run(["check", sound, "--limit-bytes", "10000"]);
    expect(code).toBe(3);
    expect(stderr).toContain("[READ_LIMIT]");
  });

  test("opens parents only in the folders that --parent-root names", async () => {
    const empty = join(folder, "empty");
    mkdirSync(empty);
    const locator = { parent_linkage: `{${DATA_WRITE_GUID}}`, relative_path: ".\\sound.vhdx" };
    const child = join(folder, "child.avhdx");
    writeFileSync(child, new VhdxImage({ virtualSizeBytes: disk.length, parent: locator }).toBytes());
    expect((await run(["check", child])).code).toBe(0);
    const { code, stderr } = await run(["check", child, "--parent-root", empty]);
    expect(code).toBeGreaterThanOrEqual(3);
    expect(stderr).toContain("[DISK_PARENT_");
  });

  test("has all of it as JSON", async () => {
    const { stdout } = await run(["check", damaged, "--format", "json"]);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ schema: "vmguest.check/1", image: damaged });
    expect(report.parts[0].findings[0]).toMatchObject({ code: "VHDX_BAT_STATE", severity: "error" });
  });

  test("shows a person who watches what it is at", async () => {
    const { stderr } = await run(["check", sound], { terminal: 80 });
    expect(stderr).toContain("[1] image file");
    expect(stderr.endsWith("\r\x1b[K")).toBe(true);
  });
});
