import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { EvidenceReport } from "../../src/audit/index.ts";
import { CONTAINERS, layGpt, layMbr, windowsVolume } from "../lab/guest-image.ts";
import { buildNewLog, crashed, entryOf } from "../lab/hive.ts";
import type { NtfsOptions } from "../lab/ntfs.ts";
import { DATA_WRITE_GUID, VhdxImage, VhdxLog, vhdxOf } from "../lab/vhdx.ts";
import { driverFile, type TreeChange, type WindowsOptions, windowsFiles } from "../lab/windows.ts";
import { factAt } from "../support/fact-at.ts";
import { auditFile, imageFile, onlyGuest } from "./audits.ts";

const VERSION = "6.3.9600.18692";
const PACKAGE = `Microsoft-Hyper-V-Integration-Services-Package-2~31bf3856ad364e35~amd64~~${VERSION}`;
const SECTOR = 4096;
const MIB = 2 ** 20;

const recorded = (version: string) => ({
  Microsoft: { "Virtual Machine": { Auto: { IntegrationServicesVersion: version } } },
});

/** A guest with evidence of every source. */
const WINDOWS: WindowsOptions = {
  release: "ws2012r2",
  drivers: VERSION,
  software: {
    Microsoft: {
      ...recorded(VERSION).Microsoft,
      Windows: {
        CurrentVersion: { "Component Based Servicing": { Packages: { [PACKAGE]: { CurrentState: 0x70 } } } },
      },
    },
  } as TreeChange,
};

/** The evidence in an image, and the path of its file. */
function evidenceIn(image: Uint8Array): { evidence: readonly EvidenceReport[]; path: string } {
  const path = imageFile("placed", image);
  return { evidence: onlyGuest(auditFile(path)).integrationServices.evidence, path };
}

const bySource = (evidence: readonly EvidenceReport[], source: string) =>
  evidence.find((piece) => piece.source === source) ?? expect.fail(`no evidence is ${source}`);

describe("the image file has every fact where its evidence says", () => {
  test.each(Object.entries(CONTAINERS))("in a container of the kind %s", (_, pack) => {
    const { evidence, path } = evidenceIn(pack(layGpt([windowsVolume(WINDOWS)])));
    const file = readFileSync(path);
    expect(new Set(evidence.map(({ source }) => source))).toEqual(
      new Set(["recorded", "computed", "driver-file", "package"]),
    );
    for (const piece of evidence) expect(factAt(piece, file), piece.where).toBe(piece.value);
  });

  test("on the second volume of an old partition table", () => {
    const disk = layMbr([windowsVolume([]), windowsVolume(WINDOWS)]);
    const { evidence, path } = evidenceIn(CONTAINERS.vhd(disk));
    const file = readFileSync(path);
    for (const piece of evidence) {
      expect(piece.place.volume).toBe(1);
      expect(factAt(piece, file), piece.where).toBe(piece.value);
    }
  });
});

test("the place in one line names volume, file, key, value, cell and byte", () => {
  const { evidence, path } = evidenceIn(CONTAINERS.vhdx(layGpt([windowsVolume(WINDOWS)])));
  const hex = (offset: number | null) => `0x${offset?.toString(16)}`;
  const { where, place } = bySource(evidence, "recorded");
  expect(place).toEqual({
    volume: 0,
    path: "Windows/System32/config/SOFTWARE",
    key: "Microsoft\\Virtual Machine\\Auto",
    value: "IntegrationServicesVersion",
    fileOffset: expect.any(Number),
    image: path,
    imageOffset: expect.any(Number),
  });
  expect(where).toBe(
    "volume 0: Windows/System32/config/SOFTWARE: Microsoft\\Virtual Machine\\Auto\\IntegrationServicesVersion: " +
      `cell at ${hex(place.fileOffset)}: image offset ${hex(place.imageOffset)}`,
  );
  const driver = bySource(evidence, "driver-file");
  expect(driver.where).toBe(
    "volume 0: Windows/System32/drivers/vmbus.sys: " +
      `VS_FIXEDFILEINFO at ${hex(driver.place.fileOffset)}: image offset ${hex(driver.place.imageOffset)}`,
  );
  const inStore = bySource(evidence, "package");
  expect(inStore.place).toMatchObject({ key: expect.stringContaining(PACKAGE), value: null });
});

