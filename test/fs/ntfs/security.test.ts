import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openNtfs } from "../../../src/fs/index.ts";
import { parseSecurityDescriptor } from "../../../src/fs/ntfs/security/descriptor.ts";
import { hashDescriptor } from "../../../src/fs/ntfs/security/store.ts";
import { MemorySource } from "../../../src/io/index.ts";
import { encodeDescriptor, hashOf } from "../../lab/ntfs/security.ts";
import { type LabVolume, layNtfs, type NtfsOptions } from "../../lab/ntfs.ts";

const SYSTEM = "S-1-5-18";
const ADMINISTRATORS = "S-1-5-32-544";
const INSTALLER = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464";

const PLAIN = encodeDescriptor({
  owner: INSTALLER,
  group: INSTALLER,
  access: [
    { type: 1, mask: 0x10000, sid: "S-1-1-0" },
    { flags: 3, mask: 0x1f01ff, sid: SYSTEM },
    { mask: 0x1200a9, sid: ADMINISTRATORS },
  ],
});
/** The descriptor that Windows gives number 0x100 when it formats a volume. */
const FROM_WINDOWS = Uint8Array.from(
  Buffer.from(
    "01000480480000005400000000000000140000000200340002000000000014008900120001010000000000051200000000001800890012000102000000000005200000002002000001010000000000051200000001020000000000052000000020020000",
    "hex",
  ),
);

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const parse = (bytes: Uint8Array) => parseSecurityDescriptor(viewOf(bytes), { path: "f" });
const openLab = (options: NtfsOptions) => {
  const volume = layNtfs(options);
  return { volume, ntfs: openNtfs(new MemorySource(volume.bytes)) };
};
const OPTIONS: NtfsOptions = {
  descriptors: new Map([
    [0x100, FROM_WINDOWS],
    [0x101, PLAIN],
  ]),
  files: { plain: { content: "x", securityId: 0x101 }, lost: { content: "x", securityId: 0x102 } },
};

describe("the security descriptor of a file", () => {
  test("is found by its number: owner, group, and who may do what", () => {
    expect(openLab(OPTIONS).ntfs.require("plain").securityDescriptor()).toEqual({
      owner: INSTALLER,
      group: INSTALLER,
      control: 0x8004,
      access: [
        { type: 1, flags: 0, mask: 0x10000, sid: "S-1-1-0" },
        { type: 0, flags: 3, mask: 0x1f01ff, sid: SYSTEM },
        { type: 0, flags: 0, mask: 0x1200a9, sid: ADMINISTRATORS },
      ],
    });
  });

  test("is found among very many", () => {
    const sids = Array.from({ length: 600 }, (_, index) => `S-1-5-21-${index}`);
    const descriptors = new Map(sids.map((owner, index) => [0x100 + index * 3, encodeDescriptor({ owner })]));
    const files = Object.fromEntries(
      [0, 1, 299, 598, 599].map((index) => [sids[index], { securityId: 0x100 + index * 3 }]),
    );
    for (const securityFanOut of [3, 40]) {
      const { ntfs } = openLab({
        descriptors,
        files: { ...files, lost: { securityId: 0x104 } },
        securityFanOut,
      });
      for (const owner of Object.keys(files)) {
        expect(ntfs.require(owner).securityDescriptor()).toMatchObject({ owner, access: null });
      }
      expect(() => ntfs.require("lost").securityDescriptor()).toThrow(/no security descriptor 0x104/);
    }
  });

  test("is its own where it has one", () => {
    const { ntfs } = openLab({
      files: { f: { ownDescriptor: encodeDescriptor({ owner: SYSTEM, access: [] }) } },
    });
    expect(ntfs.require("f").securityDescriptor()).toMatchObject({
      owner: SYSTEM,
      group: undefined,
      access: [],
    });
  });

  test("is read when it is asked for: a volume without any opens", () => {
    const { ntfs } = openLab({ files: { f: "x" } });
    expect(() => ntfs.require("f").securityDescriptor()).toThrow(
      expect.objectContaining({ code: "NTFS_SECURITY", where: { path: "$Secure:$SII" } }),
    );
  });

  test("that is missing is NTFS_SECURITY", () => {
    expect(() => openLab(OPTIONS).ntfs.require("lost").securityDescriptor()).toThrow(
      expect.objectContaining({ code: "NTFS_SECURITY", message: "there is no security descriptor 0x102" }),
    );
  });
});

