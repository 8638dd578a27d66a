// SPDX-License-Identifier: MIT
import { describe, expect, test } from "vitest";
import { VmguestError } from "../../src/errors.ts";
import { checkNtfs } from "../../src/fs/check/index.ts";
import { openNtfs } from "../../src/fs/index.ts";
import {
  ATTRIBUTE,
  AttributeHeader,
  type BootSector,
  NonResidentHeader,
  RECORD,
  RECORD_FLAGS,
} from "../../src/fs/ntfs/layout.ts";
import { decodeRuns, HOLE } from "../../src/fs/ntfs/runs.ts";
import { SecurityPlace } from "../../src/fs/ntfs/security/layout.ts";
import { MemorySource } from "../../src/io/index.ts";
import { auditBytes, onlyGuest } from "../audit/audits.ts";
import { CONTAINERS, layGpt, ntfsFiles } from "../lab/guest-image.ts";
import { dataOffset, inBoot, setBit } from "../lab/ntfs/check-edits.ts";
import {
  attribute,
  header,
  inRecord,
  nonResident,
  resident,
  type ViewEdit,
  type VolumeEdit,
} from "../lab/ntfs/damage.ts";
import { attributeAt } from "../lab/ntfs/edit.ts";
import { encodeDescriptor } from "../lab/ntfs/security.ts";
import { type FileOptions, type LabVolume, layNtfs } from "../lab/ntfs.ts";

const SYSTEM = "Windows/System32/config/SYSTEM";
const SOFTWARE = "Windows/System32/config/SOFTWARE";
const FILES = ntfsFiles({ release: "ws2012r2" });

const layWindows = (files: Readonly<Record<string, FileOptions>> = {}) =>
  layNtfs({ files: { ...FILES, ...files } });
const open = ({ bytes }: LabVolume) => openNtfs(new MemorySource(bytes));
const checkCodes = (volume: LabVolume) =>
  [...new Set([...checkNtfs(open(volume))].map(({ code }) => code))].sort().join(" ");
const bytesOf = ({ buffer, byteOffset, byteLength }: Uint8Array | DataView) =>
  Buffer.from(buffer, byteOffset, byteLength);
const error = (code: string) => expect.objectContaining({ code });

/** The name of the Windows that an audit finds on a volume, or the code that says why there is none. */
function audit({ bytes }: LabVolume): string | null | undefined {
  const report = auditBytes(CONTAINERS.raw(layGpt([bytes])));
  if (report.error !== null) return report.error.code;
  return report.guests.length === 0 ? report.findings[0]?.code : onlyGuest(report).os.id;
}

const windows = layWindows({ [SYSTEM]: { content: FILES[SYSTEM] as Uint8Array, storage: "clusters" } });
function damaged(edit: VolumeEdit): LabVolume {
  const volume = { ...windows, bytes: windows.bytes.slice() };
  edit(volume);
  return volume;
}

// H14
describe("an audit of a volume that has", () => {
  const boot = (fields: Partial<BootSector>) => inBoot((sector) => Object.assign(sector, fields));

  test.each<{ what: string; fields: Partial<BootSector> }>([
    { what: "sectors of no bytes", fields: { bytesPerSector: 0 } },
    { what: "clusters of no sectors", fields: { sectorsPerCluster: 0 } },
    { what: "clusters of 2^127 sectors", fields: { sectorsPerCluster: 0x81 } },
    { what: "clusters of 2^32 sectors", fields: { sectorsPerCluster: 0xe0 } },
    { what: "records of no clusters", fields: { recordSize: 0 } },
    { what: "records of 1 GiB", fields: { recordSize: -30 } },
    { what: "records of 2^31 bytes", fields: { recordSize: -31 } },
    { what: "records of 2^32 bytes, which a shift takes for 1", fields: { recordSize: -32 } },
    { what: "records of 2^42 bytes, which a shift takes for 1024", fields: { recordSize: -42 } },
    { what: "index blocks of 2^44 bytes, which a shift takes for 4096", fields: { indexBlockSize: -44 } },
    { what: "index blocks of 2^128 bytes", fields: { indexBlockSize: -128 } },
    { what: "a $MFT behind its end", fields: { mftCluster: 2 ** 40 } },
    {
      what: "a $MFT and a mirror behind its end",
      fields: { mftCluster: 2 ** 40, mftMirrorCluster: 2 ** 40 },
    },
  ])("$what ends with NTFS_BOOT", ({ fields }) => {
    expect(audit(damaged(boot(fields)))).toBe("NTFS_BOOT");
  });
});

