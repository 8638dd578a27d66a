// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { VhdImage, type VhdOptions } from "../lab/vhd.ts";
import { run } from "./run.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-cli-chain-"));
afterAll(() => rmSync(folder, { recursive: true }));

const path = (name: string) => join(folder, name);

function write(name: string, options: Partial<VhdOptions>): void {
  mkdirSync(join(path(name), ".."), { recursive: true });
  const image = new VhdImage({ virtualSizeBytes: 3 * 2 ** 20, blockSizeBytes: 4096, ...options });
  writeFileSync(path(name), image.bytes);
}

const parent = (relativePath: string, identity: number) => ({ name: "", relativePath, identity });

write("vm/leaf.avhd", { diskType: 4, identity: 1, parent: parent(".\\middle.avhd", 2) });
write("vm/middle.avhd", { diskType: 4, identity: 2, parent: parent("..\\bases\\base.vhd", 3) });
write("bases/base.vhd", { identity: 3, virtualSizeBytes: 4 * 2 ** 20 });
write("vm/escape.avhd", { diskType: 4, identity: 4, parent: parent(".\\\u001b[2J.vhd", 9) });

const id = (byte: number) => {
  const two = String(byte).padStart(2, "0");
  return [4, 2, 2, 2, 6].map((count) => two.repeat(count)).join("-");
};

const ROOTS = ["--parent-root", `${path("vm")},${path("bases")}`];

describe("vmguest chain", () => {
  test("lists every file with what it says of its parent", async () => {
    const { code, stdout, stderr } = await run(["chain", path("vm/leaf.avhd"), ...ROOTS], {
      env: { COLUMNS: "400" },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const [header, ...lines] = stdout.replaceAll(`${folder}/`, "").trimEnd().split("\n");
    expect(header?.split(/ {2,}/)).toEqual(["FILE", "KIND", "DISK MIB", "FILE MIB", "IDENTITY"]);
    expect(lines.slice(0, 7).map((line) => line.trim().split(/ {2,}/))).toEqual([
      ["vm/leaf.avhd", "vhd differencing", "3", "1", id(1)],
      [`- parent ${id(2)}`],
      ["- named .\\middle.avhd"],
      ["vm/middle.avhd", "vhd differencing", "3", "1", id(2)],
      [`- parent ${id(3)}`],
      ["- named ..\\bases\\base.vhd"],
      ["bases/base.vhd", "vhd dynamic", "4", "1", id(3)],
    ]);
    expect(stdout).toContain("[DISK_PARENT_LARGER]");
    expect(lines.at(-1)).toBe("3 files, the chain is complete");
  });

  test("lists the files up to where the chain is broken, and says why on stderr", async () => {
    const { code, stdout, stderr } = await run(["chain", path("vm/leaf.avhd")]);
    expect(code).toBe(4);
    expect(stdout).toContain("2 files, the chain is broken [DISK_PARENT_OUTSIDE]\n");
    expect(stderr).toMatch(/vm\/middle\.avhd: its parent ".*" is outside /);
    expect(stderr).toContain("--parent-root");
  });

  test("gives the same as JSON", async () => {
    const { stdout } = await run(["chain", path("vm/leaf.avhd"), "--format", "json", ...ROOTS]);
    expect(JSON.parse(stdout)).toEqual({
      schema: "vmguest.chain/1",
      image: path("vm/leaf.avhd"),
      files: [
        {
          path: path("vm/leaf.avhd"),
          format: "vhd",
          kind: "differencing",
          fileSize: expect.any(Number),
          virtualSize: 3 * 2 ** 20,
          logicalSectorSize: 512,
          logState: "clean",
          identity: id(1),
          parent: { identities: [id(2)], names: [".\\middle.avhd"] },
        },
        expect.objectContaining({ path: path("vm/middle.avhd"), identity: id(2) }),
        expect.objectContaining({ path: path("bases/base.vhd"), kind: "dynamic", parent: null }),
      ],
      findings: [expect.objectContaining({ code: "DISK_PARENT_LARGER", where: path("bases/base.vhd") })],
      error: null,
    });
  });

  test("says of a disk that stands alone that it does", async () => {
    const { code, stdout } = await run(["chain", path("bases/base.vhd")]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/\n1 file, the chain is complete\n$/);
  });

  test("lets no name out of an image act upon the terminal", async () => {
    const { code, stdout, stderr } = await run(["chain", path("vm/escape.avhd")]);
    expect(code).toBe(4);
    expect(stdout + stderr).not.toContain("\u001b");
    expect(stdout).toContain(".\\\\x1b[2J.vhd");
  });

  test.each([
    { argv: ["chain", path("gone.vhd")], says: "PATH_NOT_FOUND" },
    {
      argv: ["chain", path("vm/leaf.avhd"), "--parent-root", path("gone")],
      says: "--parent-root takes folders",
    },
    { argv: ["audit", path("vm/leaf.avhd"), "--parent-root", path("bases/base.vhd")], says: "is none" },
  ])("$argv is wrong usage", async ({ argv, says }) => {
    const { code, stderr } = await run(argv);
    expect(code).toBe(2);
    expect(stderr).toContain(says);
  });

  test("tells of an image that is none", async () => {
    writeFileSync(path("empty.vhd"), "");
    const { code, stdout, stderr } = await run(["chain", path("empty.vhd")]);
    expect(code).toBe(3);
    expect(stdout).toBe("0 files, the chain is broken [IMAGE_EMPTY]\n");
    expect(stderr).toContain("[IMAGE_EMPTY]");
  });
});

test("vmguest audit opens parents in the folders of --parent-root, and names them in the report", async () => {
  const { stdout } = await run(["audit", path("vm/leaf.avhd"), "--format", "json", ...ROOTS]);
  const [image] = JSON.parse(stdout).images;
  expect(image.container).toMatchObject({
    kind: "differencing",
    chain: ["vm/leaf.avhd", "vm/middle.avhd", "bases/base.vhd"].map(path),
  });
  const without = await run(["audit", path("vm/leaf.avhd"), "--format", "json"]);
  expect(without.code).toBe(4);
  expect(JSON.parse(without.stdout).images[0].error.code).toBe("DISK_PARENT_OUTSIDE");
});
