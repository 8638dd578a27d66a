// SPDX-License-Identifier: MIT
import { describe, expect, test } from "vitest";
import {
  buildCabinet,
  type LabBlock,
  type LabCabinet,
  type LabFolder,
  type LabMember,
  mszip,
} from "../lab/cab.ts";
import { extract, outcomesOf, runJob, write } from "./package-jobs.ts";

const bytesOf = (size: number) => new Uint8Array(size).map((_, at) => at * 7);
const MEMBER: LabMember = { name: "a.txt", bytes: bytesOf(40_000) };
const ONE: LabFolder = { members: [MEMBER] };

const withHeader = (fields: LabCabinet["fields"] & object): LabCabinet => ({ folders: [ONE], fields });
const withFolder = (fields: LabFolder["fields"] & object): LabCabinet => ({ folders: [{ ...ONE, fields }] });
const withMember = (fields: LabMember["fields"] & object): LabCabinet => ({
  folders: [{ members: [MEMBER, { name: "b.txt", bytes: bytesOf(100), fields }] }],
});
const withBlock = (fields: LabBlock["fields"] & object): LabCabinet => {
  const data = bytesOf(100);
  const blocks = [{ data, outputSize: data.length, fields }];
  return { folders: [{ members: [{ name: "a.txt", bytes: data }], blocks }] };
};