// H17
describe("a Windows whose hive lies", () => {
  /** Mapping pairs in place of those of the hive; they get its length in clusters, which one byte holds. */
  const runs =
    (pairsOf: (clusters: number) => number[]): ViewEdit =>
    (record) => {
      const at = attributeAt(record, ATTRIBUTE.data);
      const { runsOffset, highestVcn } = new NonResidentHeader(record, at + AttributeHeader.sizeBytes);
      const pairs = pairsOf(Number(highestVcn) + 1);
      for (const [index, byte] of [...pairs, 0].entries()) record.setUint8(at + runsOffset + index, byte);
    };

  test.each<{ what: string; pairs: (clusters: number) => number[]; outcome: string }>([
    { what: "in $Boot", pairs: (count) => [0x11, count, 0], outcome: "REGF_NOT" },
    { what: "before the volume", pairs: (count) => [0x11, count, 0xff], outcome: "NTFS_RUNLIST" },
    { what: "in runs of no length", pairs: () => [0x11, 0, 4], outcome: "NTFS_RUNLIST" },
    { what: "in runs of negative length", pairs: () => [0x11, 0xff, 4], outcome: "NTFS_RUNLIST" },
    { what: "in a run with a length of 9 bytes", pairs: () => [0x19], outcome: "NTFS_RUNLIST" },
    { what: "in no run", pairs: () => [], outcome: "NTFS_RUNLIST" },
  ])("$what is $outcome", ({ pairs, outcome }) => {
    expect(audit(damaged(inRecord(SYSTEM, runs(pairs))))).toBe(outcome);
  });

  test("in $Boot is told by a check", () => {
    const edit = inRecord(
      SYSTEM,
      runs((count) => [0x11, count, 0]),
    );
    expect(checkCodes(damaged(edit))).toBe("NTFS_CLUSTERS_LOST NTFS_CLUSTERS_SHARED");
  });

  test("in two million runs has them decoded, and one too many is NTFS_RUNLIST", () => {
    const count = 2_000_000;
    const pairs = new Uint8Array(2 * count + 1).fill(1, 0, 2 * count);
    const decode = (endVcn: number) =>
      decodeRuns(pairs, { lowestVcn: 0, endVcn, clusterCount: 1 }, (message) => {
        return new VmguestError("NTFS_RUNLIST", message);
      });
    const { runCount, lcns } = decode(count);
    expect(runCount).toBe(count);
    expect(lcns.at(-1)).toBe(HOLE);
    expect(() => decode(count - 1)).toThrow(error("NTFS_RUNLIST"));
  });
});

// H25
test.each<{ what: string; path: string; options: FileOptions; outcome: string }>([
  {
    what: "SYSTEM is encrypted and compressed",
    path: SYSTEM,
    options: { flags: 0x4001 },
    outcome: "NTFS_ENCRYPTED",
  },
  {
    what: "SYSTEM is encrypted and sparse",
    path: SYSTEM,
    options: { flags: 0xc000 },
    outcome: "NTFS_ENCRYPTED",
  },
  { what: "SOFTWARE is encrypted", path: SOFTWARE, options: { flags: 0x4000 }, outcome: "NTFS_ENCRYPTED" },
  {
    what: "SYSTEM only has the attribute",
    path: SYSTEM,
    options: { attributes: 0x4000 },
    outcome: "ws2012r2",
  },
  {
    what: "SYSTEM is an integrity stream",
    path: SYSTEM,
    options: { attributes: 0x8000 },
    outcome: "ws2012r2",
  },
])("a Windows whose $what is $outcome", ({ path, options, outcome }) => {
  expect(audit(layWindows({ [path]: { content: FILES[path] as Uint8Array, ...options } }))).toBe(outcome);
});

