// SPDX-License-Identifier: MIT
import { createHash } from "node:crypto";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { auditImage, openImage } from "../../src/audit/index.ts";
import { openDisk } from "../../src/disk/index.ts";
import { VmguestError } from "../../src/errors.ts";
import { type ByteSource, MemorySource, readBytes } from "../../src/io/index.ts";
import { FIXTURES, readFixture } from "../support/fixtures.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-corpus-chains-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A folder with the fixtures, under the names they are given or their own. */
function folderWith(name: string, fixtures: Readonly<Record<string, string>>): string {
  const path = join(folder, name);
  mkdirSync(path);
  for (const [file, fixture] of Object.entries(fixtures))
    writeFileSync(join(path, file), readFixture(fixture));
  return path;
}

/** What libvhdi (and for VHDX dissect.hypervisor) read from the chain. */
const digestInFacts = (name: string): string =>
  JSON.parse(readFileSync(join(FIXTURES, "FACTS", `${name}.json`), "utf8")).guest_bytes.libvhdi.sha256;

const digestOf = (source: ByteSource) =>
  createHash("sha256")
    .update(readBytes(source, 0, source.sizeBytes))
    .digest("hex");

const errorOf = (path: string) => {
  try {
    openImage(path).close();
  } catch (error) {
    if (error instanceof VmguestError) return error;
  }
  throw new Error("no typed error was thrown");
};

describe.each([
  {
    child: "ntfs-differential.vhdx",
    parent: "ntfs-parent.vhdx",
    identities: ["305abbc8-cef4-45ea-aee8-42ee5c891b06", "7584f8fb-36d3-4091-afb5-b1afe587bfa8"],
  },
  {
    child: "ntfs-differential.vhd",
    parent: "ntfs-parent.vhd",
    identities: ["722fa4e2-59c4-c645-8456-ddb430ac4a19", "e7ea9200-8493-954e-a816-9572339be931"],
  },
])("the chain of $child", ({ child, parent, identities }) => {
  const format = child.replace(/.*\./, "");
  const path = folderWith(format, {
    [child]: `${format}/${child}`,
    [parent]: `${format}/${parent}`,
  });
  const paths = [join(path, child), join(path, parent)];
  const [image = ""] = paths;

  test("has the content that other programs read from it, which is not that of the parent", () => {
    using opened = openImage(image);
    expect(opened.disk.kind).toBe("differencing");
    expect(digestOf(opened.disk)).toBe(digestInFacts(`${format}/${child}`));
    expect(digestOf(openDisk(new MemorySource(readFixture(`${format}/${parent}`))))).not.toBe(
      digestOf(opened.disk),
    );
  });

  test("is listed file by file with the identities in them", () => {
    using opened = openImage(image);
    expect(opened.chain).toEqual(paths);
    expect(
      opened.disk.chain.map(({ name, format, kind, identity }) => ({ name, format, kind, identity })),
    ).toEqual([
      { name: undefined, format, kind: "differencing", identity: identities[0] },
      { name: paths[1], format, kind: "fixed", identity: identities[1] },
    ]);
    expect(opened.disk.chain[0]?.parent?.identities).toEqual([identities[1]]);
  });

  test("is in the report of an audit, which finds the NTFS volume in it", () => {
    const report = auditImage(image, { host: "ws2019" });
    expect(report.container).toMatchObject({ format, kind: "differencing", chain: paths });
    expect(report.volumes.map(({ fileSystem }) => fileSystem)).toEqual(["ntfs"]);
    expect(report.error).toBeNull();
  });
});

test("a parent that is written to while its child is read is found out", () => {
  const path = folderWith("changing", {
    leaf: "vhdx/ntfs-differential.vhdx",
    "ntfs-parent.vhdx": "vhdx/ntfs-parent.vhdx",
  });
  const parent = join(path, "ntfs-parent.vhdx");
  using opened = openImage(join(path, "leaf"));
  opened.checkUnchanged();
  appendFileSync(parent, "more");
  expect(() => opened.checkUnchanged()).toThrow(
    expect.objectContaining({ code: "IO_CHANGED", where: { image: parent } }),
  );
});

test("Windows 10 leaves out the time of the parent, so a copy of it is not found to be younger", () => {
  using opened = openImage(join(folder, "vhd", "ntfs-differential.vhd"));
  expect(opened.disk.chain[0]?.parent?.modifiedSeconds).toBeUndefined();
  expect(opened.findings.map(({ code }) => code)).not.toContain("VHD_PARENT_TIMESTAMP");
});

describe("refused is", () => {
  test("a checkpoint without its parent, naming every path under which it was looked for", () => {
    const name = "dissect-differencing.avhdx";
    const path = folderWith("alone", { [name]: `vhdx/${name}` });
    const error = errorOf(join(path, name));
    expect(error.code).toBe("DISK_PARENT_MISSING");
    expect(error.where.image).toBe(join(path, name));
    const parent = "Generation 1_49C4BAF3-4B25-4406-8C4B-D39E65C32385.avhdx";
    expect(error.message).toContain(`".\\${parent}"`);
    expect(error.message).toContain(`"C:\\Users\\Public\\Documents\\Hyper-V\\Virtual hard disks\\${parent}"`);
  });

  test.each([
    {
      child: "vhdx/ntfs-differential.vhdx",
      other: "vhdx/dfvfs-ntfs-dynamic.vhdx",
      parent: "ntfs-parent.vhdx",
    },
    { child: "vhd/ntfs-differential.vhd", other: "vhd/dfvfs-ntfs-dynamic.vhd", parent: "ntfs-parent.vhd" },
  ])("$child with another disk under the name of its parent", ({ child, other, parent }) => {
    const path = folderWith(`wrong-${parent}`, { leaf: child, [parent]: other });
    const error = errorOf(join(path, "leaf"));
    expect(error.code).toBe("DISK_PARENT_MISMATCH");
    expect(error.where.image).toBe(join(path, "leaf"));
  });

  test("a VHDX whose parent is replaced by a VHD", () => {
    const path = folderWith("format", {
      leaf: "vhdx/ntfs-differential.vhdx",
      "ntfs-parent.vhdx": "vhd/ntfs-parent.vhd",
    });
    expect(errorOf(join(path, "leaf")).code).toBe("DISK_PARENT_FORMAT");
  });
});