// H41
describe("a cabinet", () => {
  test.each<{ what: string; cabinet: LabCabinet; listed: string; unpacked: string }>([
    {
      what: "whose data has no size",
      cabinet: withBlock({ sizeBytes: 0, checksum: 0 }),
      listed: "0",
      unpacked: "3 CAB_BLOCK",
    },
    {
      what: "whose data has 65,535 bytes",
      cabinet: withBlock({ sizeBytes: 0xffff }),
      listed: "0",
      unpacked: "3 CAB_BLOCK",
    },
    {
      what: "whose data unpacks to nothing",
      cabinet: withBlock({ outputSize: 0 }),
      listed: "0",
      unpacked: "3 CAB_SET_INCOMPLETE",
    },
    {
      what: "whose data unpacks to 65,535 bytes",
      cabinet: withBlock({ outputSize: 0xffff }),
      listed: "0",
      unpacked: "3 CAB_BLOCK",
    },
    {
      what: "that says it has no bytes",
      cabinet: withHeader({ sizeBytes: 0 }),
      listed: "3 CAB_HEADER",
      unpacked: "3 CAB_HEADER",
    },
    {
      what: "that says it ends in its header",
      cabinet: withHeader({ sizeBytes: 40 }),
      listed: "3 CAB_HEADER",
      unpacked: "3 CAB_HEADER",
    },
    {
      what: "that says it ends in its data",
      cabinet: withHeader({ sizeBytes: 30_000 }),
      listed: "0 CAB_APPENDED",
      unpacked: "3 CAB_TRUNCATED",
    },
    {
      what: "with its members in its header",
      cabinet: withHeader({ filesOffset: 4 }),
      listed: "3 CAB_HEADER",
      unpacked: "3 CAB_HEADER",
    },
    {
      what: "with its members behind its end",
      cabinet: withHeader({ filesOffset: 0xffff_ff00 }),
      listed: "3 CAB_HEADER",
      unpacked: "3 CAB_HEADER",
    },
    {
      what: "with a folder's data behind its end",
      cabinet: withFolder({ dataOffset: 0xffff_ff00 }),
      listed: "0 CAB_GAP",
      unpacked: "3 CAB_TRUNCATED",
    },
    {
      what: "with a folder of no blocks",
      cabinet: withFolder({ blockCount: 0 }),
      listed: "0",
      unpacked: "3 CAB_MEMBER_RANGE",
    },
    {
      what: "with a folder of 65,535 blocks, of which those that count are there",
      cabinet: withFolder({ blockCount: 0xffff }),
      listed: "0",
      unpacked: "0",
    },
    {
      what: "with a folder of LZX in a window of 2^31",
      cabinet: withFolder({ compression: 0x1f03 }),
      listed: "0",
      unpacked: "3 CAB_METHOD",
    },
    {
      what: "with a member in folder 0xfffc",
      cabinet: withMember({ folder: 0xfffc }),
      listed: "3 CAB_MEMBER",
      unpacked: "3 CAB_MEMBER",
    },
    {
      what: "with a member that began in no cabinet (0xfffd)",
      cabinet: withMember({ folder: 0xfffd }),
      listed: "0",
      unpacked: "3 CAB_SET_INCOMPLETE",
    },
    {
      what: "with a member that is to end in no cabinet, and is whole (0xfffe)",
      cabinet: withMember({ folder: 0xfffe }),
      listed: "0",
      unpacked: "0",
    },
    {
      what: "with a member that does both (0xffff)",
      cabinet: withMember({ folder: 0xffff }),
      listed: "0",
      unpacked: "3 CAB_SET_INCOMPLETE",
    },
    {
      what: "with a member of 4 GiB at 4 GiB",
      cabinet: withMember({ folderOffset: 0xffff_ffff, sizeBytes: 0xffff_ffff }),
      listed: "0",
      unpacked: "3 CAB_MEMBER_RANGE",
    },
    {
      what: "that says it has 65,535 folders",
      cabinet: withHeader({ folderCount: 0xffff }),
      listed: "3 CAB_HEADER",
      unpacked: "3 CAB_HEADER",
    },
    {
      what: "that says it has 65,535 members",
      cabinet: withHeader({ fileCount: 0xffff }),
      listed: "3 CAB_TRUNCATED",
      unpacked: "3 CAB_TRUNCATED",
    },
    {
      what: "that reserves 65,535 bytes",
      cabinet: { folders: [ONE], headerReserve: new Uint8Array(0xffff) },
      listed: "3 CAB_HEADER",
      unpacked: "3 CAB_HEADER",
    },
    {
      what: "that goes on in itself",
      cabinet: { folders: [ONE], next: { name: "hostile.cab" } },
      listed: "3 CAB_SET_MISMATCH",
      unpacked: "3 CAB_SET_MISMATCH",
    },
    {
      what: "that began in itself",
      cabinet: { folders: [ONE], index: 1, previous: { name: "HOSTILE.CAB" } },
      listed: "3 CAB_SET_MISMATCH",
      unpacked: "3 CAB_SET_MISMATCH",
    },
    {
      what: "that goes on in one of no set",
      cabinet: { folders: [ONE], next: { name: "good.cab" } },
      listed: "3 CAB_SET_MISMATCH",
      unpacked: "3 CAB_SET_MISMATCH",
    },
    {
      what: "that goes on in a file of the host",
      cabinet: { folders: [ONE], next: { name: "../../../../../../etc/passwd" } },
      listed: "3 CAB_SET_INCOMPLETE",
      unpacked: "3 CAB_SET_INCOMPLETE",
    },
  ])("$what is listed with $listed and unpacked with $unpacked", async ({ cabinet, listed, unpacked }) => {
    const outcomes = await outcomesOf(buildCabinet(cabinet), ["list", "unpack", "verify", "show"]);
    expect(outcomes).toMatchObject({ list: listed, unpack: unpacked });
    // Nobody signed it, and it is no package.
    expect(outcomes.verify).toMatch(/^[13]/);
    expect(outcomes.show).toMatch(/^[03].* (OFFER_NONE|CAB_)/);
  });

  test.each(["previous", "next"] as const)("whose %s one leads back to it is listed once", async (way) => {
    const parts = [0, 1].map((part): LabCabinet => {
      const name = `ring${1 - part}.cab`;
      return { folders: [{ members: [{ name: `${part}` }] }], setId: 7, index: part, [way]: { name } };
    });
    const [first = "", second = ""] = parts.map((part, index) =>
      write(`ring${index}.cab`, buildCabinet(part)),
    );
    for (const path of [first, second]) {
      const { report, outcome } = await runJob(["list", path]);
      expect(outcome).toBe("3 CAB_SET_MISMATCH");
      expect(report).toMatchObject({ packages: [{ entries: expect.any(Array) }] });
    }
  });

  test("of 65,535 folders is listed, and unpacked", async () => {
    const empty = { members: [], blocks: [] };
    const folders = [ONE, ...Array.from({ length: 0xfffe }, () => empty)];
    expect(await outcomesOf(buildCabinet({ folders }), ["list", "unpack"])).toEqual({
      list: "0",
      unpack: "0",
    });
  });

  test("whose folders share one block, to be unpacked to thousands of times its size, is not", async () => {
    const bytes = new Uint8Array(32_768);
    const [block] = mszip.encode(bytes);
    if (block === undefined) expect.fail("no block");
    const count = 8500;
    const name = (index: number) => `${index}`.padStart(6, "0");
    const entrySize = 16 + 7;
    const dataOffset = 36 + count * (8 + entrySize);
    const folders = Array.from({ length: count }, (_, index): LabFolder => {
      const member = { name: name(index), fields: { sizeBytes: bytes.length } };
      const fields = { dataOffset, blockCount: 1 };
      return { encoder: mszip, members: [member], blocks: index === 0 ? [block] : [], fields };
    });
    const bomb = buildCabinet({ folders });
    expect(bomb.length).toBeLessThan(400_000);
    expect(await outcomesOf(bomb, ["list", "unpack"])).toEqual({ list: "0", unpack: "3 CAB_LIMIT" });
    const { outcome, files } = await extract(bomb, ["--limit-total-bytes", "1000000"]);
    expect({ outcome, files }).toEqual({ outcome: "4 EXTRACT_LIMIT", files: {} });
  });

  test("whose manifests share their bytes, to be read a thousand times, is not", async () => {
    const size = 2 ** 20;
    const members = Array.from({ length: 1000 }, (_, index) => {
      const bytes = new Uint8Array(index === 0 ? size : 0);
      return { name: `${index}.manifest`, bytes, fields: { folderOffset: 0, sizeBytes: size } };
    });
    const bomb = buildCabinet({ folders: [{ encoder: mszip, members }] });
    const outcomes = await outcomesOf(bomb, ["list", "unpack", "verify"]);
    expect(outcomes).toMatchObject({ list: "0", unpack: "3 CAB_LIMIT" });
    expect(outcomes.verify).toMatch(/^1 CAB_LIMIT OFFER_LIMIT/);
  });
});

