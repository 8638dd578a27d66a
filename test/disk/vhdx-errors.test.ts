// SPDX-License-Identifier: MIT
import { describe, expect, test } from "vitest";
import { ZERO_GUID } from "../../src/bytes/index.ts";
import { openVhdx } from "../../src/disk/index.ts";
import { BLOCK_STATES, KIB, METADATA_IDS, MIB, REGION_IDS } from "../../src/disk/vhdx/layout.ts";
import type { Code, VmguestError } from "../../src/errors.ts";
import { MemorySource } from "../../src/io/index.ts";
import { type MetadataTable, type RegionTable, VhdxImage } from "../lab/vhdx.ts";

const A_GUID = "ffeeddcc-bbaa-9988-7766-554433221100";
const ITEMS = Object.keys(METADATA_IDS);
const item = (name: keyof typeof METADATA_IDS) => ITEMS.indexOf(name);

const image = () => new VhdxImage({ virtualSizeBytes: 4 * MIB });
/** The parent locator is the last item of a differencing disk, behind the 48 bytes of the others. */
const PARENT_LOCATOR = item("parentLocator");
/** The identity of the parent, without which a locator is damaged. */
const LINKAGE = { parent_linkage: `{${A_GUID}}` };
const child = (parent: Record<string, string>) => new VhdxImage({ virtualSizeBytes: 4 * MIB, parent });
const headers = (fields: object) => image().editHeaders((header) => Object.assign(header, fields));
const regions = (edit: (table: RegionTable) => void) => image().editRegionTables(edit);
const metadata = (edit: (table: MetadataTable) => void, from = image()) => from.editMetadata(edit);
const cut = (sizeBytes: number) => {
  const short = image();
  short.sizeBytes = sizeBytes;
  return short;
};
const torn = (...offsets: number[]) => {
  const damaged = image();
  for (const offset of offsets) damaged.write(offset, Uint8Array.of(0xff));
  return damaged;
};
const u32 = (name: keyof typeof METADATA_IDS, at: number, value: number) =>
  metadata((table) => table.item(item(name)).setUint32(at, value, true));
const virtualSize = (size: bigint) =>
  metadata((table) => table.item(item("virtualDiskSize")).setBigUint64(0, size, true));
const locator = (at: number, value: number, bytes: 2 | 4 = 4) =>
  metadata(
    (table) => {
      const view = table.item(PARENT_LOCATOR);
      if (bytes === 2) view.setUint16(at, value, true);
      else view.setUint32(at, value, true);
    },
    // Two keys of the same length; the entries are at 20 and 32, the first key at 44.
    child({ relative_path: ".\\parent.vhdx", another_key_x: "value" }),
  );