describe("a fact that stands nowhere in one piece as it is", () => {
  const volumeWith = (files: NtfsOptions["files"]) =>
    layGpt([windowsVolume(WINDOWS, { files: files ?? {} })]);

  test("has no image offset where the driver is compressed", () => {
    const path = "Windows/System32/drivers/vmbus.sys";
    const content = Buffer.concat([driverFile(VERSION), new Uint8Array(200_000)]);
    const { evidence } = evidenceIn(
      CONTAINERS.vhdx(volumeWith({ [path]: { content, storage: "compressed" } })),
    );
    const { where, value, place } = bySource(evidence, "driver-file");
    expect(value).toBe(VERSION);
    expect(place).toMatchObject({ path, fileOffset: expect.any(Number), image: null, imageOffset: null });
    expect(where).toBe(`volume 0: ${path}: VS_FIXEDFILEINFO at 0x${place.fileOffset?.toString(16)}`);
  });

  test("has none where the log of the VHDX was replayed over it", () => {
    const disk = layGpt([windowsVolume(WINDOWS)]);
    const { imageOffset } = bySource(evidenceIn(vhdxOf(disk).toBytes()).evidence, "recorded").place;
    const at = imageOffset ?? expect.fail("no image offset");
    const { evidence } = evidenceIn(withLoggedSector(vhdxOf(disk), Math.floor(at / SECTOR) * SECTOR));
    const { value, place } = bySource(evidence, "recorded");
    expect(value).toBe(VERSION);
    expect([place.image, place.imageOffset]).toEqual([null, null]);
    expect(bySource(evidence, "driver-file").place.imageOffset).not.toBeNull();
  });
});

test("a fact that stands in the parent of a differencing disk is found there", () => {
  // A long driver keeps those behind it out of the block of the hives.
  const long = Buffer.concat([driverFile(VERSION), new Uint8Array(2 * MIB)]);
  const files = { "Windows/System32/drivers/vmbus.sys": long };
  const disk = layGpt([windowsVolume(WINDOWS, { files })]);
  const parent = imageFile("parent.vhdx", vhdxOf(disk).toBytes());
  const block = Math.floor(Buffer.from(disk).indexOf(Buffer.from(VERSION, "utf16le")) / MIB);
  const locator = { parent_linkage: `{${DATA_WRITE_GUID}}`, relative_path: ".\\parent.vhdx" };
  const child = new VhdxImage({
    virtualSizeBytes: disk.length,
    blocks: new Map([[block, disk.slice(block * MIB, (block + 1) * MIB)]]),
    parent: locator,
  });
  const { evidence, path } = evidenceIn(child.toBytes());
  expect(new Set(evidence.map(({ place }) => place.image))).toEqual(new Set([path, parent]));
  for (const piece of evidence) {
    const { image, imageOffset } = piece.place;
    expect(factAt(piece, readFileSync(image ?? "")), piece.where).toBe(VERSION);
    const last = `image offset 0x${imageOffset?.toString(16)}`;
    expect(piece.where.split(": ").at(-1)).toBe(image === parent ? `${last} of ${parent}` : last);
  }
});

test("a fact that was recovered from a hive's log is found in the log", () => {
  const path = "Windows/System32/config/SOFTWARE";
  const hiveOf = (version: string) => {
    const software = windowsFiles({ release: "ws2012r2", software: recorded(version) })[path];
    return software instanceof Uint8Array ? software : expect.fail("no hive");
  };
  const [before, after] = [hiveOf("6.3.9600.00001"), hiveOf(VERSION)];
  const files = {
    [path]: crashed(before, 8),
    [`${path}.LOG1`]: buildNewLog(before, [entryOf(before, after, 7)]),
  };
  const image = CONTAINERS.vhdx(layGpt([windowsVolume({ release: "ws2012r2" }, { files })]));
  const { evidence, path: imagePath } = evidenceIn(image);
  const piece = bySource(evidence, "recorded");
  expect(piece.value).toBe(VERSION);
  expect(factAt(piece, readFileSync(imagePath))).toBe(VERSION);
});

/** The image with a sector of it spoilt in its place, and right in the log. */
function withLoggedSector(image: VhdxImage, at: number): Uint8Array {
  const data = new Uint8Array(image.read(at, SECTOR).buffer.slice(0));
  const log = new VhdxLog(image.sizeBytes);
  log.append([{ at, data }]);
  image.write(at, new Uint8Array(SECTOR));
  return image.setLog(log).toBytes();
}
