import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { VmguestError } from "../../src/errors.ts";
import { MemorySource, readBytes } from "../../src/io/index.ts";
import { DiscImage, isDiscImage } from "../../src/package/index.ts";
import { mutateBytes, seededRandom } from "../fuzz/mutation.ts";
import { FIXTURES, fixturesIn, readFixture } from "../support/fixtures.ts";

const NAMES = ["iso/libarchive", "iso/libcdio", "iso/util-linux"].flatMap(fixturesIn);

/** What 7-Zip unpacked: size, digest and path of each file. */
function factsOf(name: string): { text: string; files: string[] } {
  const text = readFileSync(join(FIXTURES, "FACTS", `${name}.txt`), "utf8");
  const files = [...text.matchAll(/^\d+\t[0-9a-f]{64}\t.*$/gm)].map(([line]) => line);
  return { text, files: files.toSorted() };
}

const openFixture = (name: string) => DiscImage.open(new MemorySource(readFixture(name)));

function filesOf(disc: DiscImage): string[] {
  return Array.from(disc.list())
    .filter(({ type }) => type === "file")
    .map((entry) => {
      const content = readBytes(disc.open(entry), 0, entry.sizeBytes);
      return [entry.sizeBytes, createHash("sha256").update(content).digest("hex"), entry.path].join("\t");
    })
    .toSorted();
}

describe("real images", () => {
  test("there are some of them", () => {
    expect(NAMES.length).toBeGreaterThanOrEqual(14);
  });

  test.each(NAMES)("%s is taken for a disc", (name) => {
    expect(isDiscImage(new MemorySource(readFixture(name)))).toBe(true);
  });

  test.each([
    { name: "libarchive/test_read_format_iso_2.iso", kind: "iso9660", label: "" },
    { name: "libarchive/test_read_format_iso_joliet_long.iso", kind: "joliet", label: "CDROM" },
    { name: "libarchive/test_read_format_iso_multi_extent.iso", kind: "joliet", label: "CDROM" },
    { name: "libcdio/copying.iso", kind: "iso9660", label: "CDROM" },
    { name: "libcdio/joliet.iso", kind: "joliet", label: "K3b data project" },
    { name: "libcdio/multi_extent_8k_joliet.iso", kind: "joliet", label: "ISOIMAGE" },
    { name: "libcdio/udf102.iso", kind: "udf", label: "FéжΘvrier" },
    { name: "util-linux/iso-joliet.img", kind: "joliet", label: "ThisWonderfulLab" },
    { name: "util-linux/iso-unicode-long-label.img", kind: "joliet", label: "Naïve and very l" },
    { name: "util-linux/udf-hdd-mkudffs-2.2.img", kind: "udf", label: "😀" },
    { name: "util-linux/udf-hdd-win7.img", kind: "udf", label: "My volume label" },
  ])("$name is $kind, and has the files that 7-Zip unpacks from it", ({ name, kind, label }) => {
    const { text, files } = factsOf(`iso/${name}`);
    expect(text).toContain("7z x rc 0");
    const disc = openFixture(`iso/${name}`);
    expect([disc.kind, disc.label]).toEqual([kind, label]);
    expect(filesOf(disc)).toEqual(files);
    expect(disc.findings).toEqual([]);
  });

  test("libcdio/copying-rr.iso has links and devices, which isoinfo shows and 7-Zip takes for empty files", () => {
    const disc = openFixture("iso/libcdio/copying-rr.iso");
    expect([disc.kind, disc.label]).toEqual(["rock-ridge", "Rock Ridge Copy test"]);
    expect(Array.from(disc.list(), ({ path, type }) => `${type} ${path}`)).toEqual([
      "directory copy",
      "link copy/COPYING",
      "link Copy2",
      "file COPYING",
      "device fd0",
      "directory tmp",
      "link tmp/COPYING",
      "device zero",
    ]);
    const [copying] = factsOf("iso/libcdio/copying-rr.iso").files.filter((line) =>
      line.startsWith("17992\t"),
    );
    expect(filesOf(disc)).toEqual([copying]);
  });

  test("the times of udf102.iso and joliet.iso are theirs, in UTC", () => {
    const udf = openFixture("iso/libcdio/udf102.iso");
    expect(udf.find("FÉЖΘVRIER")).toMatchObject({
      sizeBytes: 10,
      modified: expect.stringMatching(/^20\d\d-.*Z$/),
    });
    const joliet = openFixture("iso/libcdio/joliet.iso");
    expect(joliet.find("libcdio/test/ISOFS-M1.CUE")?.modified).toBe("2004-07-25T09:52:32Z");
  });

  test.each([
    { name: "libcdio/bad-dir.iso", code: "ISO_DIRECTORY", offset: 47_104 },
    // Written once, with a virtual partition.
    { name: "util-linux/udf-bdr-2.60-nero.img", code: "UDF_UNSUPPORTED", offset: 71_680 },
  ])("$name is refused with $code", ({ name, code, offset }) => {
    const error = expect.objectContaining({ code, where: expect.objectContaining({ offset }) });
    expect(() => openFixture(`iso/${name}`)).toThrow(error);
  });

  test.each(NAMES)("%s with bytes changed gives files or a typed error", (name) => {
    const random = seededRandom(NAMES.indexOf(name));
    const image = readFixture(name);
    for (let round = 0; round < 60; round++) {
      try {
        const disc = DiscImage.open(new MemorySource(mutateBytes(random, image)));
        for (const entry of disc.list()) if (entry.type === "file") disc.open(entry);
      } catch (error) {
        expect(error).toBeInstanceOf(VmguestError);
      }
    }
  });
});