/** A block of LZX that is not compressed, behind the bit that says that calls were translated up to `translated`. */
function lzxBlock(bytes: Uint8Array, translated: number): LabBlock {
  const bits = [
    [1, 1],
    [Math.floor(translated / 0x10000), 16],
    [translated % 0x10000, 16],
    [3, 3],
    [bytes.length, 24],
  ]
    .map(([value = 0, width = 0]) => value.toString(2).padStart(width, "0"))
    .join("");
  const words = bits.padEnd(Math.ceil(bits.length / 16) * 16, "0").match(/.{16}/g) ?? [];
  const head = words.flatMap((word) => [
    Number.parseInt(word.slice(8), 2),
    Number.parseInt(word.slice(0, 8), 2),
  ]);
  const repeated = [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0];
  return { data: Uint8Array.from([...head, ...repeated, ...bytes]), outputSize: bytes.length };
}

describe("calls that LZX has translated", () => {
  /** `E8` at these places, each before an absolute address; without overlaps. */
  const calls = (size: number, places: readonly number[], address: number) => {
    const bytes = new Uint8Array(size);
    for (const place of places) {
      bytes[place] = 0xe8;
      if (place + 5 <= size) new DataView(bytes.buffer).setInt32(place + 1, address, true);
    }
    return bytes;
  };

  test.each([
    { what: "at the begin of a block", at: 0, address: 0x100, size: 0x1000, becomes: 0x100 },
    {
      what: "in the last place that counts",
      at: 0xff5,
      address: 0x100,
      size: 0x1000,
      becomes: 0x100 - 0xff5,
    },
    {
      what: "ten bytes before the end, where nothing counts",
      at: 0xff6,
      address: 0x100,
      size: 0x1000,
      becomes: 0x100,
    },
    { what: "to the size of the file itself", at: 0x10, address: 0x1000, size: 0x1000, becomes: 0x1000 },
    { what: "to before the file", at: 0x10, address: -0x11, size: 0x1000, becomes: -0x11 },
    {
      what: "to as far before as there is file",
      at: 0x10,
      address: -0x10,
      size: 0x1000,
      becomes: -0x10 + 0x1000,
    },
    { what: "in a file of no size", at: 0x10, address: 0, size: 0, becomes: 0 },
    { what: "in a file of 2 GiB", at: 0x10, address: 0x7fff_ffff, size: 0x7fff_ffff, becomes: 0x7fff_ffff },
    { what: "in a file whose size is negative", at: 0x10, address: 5, size: 0xffff_ffff, becomes: 5 },
  ])("are put back $what", async ({ at, address, size, becomes }) => {
    const packed = calls(0x1000, [at], address);
    const members = [{ name: "a.bin", bytes: packed }];
    const cabinet = buildCabinet({
      folders: [{ members, blocks: [lzxBlock(packed, size)], fields: { compression: 0x0f03 } }],
    });
    const { outcome, files } = await extract(cabinet);
    expect(outcome).toBe("0");
    const unpacked = Buffer.from(files["a.bin"] ?? "", "latin1");
    expect(unpacked).toHaveLength(0x1000);
    expect(unpacked.readInt32LE(at + 1)).toBe(becomes);
  });
});
