import { expect, test } from "vitest";
import { openNtfs } from "../../../src/fs/index.ts";
import { MemorySource } from "../../../src/io/index.ts";
import { checkImagePreconditions } from "../../../src/staging/preconditions/index.ts";
import { checkSpace } from "../../../src/staging/preconditions/space.ts";
import { layGpt, windowsVolume } from "../../lab/guest-image.ts";
import { editRecord } from "../../lab/ntfs/edit.ts";
import { layNtfs } from "../../lab/ntfs.ts";
import { bootSector } from "../../lab/partitions.ts";
import { CLOSED_VOLUMES, hiberfile, page, REFUSED_DAMAGE, REFUSED_VOLUMES } from "./refused-guests.ts";
import { imageOf, outcomeOf, targetIn, targetOf, volumeOf, WISH } from "./targets.ts";

test.each(REFUSED_VOLUMES)("a volume $name is refused with $code", ({ ntfs, code }) => {
  expect(outcomeOf(targetOf({ ntfs }))).toEqual({ refusals: [code], warnings: [] });
});

test.each([
  { name: "without hiberfil.sys", ntfs: {} },
  { name: "with an empty hiberfil.sys", ntfs: hiberfile(page("")) },
  { name: "that was resumed (wake)", ntfs: hiberfile(page("wake")) },
  { name: "that was resumed (WAKE)", ntfs: hiberfile(page("WAKE")) },
  { name: "with a wiped log", ntfs: { logFile: "empty" as const } },
])("a guest $name has nothing in its way", ({ ntfs }) => {
  expect(outcomeOf(targetOf({ ntfs }))).toEqual({ refusals: [], warnings: [] });
});

test.each([0x8000, 0x0080])("the volume flag %d is told", (volumeFlags) => {
  expect(outcomeOf(targetOf({ ntfs: { volumeFlags } }))).toEqual({
    refusals: [],
    warnings: ["STAGE_VOLUME_FLAGS"],
  });
});

test.each(REFUSED_DAMAGE)("a volume $name is refused with $code", ({ code, damage }) => {
  const bytes = volumeOf();
  damage(bytes);
  expect(outcomeOf(targetIn(imageOf(layGpt([bytes]))))).toEqual({ refusals: [code], warnings: [] });
});

test("a hive that NTFS compressed is refused", () => {
  const files = { "Windows/System32/config/SOFTWARE": { attributes: 0x820, storage: "compressed" as const } };
  const plain = targetOf().windows.software.image;
  const content = new Uint8Array(plain.read(0, plain.sizeBytes).buffer.slice(0, plain.sizeBytes));
  const ntfs = {
    files: {
      Windows: dir,
      "Windows/System32": dir,
      "Windows/System32/config": dir,
      ...withContent(files, content),
    },
  };
  expect(outcomeOf(targetOf({ ntfs }))).toEqual({ refusals: ["NTFS_WRITE_TARGET"], warnings: [] });
});

test("a guest whose memory lies on another volume is hibernated", () => {
  const other = layNtfs(hiberfile(page("hibr"))).bytes;
  const image = imageOf(layGpt([volumeOf(), other]));
  expect(outcomeOf(targetIn(image))).toEqual({ refusals: ["GUEST_HIBERNATED"], warnings: [] });
});

test("another volume may be dirty, or damaged past reading", () => {
  const dirty = layNtfs({ volumeFlags: 1 }).bytes;
  const damaged = layNtfs();
  editRecord(damaged, 3, (record) => record.setUint32(0, 0));
  const image = imageOf(layGpt([volumeOf(), dirty, damaged.bytes]));
  expect(outcomeOf(targetIn(image))).toEqual({ refusals: [], warnings: [] });
});

test.each(CLOSED_VOLUMES)(
  "$name in place of the guest's volume is refused with $code",
  ({ bytes, type = "basicData", code }) => {
    const image = imageOf(layGpt([{ bytes, type }]));
    const { refusals, warnings } = checkImagePreconditions(image, WISH);
    expect(refusals.map((found) => found.code)).toEqual([code]);
    expect(refusals.map(({ where }) => where.partition)).toEqual([0]);
    expect(warnings.map((found) => found.code)).toEqual(["CHILDREN_UNKNOWN"]);
  },
);

test("beside a guest, BitLocker on another volume does not matter, and a dynamic disk does", () => {
  const locked = { bytes: bootSector("\xeb\x58\x90-FVE-FS-") };
  const ldm = { bytes: page("", 512), type: "ldmMetadata" as const };
  expect(outcomeOf(targetIn(imageOf(layGpt([volumeOf(), locked]))))).toEqual({ refusals: [], warnings: [] });
  expect(outcomeOf(targetIn(imageOf(layGpt([volumeOf(), ldm]))))).toEqual({
    refusals: ["VOLUME_LDM"],
    warnings: [],
  });
});

test.each([
  { spareClusters: 25_600, payloadBytes: 700_000, codes: [] },
  { spareClusters: 25_599, payloadBytes: 700_000, codes: ["STAGE_SPACE"] },
  { spareClusters: 25_600, payloadBytes: 21 * 1024 * 1024, codes: ["STAGE_SPACE"] },
])(
  "$spareClusters free clusters and a package of $payloadBytes bytes give $codes",
  ({ spareClusters, payloadBytes, codes }) => {
    const volume = openNtfs(new MemorySource(windowsVolume({ release: "win7" }, { spareClusters })));
    expect([...checkSpace(volume, payloadBytes)].map(({ code }) => code)).toEqual(codes);
  },
);

const dir = { isDirectory: true };
const withContent = <T extends object>(files: Record<string, T>, content: Uint8Array) =>
  Object.fromEntries(Object.entries(files).map(([path, options]) => [path, { ...options, content }]));
