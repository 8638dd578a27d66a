import { linkSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Code } from "../../../src/errors.ts";
import { MARK_OFFSETS } from "../../../src/io/commit/layout.ts";
import { type StagingOptions, stageImage, type WriteOptions } from "../../../src/staging/index.ts";
import { OPEN_TO_ALL } from "../../fs/ntfs/write/volumes.ts";
import { layGpt } from "../../lab/guest-image.ts";
import { layNtfs } from "../../lab/ntfs.ts";
import { vhdOf } from "../../lab/vhd.ts";
import { vhdxOf } from "../../lab/vhdx.ts";
import {
  CLOSED_VOLUMES,
  REFUSED_DAMAGE,
  REFUSED_GUESTS,
  REFUSED_VOLUMES,
} from "../../staging/preconditions/refused-guests.ts";
import {
  emptyChild,
  emptyVhdChild,
  guestDisk,
  guestVolume,
  stretch,
  withDamagedRecord,
  withLinkedHives,
  withOverlap,
  withoutFooterChecksum,
  withSystem,
} from "./disks.ts";
import { optionsOf } from "./packages.ts";

/** An image to which nothing may be written. */
export interface RefusedImage {
  readonly code: Code;
  readonly what: string;
  /** Name of the file; `web01.img` where left out. */
  readonly file?: string;
  readonly lay: () => Uint8Array;
  /** What is done with the file and around it before anything is asked of it. */
  readonly arrange?: (path: string) => void;
  readonly options?: () => Partial<StagingOptions & WriteOptions>;
  /** Only a staging is refused: a change of a service leaves alone what is in the way. */
  readonly isOfStaging?: true;
}

const beside = (path: string, name: string) => join(dirname(path), name);

/** Stages an update, so that the image has an undo file. */
function stage(path: string): void {
  const { outcome } = stageImage(path, optionsOf());
  if (outcome !== "staged") throw new Error(`the first staging was ${outcome}`);
}

/** Makes the latest change one that was cut off before its last mark. */
function interrupt(path: string): void {
  stage(path);
  const undo = readFileSync(`${path}.vmguest-undo`);
  undo.fill(0, MARK_OFFSETS.sealed, MARK_OFFSETS.sealed + 4096);
  writeFileSync(`${path}.vmguest-undo`, undo);
}

const IMAGES: readonly RefusedImage[] = [
  {
    code: "IMAGE_HARD_LINKED",
    what: "with a second name",
    lay: guestDisk,
    arrange: (path) => linkSync(path, `${path}.backup`),
  },
  {
    code: "UNDO_PRESENT",
    what: "with an undo file",
    lay: guestDisk,
    arrange: stage,
    options: () => optionsOf({ version: "6.3.9600.20000" }),
  },
  { code: "UNDO_INTERRUPTED", what: "between before and after", lay: guestDisk, arrange: interrupt },
  {
    code: "UNDO_FOREIGN",
    what: "whose undo file is a link",
    lay: guestDisk,
    arrange: (path) => symlinkSync("/dev/null", `${path}.vmguest-undo`),
  },
  {
    code: "STAGE_HAS_CHILDREN",
    what: "with a checkpoint",
    file: "web01.vhdx",
    lay: () => vhdxOf(guestDisk()).toBytes(),
    arrange: (path) => writeFileSync(beside(path, "web01_A.avhdx"), emptyChild().toBytes()),
  },
  {
    code: "STAGE_DIFFERENCING",
    what: "that is a checkpoint",
    file: "web01_A.avhdx",
    lay: () => emptyChild().toBytes(),
    arrange: (path) => writeFileSync(beside(path, "web01.vhdx"), vhdxOf(guestDisk()).toBytes()),
  },
  {
    code: "STAGE_SAVED_STATE",
    what: "of a VM that is saved",
    lay: guestDisk,
    arrange: (path) => writeFileSync(beside(path, "282874FC-59D6-4F30-BC04-5FDD909C82E0.vsv"), "state"),
  },
  {
    code: "VHD_SAVED_STATE",
    what: "of a VM that is saved, by its own word",
    file: "web01.vhd",
    lay: () => vhdOf(guestDisk()).editFooters((footer) => Object.assign(footer, { savedState: 1 })).bytes,
  },
  {
    code: "DISK_WRITE_DAMAGED",
    what: "with a damaged footer",
    file: "web01.vhd",
    lay: withoutFooterChecksum,
  },
  {
    code: "DISK_WRITE_NO_LOG",
    what: "without a log",
    file: "web01_A.avhdx",
    // Every block of an empty child is new, so that its table has to change.
    lay: () =>
      emptyChild()
        .editHeaders((header) => Object.assign(header, { logLengthBytes: 0 }))
        .toBytes(),
    arrange: (path) => writeFileSync(beside(path, "web01.vhdx"), vhdxOf(guestDisk()).toBytes()),
    options: () => ({ allowed: new Set(["STAGE_SPACE", "STAGE_DIFFERENCING"]) }),
  },
  {
    code: "DISK_WRITE_FULL",
    what: "that ends at 2 TiB",
    file: "web01_A.avhd",
    lay: () => emptyVhdChild().bytes,
    arrange: (path) => {
      writeFileSync(beside(path, "web01.vhd"), vhdOf(guestDisk(), { identity: 7 }).bytes);
      stretch(path, 2 ** 41 + 4096);
    },
    options: () => ({ allowed: new Set(["STAGE_SPACE", "STAGE_DIFFERENCING"]) }),
  },
  {
    code: "DISK_WRITE_SMALL_BLOCKS",
    what: "in blocks of 2 KiB",
    file: "web01.vhd",
    lay: () => vhdOf(guestDisk(), { blockSizeBytes: 2048 }).bytes,
  },
];