const CASES: { what: string; file: VhdxImage; code: Code }[] = [
  { what: "a file that is no VHDX", file: torn(0), code: "VHDX_NOT" },
  { what: "a file that ends inside the headers", file: cut(MIB - 1), code: "VHDX_NOT" },

  { what: "two torn headers", file: torn(64 * KIB + 100, 128 * KIB + 100), code: "VHDX_HEADERS_INVALID" },
  {
    what: "two headers without signature",
    file: headers({ signature: "daeh" }),
    code: "VHDX_HEADERS_INVALID",
  },
  { what: "headers of version 2", file: headers({ version: 2 }), code: "VHDX_VERSION" },
  {
    what: "a log of version 1 to replay",
    file: headers({ logVersion: 1, logGuid: A_GUID }),
    code: "VHDX_VERSION",
  },
  {
    what: "different headers with one sequence number",
    file: headers({ sequence: 3n }).editHeader(1, (header) => {
      header.dataWriteGuid = A_GUID.replace("f", "e");
    }),
    code: "VHDX_HEADER_AMBIGUOUS",
  },

  { what: "a log in the first MiB", file: headers({ logOffset: 0 }), code: "VHDX_LOG_RANGE" },
  { what: "a log that is not aligned", file: headers({ logOffset: MIB + 4096 }), code: "VHDX_LOG_RANGE" },
  { what: "a log of no whole MiB", file: headers({ logLengthBytes: 4096 }), code: "VHDX_LOG_RANGE" },
  { what: "a log past the end", file: headers({ logOffset: 99 * MIB }), code: "VHDX_LOG_RANGE" },
  {
    what: "a log without bytes that is to be replayed",
    file: headers({ logLengthBytes: 0, logGuid: A_GUID }),
    code: "VHDX_LOG_RANGE",
  },
  { what: "a log offset beyond 2^53", file: headers({ logOffset: 2 ** 63 }), code: "VALUE_TOO_LARGE" },
  { what: "a log over the metadata", file: headers({ logOffset: 2 * MIB }), code: "VHDX_OVERLAP" },

  {
    what: "two torn region tables",
    file: torn(192 * KIB + 60_000, 256 * KIB + 60_000),
    code: "VHDX_REGION_TABLES_INVALID",
  },
  {
    what: "region tables without signature",
    file: regions(({ header }) => {
      header.signature = "iger";
    }),
    code: "VHDX_REGION_TABLES_INVALID",
  },
  {
    what: "region tables of 2048 entries",
    file: regions(({ header }) => {
      header.entryCount = 2048;
    }),
    code: "VHDX_REGION_TABLES_INVALID",
  },
  {
    what: "an unknown region that must be known",
    file: regions((table) => table.add({ id: A_GUID, fileOffset: 3 * MIB, lengthBytes: MIB, flags: 1 })),
    code: "VHDX_REGION_UNKNOWN",
  },
  {
    what: "a second BAT region",
    file: regions((table) =>
      table.add({ id: REGION_IDS.bat, fileOffset: 3 * MIB, lengthBytes: MIB, flags: 1 }),
    ),
    code: "VHDX_REGION_DUPLICATE",
  },
  ...[0, 4096, MIB + 1, 64 * MIB].map((fileOffset) => ({
    what: `a region at ${fileOffset}`,
    file: regions((table) => Object.assign(table.entry(0), { fileOffset })),
    code: "VHDX_REGION_RANGE" as const,
  })),
  {
    what: "a region of no whole MiB",
    file: regions((table) => Object.assign(table.entry(0), { lengthBytes: 1000 })),
    code: "VHDX_REGION_RANGE",
  },
  {
    what: "a region whose end is past 2^53",
    file: regions((table) =>
      Object.assign(table.entry(0), { fileOffset: 2 ** 53 - MIB, lengthBytes: 2 ** 32 - MIB }),
    ),
    code: "VHDX_REGION_RANGE",
  },
  {
    what: "a region offset of 2^63",
    file: regions((table) => Object.assign(table.entry(0), { fileOffset: 2 ** 63 })),
    code: "VALUE_TOO_LARGE",
  },
  {
    what: "no metadata region",
    file: regions(({ header }) => {
      header.entryCount = 1;
    }),
    code: "VHDX_REGION_MISSING",
  },
  {
    what: "no BAT region",
    file: regions((table) => Object.assign(table.entry(0), { id: A_GUID, flags: 0 })),
    code: "VHDX_REGION_MISSING",
  },
  {
    what: "two regions over each other",
    file: regions((table) => Object.assign(table.entry(0), { fileOffset: 2 * MIB })),
    code: "VHDX_OVERLAP",
  },

  {
    what: "a metadata table without signature",
    file: metadata(({ header }) => {
      header.signature = "atadatem";
    }),
    code: "VHDX_METADATA_TABLE",
  },
  {
    what: "a metadata table of 2048 entries",
    file: metadata(({ header }) => {
      header.entryCount = 2048;
    }),
    code: "VHDX_METADATA_TABLE",
  },
  {
    what: "a metadata region without bytes",
    file: regions((table) => Object.assign(table.entry(1), { lengthBytes: 0 })),
    code: "VHDX_METADATA_TABLE",
  },
  {
    what: "1025 user items",
    file: metadata((table) => {
      for (let count = 0; count < 1025; count++) {
        const itemId = `00000000-0000-0000-0000-00000000${count.toString(16).padStart(4, "0")}`;
        Object.assign(table.entry(table.header.entryCount++), { itemId, flags: 1 });
      }
    }),
    code: "VHDX_METADATA_TABLE",
  },
  ...[
    { what: "inside the table", fields: { offset: 32 } },
    { what: "past the end of the region", fields: { offset: MIB - 4 } },
    { what: "longer than 1 MiB", fields: { lengthBytes: MIB + 1 } },
    { what: "of another length than its kind has", fields: { lengthBytes: 4 } },
    { what: "over the next one", fields: { offset: 64 * KIB + 8 } },
  ].map(({ what, fields }) => ({
    what: `a metadata item ${what}`,
    file: metadata((table) => Object.assign(table.entry(0), fields)),
    code: "VHDX_METADATA_TABLE" as const,
  })),
  {
    what: "a metadata item that is there twice",
    file: metadata((table) => Object.assign(table.entry(1), { itemId: METADATA_IDS.fileParameters })),
    code: "VHDX_METADATA_TABLE",
  },
  ...ITEMS.filter((name) => name !== "parentLocator").map((name, index) => ({
    what: `no metadata item ${name}`,
    file: metadata((table) => table.remove(index)),
    code: "VHDX_METADATA_MISSING" as const,
  })),
  {
    what: "a parent, but no parent locator",
    file: u32("fileParameters", 4, 2),
    code: "VHDX_METADATA_MISSING",
  },
  {
    what: "an unknown item that must be known",
    file: metadata((table) => table.add(A_GUID, 8, 4)),
    code: "VHDX_METADATA_UNKNOWN",
  },

  ...[0, 1, MIB - 1, MIB / 2, 3 * MIB, 512 * MIB, 2 ** 31].map((size) => ({
    what: `a block size of ${size}`,
    file: u32("fileParameters", 0, size),
    code: "VHDX_PARAMETERS" as const,
  })),
  ...[0, 1, 513, 4097, 1024].flatMap((size) =>
    (["logicalSectorSize", "physicalSectorSize"] as const).map((name) => ({
      what: `a ${name} of ${size}`,
      file: u32(name, 0, size),
      code: "VHDX_PARAMETERS" as const,
    })),
  ),
  ...[0n, 513n, 2n ** 46n + 512n, 2n ** 52n].map((size) => ({
    what: `a virtual size of ${size}`,
    file: virtualSize(size),
    code: "VHDX_PARAMETERS" as const,
  })),
  { what: "a virtual size of 2^63", file: virtualSize(2n ** 63n), code: "VALUE_TOO_LARGE" },
  { what: "a BAT for less than the virtual size", file: virtualSize(2n ** 46n), code: "VHDX_BAT_SHORT" },

  { what: "a locator of unknown type", file: locator(0, 1), code: "VHDX_PARENT_LOCATOR" },
  { what: "a locator of 65535 keys", file: locator(18, 65_535, 2), code: "VHDX_PARENT_LOCATOR" },
  {
    what: "a locator of more keys than it has room for",
    file: locator(18, 60, 2),
    code: "VHDX_PARENT_LOCATOR",
  },
  { what: "a locator whose key has an odd length", file: locator(40, 3, 2), code: "VHDX_PARENT_LOCATOR" },
  { what: "a locator with one key twice", file: locator(32, 44), code: "VHDX_PARENT_LOCATOR" },
  {
    what: "a locator of 65 keys",
    file: child({
      relative_path: "p",
      ...Object.fromEntries(Array.from({ length: 64 }, (_, key) => [key, "v"])),
    }),
    code: "VHDX_PARENT_LOCATOR",
  },
  { what: "a locator whose value has no length", file: locator(30, 0, 2), code: "VHDX_PARENT_LOCATOR" },
  { what: "a locator whose value is far away", file: locator(24, 2 ** 32 - 1), code: "VHDX_PARENT_LOCATOR" },
  {
    what: "a locator without a path",
    file: child({ parent_linkage: `{${A_GUID}}` }),
    code: "VHDX_PARENT_LOCATOR",
  },
  ...["", "not a GUID", "{}", `{${A_GUID}}}`, `${A_GUID}0`].map((parent_linkage) => ({
    what: `a linkage of "${parent_linkage}"`,
    file: child({ relative_path: "p", parent_linkage }),
    code: "VHDX_PARENT_LOCATOR" as const,
  })),
  { what: "a locator without linkage", file: child({ relative_path: "p" }), code: "VHDX_PARENT_LOCATOR" },
  {
    what: "a locator whose linkages are zero",
    file: child({ relative_path: "p", parent_linkage: ZERO_GUID, parent_linkage2: `{${ZERO_GUID}}` }),
    code: "VHDX_PARENT_LOCATOR",
  },
  {
    what: "a locator without a header",
    file: metadata(
      (table) => Object.assign(table.entry(PARENT_LOCATOR), { lengthBytes: 19 }),
      child({ relative_path: "p" }),
    ),
    code: "VHDX_PARENT_LOCATOR",
  },
  {
    what: "a disk with a parent",
    file: child({ relative_path: ".\\p.vhdx", ...LINKAGE }),
    code: "DISK_DIFFERENCING",
  },
];