// H26
describe("$Secure", () => {
  const WORLD = "S-1-1-0";
  const PLAIN = encodeDescriptor({ owner: WORLD, access: [{ mask: 1, sid: WORLD }] });
  const lay = (descriptor: Uint8Array, ids = [0x100]) =>
    layNtfs({
      descriptors: new Map(ids.map((id) => [id, descriptor])),
      files: { f: { content: "x", securityId: ids.at(-1) as number } },
    });
  const read = (volume: LabVolume) => open(volume).require("f").securityDescriptor();

  /** Changes the place of the only descriptor wherever it stands: in $SII, in $SDS, and in its mirror. */
  function inPlaces(volume: LabVolume, fields: Partial<SecurityPlace>): void {
    const stream = bytesOf(volume.bytes).indexOf(PLAIN) - SecurityPlace.sizeBytes;
    const place = volume.bytes.slice(stream, stream + SecurityPlace.sizeBytes);
    const change = (view: DataView) => {
      const at = bytesOf(view).indexOf(place);
      expect(at).toBeGreaterThanOrEqual(0);
      Object.assign(new SecurityPlace(view, at), fields);
    };
    inRecord(RECORD.secure, change)(volume);
    for (const at of [stream, stream + 0x4_0000]) {
      change(new DataView(volume.bytes.buffer, volume.bytes.byteOffset + at, SecurityPlace.sizeBytes));
    }
  }

  test.each<{ what: string; fields: Partial<SecurityPlace> }>([
    { what: "past the mirror", fields: { offset: 0x8_0000 } },
    { what: "over the end of its block", fields: { offset: 0x3_fff8 } },
    { what: "at 2^52", fields: { offset: 2 ** 52 } },
    { what: "of 2^32-1 bytes", fields: { length: 0xffff_ffff } },
    { what: "of no bytes", fields: { length: 0 } },
    { what: "with the hash of another", fields: { hash: 1 } },
  ])("with an entry $what is NTFS_SECURITY, and NTFS_SECURITY_STREAM for a check", ({ fields }) => {
    const volume = lay(PLAIN);
    inPlaces(volume, fields);
    expect(() => read(volume)).toThrow(error("NTFS_SECURITY"));
    expect(checkCodes(volume)).toBe("NTFS_SECURITY_STREAM");
  });

  const edited = (at: number, ...values: number[]) => {
    const bytes = PLAIN.slice();
    bytes.set(values, at);
    return bytes;
  };
  test.each([
    { what: "a list of 65,535 bytes", descriptor: edited(22, 0xff, 0xff) },
    { what: "65,535 entries", descriptor: edited(24, 0xff, 0xff) },
    { what: "an owner of 255 sub-authorities", descriptor: edited(PLAIN.length - 11, 0xff) },
    { what: "a list at 2^32-1", descriptor: edited(16, 0xff, 0xff, 0xff, 0xff) },
  ])("with a right hash over $what is NTFS_SECURITY", ({ descriptor }) => {
    expect(() => read(lay(descriptor))).toThrow(error("NTFS_SECURITY"));
  });

  test("may hold the longest list, and one descriptor under two numbers", () => {
    const access = Array.from({ length: 3276 }, (_, mask) => ({ mask, sid: WORLD }));
    const volume = lay(encodeDescriptor({ owner: WORLD, access }), [0x100, 0x101]);
    expect(read(volume).access).toHaveLength(3276);
    expect(checkCodes(volume)).toBe("");
  });
});