const SETUP = "Windows/Setup";
const folder = { isDirectory: true } as const;

const VOLUMES: readonly RefusedImage[] = [
  ...REFUSED_VOLUMES.map(({ name, ntfs, code }) => ({ code, what: name, lay: () => guestDisk({ ntfs }) })),
  ...REFUSED_DAMAGE.map(({ name, damage, code }) => ({
    code,
    what: name,
    lay: () => {
      const volume = guestVolume();
      damage(volume);
      return layGpt([volume]);
    },
  })),
  ...CLOSED_VOLUMES.map(({ name, bytes, type = "basicData", code }) => ({
    code,
    what: `in the place of whose volume is ${name}`,
    lay: () => layGpt([{ bytes, type }]),
  })),
  { code: "PARTITION_OVERLAP", what: "with another partition in that of the guest", lay: withOverlap },
  { code: "NTFS_MFT_DAMAGED", what: "with a damaged $MFT", lay: () => withDamagedRecord(() => 3) },
  {
    code: "NTFS_WRITE_DAMAGED",
    what: "with a file whose clusters are unknown",
    lay: () => withDamagedRecord((laid) => laid.recordNumber("a.bin")),
    isOfStaging: true,
  },
  {
    code: "NTFS_WRITE_TARGET",
    what: "whose folder Setup takes several records",
    lay: () =>
      guestDisk({
        ntfs: { files: { Windows: folder, [SETUP]: { ...folder, attributeList: "resident" } } },
      }),
    isOfStaging: true,
  },
  {
    code: "NTFS_WRITE_SECURITY",
    what: "whose files everybody may write",
    lay: () => guestDisk({ ntfs: { descriptors: new Map([[0x100, OPEN_TO_ALL]]) } }),
    isOfStaging: true,
  },
  {
    code: "NTFS_WRITE_RECORD_FULL",
    what: "whose folder Setup has a full record",
    lay: () => {
      const streams = { "a stream": { content: new Uint8Array(600).fill(7), storage: "resident" as const } };
      return guestDisk({ ntfs: { files: { Windows: folder, [SETUP]: { ...folder, streams } } } });
    },
    isOfStaging: true,
  },
  {
    code: "NTFS_WRITE_NO_SPACE",
    what: "that is full",
    lay: () => guestDisk({ ntfs: { spareClusters: 0 } }),
    isOfStaging: true,
  },
  {
    code: "NTFS_WRITE_MFT_FULL",
    what: "with a full $MFT in pieces",
    lay: () => guestDisk({ ntfs: { spareRecords: 0, mftPieces: 3, mftAttributeList: "resident" } }),
    isOfStaging: true,
  },
  {
    code: "STAGE_SPACE",
    what: "with little space",
    lay: guestDisk,
    options: () => ({ allowed: new Set() }),
    isOfStaging: true,
  },
];

