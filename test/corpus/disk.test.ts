// SPDX-License-Identifier: MIT
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { type Disk, openDisk } from "../../src/disk/index.ts";
import type { Code, VmguestError } from "../../src/errors.ts";
import {
  type ByteSource,
  FileSource,
  MemorySource,
  PageCache,
  ReadStats,
  readBytes,
} from "../../src/io/index.ts";
import { FIXTURES, readFixture } from "../support/fixtures.ts";

const MIB = 1024 * 1024;
const CHUNK = MIB;

const folder = mkdtempSync(join(tmpdir(), "vmguest-corpus-disk-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What third-party tools found in an image; for the digest, QEMU is asked first, because it replays the log. */
interface Facts {
  readonly sha256_uncompressed: string;
  readonly guest_bytes: Record<"qemu" | "libvhdi", { size: number; sha256: string } | undefined>;
}

function factsOf(name: string): Facts {
  return JSON.parse(readFileSync(join(FIXTURES, "FACTS", `${name}.json`), "utf8"));
}

/** Unpacks an image into a file without holding it in memory: one of them has 600 MB. */
async function unpack(name: string): Promise<string> {
  const target = join(folder, name.replace("/", "-"));
  const plain = join(FIXTURES, name);
  const packed = existsSync(plain)
    ? [createReadStream(plain)]
    : [createReadStream(`${plain}.gz`), createGunzip()];
  await pipeline([...packed, createWriteStream(target)]);
  return target;
}

function digestOf(source: ByteSource): string {
  const hash = createHash("sha256");
  for (let offset = 0; offset < source.sizeBytes; offset += CHUNK) {
    hash.update(source.read(offset, Math.min(CHUNK, source.sizeBytes - offset)));
  }
  return hash.digest("hex");
}

function thrownBy(work: () => unknown): VmguestError {
  try {
    work();
  } catch (error) {
    return error as VmguestError;
  }
  throw new Error("nothing was thrown");
}

const open = (name: string): Disk => openDisk(new MemorySource(readFixture(name)));

describe("the disk in", () => {
  test.each([
    { name: "vhdx/dfvfs-ntfs-dynamic.vhdx", kind: "dynamic", guid: "b87a16be-01fa-444d-bb2e-6f7d84832202" },
    { name: "vhdx/ntfs-parent.vhdx", kind: "fixed", guid: "7584f8fb-36d3-4091-afb5-b1afe587bfa8" },
    { name: "vhdx/dissect-dynamic.vhdx", kind: "dynamic", guid: "28e09ae1-ab94-4815-a155-f143e2d00a3f" },
    { name: "vhdx/iotest-dynamic-1G.vhdx", kind: "dynamic", guid: "d247cbb2-15b6-404b-9133-790733d694c0" },
    { name: "vhdx/discutils-xfs5.vhdx", kind: "dynamic", guid: "8eb83842-1878-4508-8aaa-4361cb494bef" },
    { name: "vhdx/discutils-lvm2.vhdx", kind: "dynamic", guid: "41c5fa47-ebef-4bb5-974b-8a9a9f8de565" },
    {
      name: "vhdx/discutils-vhdx-log-replay.vhdx",
      kind: "dynamic",
      guid: "8fbc9db8-2cfd-45b8-9688-1c6fedbc7230",
    },
    { name: "vhd/dfvfs-ntfs-dynamic.vhd", kind: "dynamic", guid: undefined },
    { name: "vhd/ntfs-parent.vhd", kind: "fixed", guid: undefined },
    { name: "vhd/dissect-dynamic.vhd", kind: "dynamic", guid: undefined },
  ])("$name is what QEMU and libvhdi read, and its file stays as it was", async ({ name, kind, guid }) => {
    const facts = factsOf(name);
    const expected = facts.guest_bytes.qemu ?? facts.guest_bytes.libvhdi;
    const path = await unpack(name);
    using file = FileSource.open(path);
    const disk = openDisk(file);
    expect(disk).toMatchObject({ format: name.split("/")[0], kind, dataWriteGuid: guid });
    expect(disk.sizeBytes).toBe(expected?.size);
    expect(digestOf(disk)).toBe(expected?.sha256);
    file.checkUnchanged();
    expect(digestOf(file)).toBe(facts.sha256_uncompressed);
    rmSync(path);
  });
});

test("every VHDX and VHD that was closed properly is clean and without findings", () => {
  for (const name of ["vhdx/dfvfs-ntfs-dynamic.vhdx", "vhdx/ntfs-parent.vhdx", "vhd/dissect-dynamic.vhd"]) {
    expect(open(name)).toMatchObject({ logState: "clean", findings: [] });
  }
});

describe("the dirty image of Hyper-V", () => {
  const name = "vhdx/discutils-vhdx-log-replay.vhdx";
  const bytes = readFixture(name);

  test("is replayed in memory and says so", () => {
    expect(open(name)).toMatchObject({
      logState: "replayed",
      findings: [
        { code: "VHDX_LOG_REPLAYED", severity: "info", where: { structure: "VHDX log", offset: MIB } },
      ],
    });
  });

  test("gives the content that QEMU writes out after a repair, not the stale one that others read", () => {
    expect(factsOf(name).guest_bytes.libvhdi?.sha256).toMatch(/^49bc20df/);
    expect(digestOf(open(name))).toBe("3ba3b309425b7ff5e8e0199edceed95226250f880c53b24e8eae93865f3fad5e");
  });

  test("is replayed from cached pages without a change to them", () => {
    const pages: { page: Uint8Array; offset: number }[] = [];
    const cache = new PageCache({
      sizeBytes: bytes.length,
      readInto: (page, offset) => {
        page.set(bytes.subarray(offset, offset + page.length));
        pages.push({ page, offset });
      },
    });
    digestOf(openDisk(cache));
    const isUntouched = ({ page, offset }: { page: Uint8Array; offset: number }) =>
      Buffer.compare(page, bytes.subarray(offset, offset + page.length)) === 0;
    expect(pages.every(isUntouched)).toBe(true);
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(factsOf(name).sha256_uncompressed);
  });
});

describe("refused is", () => {
  const vhdxParent = ".\\Generation 1_49C4BAF3-4B25-4406-8C4B-D39E65C32385.avhdx";
  const rows: { name: string; code: Code; says: string }[] = [
    { name: "vhdx/ntfs-differential.vhdx", code: "DISK_DIFFERENCING", says: ".\\ntfs-parent.vhdx" },
    { name: "vhdx/dissect-differencing.avhdx", code: "DISK_DIFFERENCING", says: vhdxParent },
    { name: "vhd/ntfs-differential.vhd", code: "DISK_DIFFERENCING", says: ".\\ntfs-parent.vhd" },
    { name: "vhd/image.vhd", code: "VHD_FOOTER_INVALID", says: "wrong checksum" },
    { name: "vhd/image-differential.vhd", code: "VHD_FOOTER_INVALID", says: "wrong checksum" },
  ];
  test.each(rows)("$name: $code", ({ name, code, says }) => {
    const error = thrownBy(() => open(name));
    expect(error.code).toBe(code);
    expect(error.message).toContain(says);
  });

  test.each([
    { name: "vhdx/ntfs-differential.vhdx", path: "C:\\Projects\\dfvfs\\test_data\\ntfs-parent.vhdx" },
    { name: "vhd/ntfs-differential.vhd", path: "C:\\Projects\\dfvfs\\test_data\\ntfs-parent.vhd" },
  ])("$name with the absolute path of its parent as well", ({ name, path }) => {
    expect(thrownBy(() => open(name)).message).toContain(`"${path}"`);
  });
});

test("the pattern that qemu-iotests 064 knows is found", () => {
  const disk = open("vhdx/iotest-dynamic-1G.vhdx");
  const isAll = (byte: number, from: number, to: number) =>
    readBytes(disk, from, to - from).every((found) => found === byte);
  expect(isAll(0xa5, 0, 33 * MIB)).toBe(true);
  expect(isAll(0x96, 33 * MIB, 66 * MIB)).toBe(true);
  expect(isAll(0, 66 * MIB, 80 * MIB)).toBe(true);
  expect(isAll(0, 1000 * MIB, 1024 * MIB)).toBe(true);
});

test("the VHD of 127 GiB has the size in its footer, not the one of its geometry, and is empty", () => {
  const disk = open("vhd/hyperv2012r2-dynamic.vhd");
  expect(disk).toMatchObject({ kind: "dynamic", sizeBytes: 136_365_211_648, findings: [] });
  expect(readBytes(disk, disk.sizeBytes - MIB, MIB).every((byte) => byte === 0)).toBe(true);
});

test.each([
  // Identifier, two headers, the region table (64 KiB), metadata table, its items, the BAT entry, the sector.
  { name: "vhdx/dfvfs-ntfs-dynamic.vhdx", reads: 8, pages: 23 },
  // The start of the file for what it may be, the footer, the table entry; the dynamic header is at the start.
  { name: "vhd/hyperv2012r2-dynamic.vhd", reads: 2, pages: 2 },
])("opening $name and reading a sector takes $reads reads of $pages pages in all", async (row) => {
  const stats = new ReadStats();
  using file = FileSource.open(await unpack(row.name), { stats });
  openDisk(file).read(0, 512);
  expect(stats).toEqual({ reads: row.reads, bytesRead: row.pages * 4096 });
});