describe("opening a VHDX with", () => {
  test.each(CASES)("$what is $code", ({ file, code }) => {
    const error = thrownBy(() => openVhdx(file));
    expect(error.code).toBe(code);
    expect(error.where.structure).toMatch(/^VHDX /);
    // The same through a source that knows nothing of holes.
    expect(thrownBy(() => openVhdx(new MemorySource(file.toBytes()))).message).toBe(error.message);
  });
});

describe("reading a block whose BAT entry", () => {
  const entry = (value: bigint) => image().setBatEntry(2, value);
  const present = BigInt(BLOCK_STATES.fullyPresent);
  test.each([
    { what: "points at the headers", file: entry(present), code: "VHDX_BAT_RANGE" },
    { what: "points past the end", file: entry(BigInt(64 * MIB) + present), code: "VHDX_BAT_RANGE" },
    { what: "points past 2^53", file: entry(2n ** 63n + present), code: "VHDX_BAT_RANGE" },
    { what: "points at the log", file: entry(BigInt(MIB) + present), code: "VHDX_OVERLAP" },
    { what: "points at the metadata", file: entry(BigInt(2 * MIB) + present), code: "VHDX_OVERLAP" },
    { what: "points at the BAT", file: entry(BigInt(3 * MIB) + present), code: "VHDX_OVERLAP" },
    { what: "is in reserved state 4", file: entry(4n), code: "VHDX_BAT_STATE" },
    { what: "is in reserved state 5", file: entry(5n), code: "VHDX_BAT_STATE" },
    { what: "says that a parent has the rest", file: entry(7n), code: "VHDX_BAT_STATE" },
  ])("$what is $code, and the other blocks can be read", ({ file, code }) => {
    const disk = openVhdx(file);
    const error = thrownBy(() => disk.read(3 * MIB - 4, 8));
    expect(error.code).toBe(code);
    expect(error.where).toEqual({ structure: "VHDX BAT entry", offset: file.batOffset + 16 });
    expect(disk.read(MIB, 4).getUint32(0)).toBe(0);
  });
});