const HIVES: readonly RefusedImage[] = [
  { code: "NTFS_WRITE_TARGET", what: "whose hives are behind a link", lay: withLinkedHives },
  {
    code: "HIVE_EDIT_DAMAGED",
    what: "whose SYSTEM hive has faults",
    lay: () => withSystem((surgery) => Object.assign(surgery.key(""), { subkeyCount: 1 })),
  },
  {
    code: "HIVE_EDIT_KEY_KIND",
    what: "whose key Setup is a layer",
    lay: () => withSystem((surgery) => Object.assign(surgery.key("Setup"), { accessBits: 0x0100 })),
    isOfStaging: true,
  },
];

const GUESTS: readonly RefusedImage[] = [
  ...REFUSED_GUESTS.filter(({ code }) => code !== "STAGE_BUILT_IN" && code !== "STAGE_NANO").map(
    ({ name, guest, code }) => ({
      code,
      what: name,
      lay: () => guestDisk(guest),
      isOfStaging: true as const,
    }),
  ),
  { code: "STAGE_NO_GUEST", what: "without Windows", lay: () => layGpt([layNtfs().bytes]) },
  {
    code: "STAGE_GUEST_AMBIGUOUS",
    what: "with two Windows",
    lay: () => layGpt([guestVolume(), guestVolume()]),
  },
  {
    code: "STAGE_WINDOWS_UPDATE",
    what: "that is updated by Windows Update",
    lay: () => guestDisk({ windows: { release: "ws2012r2" } }),
    options: () => ({ ...optionsOf({ target: "6.2" }), host: "ws2016" }),
    isOfStaging: true,
  },
  {
    code: "STAGE_NOT_DECIDED",
    what: "for which nothing is offered",
    lay: guestDisk,
    options: () => ({ offered: [] }),
    isOfStaging: true,
  },
  {
    code: "STAGE_PRESENT",
    what: "with an earlier staging that is kept",
    lay: guestDisk,
    arrange: (path) => {
      stage(path);
      rmSync(`${path}.vmguest-undo`);
    },
    options: () => optionsOf({ version: "6.3.9600.20000" }),
    isOfStaging: true,
  },
  {
    code: "TRIGGER_UNSAFE",
    what: "that is set up, for SetupComplete",
    lay: guestDisk,
    options: () => ({ trigger: "setup-complete" }),
    isOfStaging: true,
  },
  {
    code: "PERSIST_VERSION_UNSAFE",
    what: "without the key whose permissions are wanted",
    lay: () => guestDisk({ windows: { software: { Microsoft: { "Virtual Machine": null } } } }),
    options: () => ({ persistsVersion: true }),
    isOfStaging: true,
  },
];

const PACKAGES: readonly RefusedImage[] = (
  [
    { code: "STAGE_PACKAGE_UNTRUSTED", what: "that nobody vouches for", options: () => ({ trust: {} }) },
    {
      code: "STAGE_PACKAGE_UNTRUSTED",
      what: "that is not signed",
      options: () => optionsOf({ signing: null }),
    },
    {
      code: "STAGE_PACKAGE_UNFIT",
      what: "for newer guests",
      options: () => optionsOf({ target: "6.2" }),
    },
    {
      code: "STAGE_PACKAGE_CHANGED",
      what: "that was replaced since",
      options: () => ({ openFile: optionsOf({ version: "6.3.9600.18000" }).openFile }),
    },
    {
      code: "SHA2_MISSING",
      what: "with a signature that the guest cannot check",
      options: () => optionsOf({ signing: { digest: "sha256" } }),
    },
  ] as const
).map((refused) => ({
  ...refused,
  what: `offered a package ${refused.what}`,
  lay: guestDisk,
  isOfStaging: true,
}));

/** Every reason to refuse that an image of the lab can have. */
export const REFUSED_IMAGES: readonly RefusedImage[] = [
  ...IMAGES,
  ...VOLUMES,
  ...HIVES,
  ...GUESTS,
  ...PACKAGES,
];