// H28
describe("a $Bitmap", () => {
  const data = ATTRIBUTE.data;
  test.each<{ what: string; edit: VolumeEdit; codes: string }>([
    {
      what: "of eight clusters",
      edit: inRecord(RECORD.bitmap, nonResident(data, { dataSize: 1, initializedSize: 1 })),
      codes: "NTFS_BITMAP_SIZE",
    },
    {
      what: "that calls $Boot free",
      edit: setBit(RECORD.bitmap, () => 0, false),
      codes: "NTFS_CLUSTERS_FREE",
    },
    {
      what: "that calls $MFT free",
      edit: setBit(
        RECORD.bitmap,
        (volume) => dataOffset(volume, RECORD.mft) / volume.clusterSizeBytes,
        false,
      ),
      codes: "NTFS_CLUSTERS_FREE",
    },
    {
      what: "that calls everything free",
      edit: (volume) => {
        const at = dataOffset(volume, RECORD.bitmap);
        volume.bytes.fill(0, at, at + volume.clusterSizeBytes);
      },
      codes: "NTFS_BITMAP_TAIL NTFS_CLUSTERS_FREE",
    },
  ])("$what is $codes, and an audit does without it", ({ edit, codes }) => {
    const volume = damaged(edit);
    expect(checkCodes(volume)).toBe(codes);
    expect(audit(volume)).toBe("ws2012r2");
  });
});

// H29
describe("a Windows", () => {
  const { data, indexRoot } = ATTRIBUTE;
  const config = "Windows/System32/config";
  const small = FILES[SYSTEM]?.length ?? 0;

  test.each<{ what: string; edit: VolumeEdit; outcome: string; codes: string }>([
    {
      what: "whose hive has fewer clusters than bytes, and more valid ones",
      edit: inRecord(
        SYSTEM,
        nonResident(data, { allocatedSize: 4096, dataSize: small, initializedSize: small + 1 }),
      ),
      outcome: "NTFS_SIZES",
      codes: "NTFS_SIZES",
    },
    {
      what: "whose hive has more bytes than clusters",
      edit: inRecord(SYSTEM, nonResident(data, { dataSize: 2 ** 40, initializedSize: 2 ** 40 })),
      outcome: "NTFS_SIZES",
      codes: "NTFS_ENTRY_SIZES NTFS_SIZES",
    },
    {
      what: "whose hive in clusters says that it is in its record",
      edit: inRecord(SYSTEM, attribute(data, { isNonResident: 0 })),
      outcome: "REGF_NOT",
      codes: "NTFS_ATTRIBUTE_LAYOUT NTFS_CLUSTERS_LOST NTFS_ENTRY_SIZES",
    },
    {
      what: "whose folder's index root says that it is in clusters",
      edit: inRecord(config, attribute(indexRoot, { isNonResident: 1 })),
      outcome: "NTFS_ATTRIBUTE",
      codes: "VALUE_TOO_LARGE",
    },
    {
      what: "whose folder has no index",
      edit: inRecord(config, attribute(indexRoot, { type: 0x98 })),
      outcome: "NTFS_ATTRIBUTE_MISSING",
      codes: "NTFS_ATTRIBUTE_TYPE NTFS_DIRECTORY_FLAG",
    },
    {
      what: "whose folder says that it is a file",
      edit: inRecord(config, header({ flags: RECORD_FLAGS.inUse })),
      outcome: "GUEST_NONE",
      codes: "NTFS_DIRECTORY_FLAG",
    },
    {
      what: "whose hive says that it is a folder",
      edit: inRecord(SYSTEM, header({ flags: RECORD_FLAGS.inUse + RECORD_FLAGS.directory })),
      outcome: "NTFS_IS_A_DIRECTORY",
      codes: "NTFS_DIRECTORY_FLAG",
    },
    {
      what: "whose folder's index root is longer than its record",
      edit: inRecord(config, resident(indexRoot, { valueLength: 0x7fff_ffff })),
      outcome: "NTFS_ATTRIBUTE",
      codes: "NTFS_ATTRIBUTE",
    },
  ])("$what is $outcome, and $codes for a check", ({ edit, outcome, codes }) => {
    const volume = damaged(edit);
    expect(audit(volume)).toBe(outcome);
    expect(checkCodes(volume)).toBe(codes);
  });
});
