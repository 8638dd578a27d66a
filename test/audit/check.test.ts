import { describe, expect, test } from "vitest";
import { checkImage } from "../../src/audit/check/index.ts";
import { layGpt, windowsVolume } from "../lab/guest-image.ts";
import { buildHive } from "../lab/hive.ts";
import { buildNtfs } from "../lab/ntfs.ts";
import { DATA_WRITE_GUID, VhdxImage, vhdxOf } from "../lab/vhdx.ts";
import { imageFile } from "./audits.ts";

const CONFIG = "Windows/System32/config";

const guest = (files = {}) => layGpt([windowsVolume({ release: "ws2012r2" }, { files })]);

const imageOf = (disk: Uint8Array) => imageFile("image", vhdxOf(disk).toBytes());

describe("the check of an image", () => {
  test("goes through all its layers, and finds nothing in a sound one", () => {
    const report = checkImage(imageOf(guest()));
    expect(report.error).toBeNull();
    expect(report.parts.flatMap(({ findings }) => findings)).toEqual([]);
    expect(report.parts.map(({ layer, name }) => `${layer}: ${name}`)).toEqual(
      expect.arrayContaining([
        "container: image file",
        "partitions: gpt",
        "file-system: volume 0 (ntfs)",
        `registry: volume 0: ${CONFIG}/SYSTEM`,
        `registry: volume 0: ${CONFIG}/SOFTWARE`,
      ]),
    );
    expect(report.summary).toEqual({ parts: report.parts.length, error: 0, warning: 0, info: 0 });
  });

  test("tells the name of each part before it checks it", () => {
    const names: string[] = [];
    const report = checkImage(imageOf(guest()), { onPart: (name) => names.push(name) });
    expect(names).toEqual(report.parts.map(({ name }) => name));
  });

  test("places a finding by volume, hive and key", () => {
    const hive = buildHive({ Select: { Current: 1 } });
    hive.fill(0, 4096, 4100);
    const path = imageOf(guest({ [`${CONFIG}/SAM`]: hive }));
    const { parts, summary } = checkImage(path);
    const sam = parts.find(({ name }) => name.endsWith("SAM"));
    expect(sam?.findings[0]).toEqual({
      code: "REGF_BIN",
      severity: "error",
      message: "there is no valid bin header",
      where: `${path}: volume 0: ${CONFIG}/SAM: bin header at 0x1000`,
    });
    expect(summary.error).toBeGreaterThan(0);
  });

  test("finds the hives of users as well", () => {
    const path = imageOf(guest({ "Users/me/NTUSER.DAT": buildHive({ Software: {} }) }));
    expect(checkImage(path).parts.map(({ name }) => name)).toContain("volume 0: Users/me/NTUSER.DAT");
  });

  test("says which volumes it did not look into", () => {
    const disk = layGpt([buildNtfs({}), { bytes: new Uint8Array(1024 * 1024), type: "linux" }]);
    const { parts } = checkImage(imageOf(disk));
    expect(parts.at(-1)).toMatchObject({
      name: "volume 1 (unknown)",
      findings: [{ code: "CHECK_SKIPPED", severity: "info" }],
    });
  });

  test("counts the findings of one code that it does not list", () => {
    const image = vhdxOf(guest());
    image.editMetadata((table) => table.item(1).setBigUint64(0, BigInt(1024 * 2 ** 20), true));
    for (let index = 500; index < 700; index++) image.setBatEntry(index, 4n);
    const [container] = checkImage(imageFile("image", image.toBytes())).parts;
    expect(container).toMatchObject({ counts: { error: 200 }, omitted: 100 });
    expect(container?.findings).toHaveLength(100);
  });

  test.each([
    { what: "is not there", path: "/nowhere/image.vhdx", code: "IO_OPEN" },
    { what: "has no bytes", path: imageFile("empty", new Uint8Array(0)), code: "IMAGE_EMPTY" },
  ])("has an error for an image that $what", ({ path, code }) => {
    expect(checkImage(path)).toMatchObject({ error: { code } });
  });

  test("has the finding as well as the error where the disk cannot be opened", () => {
    const image = vhdxOf(guest()).editHeaders((header) => Object.assign(header, { version: 2 }));
    const report = checkImage(imageFile("image", image.toBytes()));
    expect(report).toMatchObject({ error: { code: "VHDX_VERSION" }, parts: [{ counts: { error: 1 } }] });
  });

  test("goes through the parents of a differencing disk, and how they fit together", () => {
    const disk = guest();
    const parent = imageFile(
      "base.vhdx",
      vhdxOf(disk)
        .editHeader(0, (header) => header.reserved.fill(1))
        .toBytes(),
    );
    const locator = { parent_linkage: `{${DATA_WRITE_GUID}}`, relative_path: ".\\base.vhdx" };
    const child = new VhdxImage({ virtualSizeBytes: disk.length, parent: locator });
    const { error, parts } = checkImage(imageFile("child.avhdx", child.toBytes()));
    expect(error).toBeNull();
    expect(parts.slice(0, 4)).toMatchObject([
      { name: "image file", findings: [] },
      {
        name: `parent ${parent}`,
        findings: [{ code: "VHDX_RESERVED", where: `${parent}: VHDX header at 0x10000` }],
      },
      { name: "chain of parents", findings: [] },
      { name: "gpt", findings: [] },
    ]);
    expect(parts.some(({ layer }) => layer === "registry")).toBe(true);
  });
});