describe("an entry of $SDS", () => {
  const BLOCK = 0x40000;
  /** Where $SDS begins on the volume: at the first of the two places of its first descriptor. */
  const streamAt = ({ bytes }: LabVolume) => Buffer.from(bytes).indexOf(FROM_WINDOWS) - 20;
  const entryAt = Math.ceil((20 + FROM_WINDOWS.length) / 16) * 16;
  const damage = (at: number, ...copies: number[]) => {
    const { volume, ntfs } = openLab(OPTIONS);
    for (const copy of copies) {
      const place = streamAt(volume) + copy * BLOCK + entryAt + at;
      volume.bytes[place] = (volume.bytes[place] as number) ^ 0x40;
    }
    return ntfs;
  };

  test.each([
    { what: "another hash", at: 0 },
    { what: "another number", at: 4 },
    { what: "another length", at: 16 },
    { what: "another descriptor", at: 20 + 30 },
  ])("with $what is taken from the mirror block, with a finding", ({ at }) => {
    const ntfs = damage(at, 0);
    expect(ntfs.require("plain").securityDescriptor()).toMatchObject({ owner: INSTALLER });
    expect(ntfs.findings).toMatchObject([
      { code: "NTFS_SECURITY_DAMAGED", where: { path: "$Secure:$SDS", offset: entryAt } },
    ]);
    expect(() => damage(at, 0, 1).require("plain").securityDescriptor()).toThrow(
      expect.objectContaining({ code: "NTFS_SECURITY", where: expect.objectContaining({ offset: entryAt }) }),
    );
  });

  test("that is sound does not need its mirror", () => {
    const ntfs = damage(20, 1);
    expect(ntfs.require("plain").securityDescriptor()).toMatchObject({ owner: INSTALLER });
    expect(ntfs.findings).toEqual([]);
  });
});

describe("a security descriptor", () => {
  test("of Windows has the hash that Windows gives it", () => {
    expect(hashDescriptor(viewOf(FROM_WINDOWS))).toBe(0x32fec6cb);
    expect(hashDescriptor(viewOf(Uint8Array.from([1, 0, 0, 0, 2, 0, 0, 0])))).toBe(10);
    expect(parse(FROM_WINDOWS)).toEqual({
      owner: SYSTEM,
      group: ADMINISTRATORS,
      control: 0x8004,
      access: [
        { type: 0, flags: 0, mask: 0x120089, sid: SYSTEM },
        { type: 0, flags: 0, mask: 0x120089, sid: ADMINISTRATORS },
      ],
    });
  });

  test("has a hash of whole words, whatever its bytes are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
        expect(hashDescriptor(viewOf(bytes))).toBe(hashOf(bytes));
      }),
    );
  });

  test("shows an authority beyond 32 bits, and a SID of 15 parts", () => {
    const owner = `S-1-${2 ** 40 + 5}${"-4294967295".repeat(15)}`;
    expect(parse(encodeDescriptor({ owner })).owner).toBe(owner);
  });

  test("lists entries of other types without a SID", () => {
    const [entry] = parse(encodeDescriptor({ access: [{ type: 5, mask: 1, sid: SYSTEM }] })).access ?? [];
    expect(entry).toEqual({ type: 5, flags: 0, mask: 1, sid: undefined });
  });

  const edited = (...edits: [at: number, value: number][]) => {
    const bytes = PLAIN.slice();
    for (const [at, value] of edits) bytes[at] = value;
    return bytes;
  };
  test.each([
    { what: "that is cut off", bytes: PLAIN.subarray(0, 19), says: /header of 20 bytes/ },
    { what: "of another revision", bytes: edited([0, 2]), says: /revision 2/ },
    { what: "with an owner past its end", bytes: edited([5, 0xff]), says: /SID of 8 bytes at 0xff/ },
    {
      what: "with an owner of 16 parts",
      bytes: PLAIN.map((byte, at) => (byte === 6 && at > 80 ? 255 : byte)),
      says: /255 sub-authorities/,
    },
    { what: "with a list past its end", bytes: edited([22, 0xff], [23, 0xff]), says: /list of 65535 bytes/ },
    { what: "with a list too short for its head", bytes: edited([22, 4], [23, 0]), says: /entry of 8 bytes/ },
    { what: "with more entries than its list holds", bytes: edited([24, 4]), says: /entry of 8 bytes/ },
    {
      what: "with an entry of no bytes",
      bytes: edited([30, 0]),
      says: /SID of 8 bytes at 0x8 does not fit 0/,
    },
    { what: "with an entry past the list", bytes: edited([31, 0xff]), says: /entry of 65300 bytes/ },
  ])("$what is NTFS_SECURITY", ({ bytes, says }) => {
    expect(() => parse(bytes)).toThrow(
      expect.objectContaining({
        code: "NTFS_SECURITY",
        message: expect.stringMatching(says),
        where: { path: "f" },
      }),
    );
  });

  test("of any bytes is read, or NTFS_SECURITY", () => {
    const change = fc.tuple(fc.nat(PLAIN.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        try {
          parse(edited(...changes));
        } catch (error) {
          expect(error).toMatchObject({ code: "NTFS_SECURITY" });
        }
      }),
    );
  });
});