describe("a differencing VHDX", () => {
  test("names its parent under every path, each once, in the order in which they are tried", () => {
    const file = child({
      parent_linkage: `{${A_GUID}}`,
      absolute_win32_path: "C:\\vm\\parent.vhdx",
      relative_path: ".\\parent.vhdx",
      volume_path: "C:\\vm\\parent.vhdx",
    });
    expect(thrownBy(() => openVhdx(file)).message).toBe(
      'it only holds what differs from its parent ".\\parent.vhdx" (also known as "C:\\vm\\parent.vhdx")',
    );
  });

  test("cannot put control characters or endless names into a message", () => {
    const file = child({ relative_path: `\u001b[2J\u202e${"x".repeat(30_000)}`, ...LINKAGE });
    const { message } = thrownBy(() => openVhdx(file));
    expect(message).toContain('"\ufffd[2J\ufffdxxx');
    expect(message.length).toBeLessThan(400);
  });

  test("does not look at the paths: a path into the host is only a name", () => {
    const paths = { absolute_win32_path: "/etc/shadow", relative_path: "\\\\server\\share\\p.vhdx" };
    const file = child({ ...paths, ...LINKAGE });
    expect(thrownBy(() => openVhdx(file)).code).toBe("DISK_DIFFERENCING");
  });
});

function thrownBy(work: () => unknown): VmguestError {
  try {
    work();
  } catch (error) {
    return error as VmguestError;
  }
  throw new Error("nothing was thrown");
}
