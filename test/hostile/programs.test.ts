// SPDX-License-Identifier: MIT
import { describe, expect, test } from "vitest";
import { CompoundHeader, DirectoryEntry } from "../../src/package/msi/layout.ts";
import { SectionHeader } from "../../src/package/pe/layout.ts";
import { auditBytes, onlyGuest } from "../audit/audits.ts";
import { CONTAINERS, layGpt, windowsVolume } from "../lab/guest-image.ts";
import { buildIcPackage, type LabIcPackage } from "../lab/ic-package.ts";
import { buildMsi, LAB_PROPERTIES, packTableName } from "../lab/msi.ts";
import { buildPe, buildVersionResource, PE_PLACES } from "../lab/pe.ts";
import { SIGNATURE_STREAM, signPe } from "../lab/signing/index.ts";
import { ONE_COMPONENT, outcomesOf } from "./package-jobs.ts";

const PACKAGE: LabIcPackage = { components: ONE_COMPONENT };

/** Where {@link buildPe} puts the section headers, the resources and, in these, the data. */
const [SECTIONS, RESOURCES] = [0x188, PE_PLACES.headersSize + 0x200];

function image(edit: (view: DataView) => unknown, bytes: Uint8Array = buildPe()): Uint8Array {
  const copy = Uint8Array.from(bytes);
  edit(new DataView(copy.buffer));
  return copy;
}

const section = (index: number, fields: Partial<SectionHeader>) =>
  image((view) => Object.assign(new SectionHeader(view, SECTIONS + index * SectionHeader.sizeBytes), fields));
const u32 = (at: number, value: number) => image((view) => view.setUint32(at, value, true));
const u16 = (at: number, value: number) => image((view) => view.setUint16(at, value, true));

// H45
describe("a driver", () => {
  test.each<{ what: string; driver: Uint8Array; seen: string }>([
    { what: "that is none", driver: Buffer.from("MZ"), seen: "PE_TRUNCATED" },
    { what: "with its header behind its end", driver: u32(60, 0xffff_fff0), seen: "PE_TRUNCATED" },
    { what: "with its header in its header", driver: u32(60, 0), seen: "PE_NOT" },
    { what: "with 65,535 sections", driver: u16(PE_PLACES.peHeader + 6, 0xffff), seen: "LIMIT_EXCEEDED" },
    { what: "with no sections", driver: u16(PE_PLACES.peHeader + 6, 0), seen: "PE_TRUNCATED" },
    {
      what: "whose resources lie behind its end",
      driver: section(1, { rawOffset: 0xffff_f000 }),
      seen: "PE_TRUNCATED",
    },
    {
      what: "whose resources wrap around 4 GiB",
      driver: section(1, { virtualAddress: 0xffff_f000, virtualSize: 0x2000 }),
      seen: "PE_TRUNCATED",
    },
    {
      what: "whose sections are each other",
      driver: section(0, {
        virtualAddress: 0x1000_0000,
        virtualSize: 0xffff_ffff,
        rawSize: 0xffff_ffff,
        rawOffset: 0,
      }),
      seen: "PE_NO_VERSION",
    },
    {
      what: "whose resources lead to themselves",
      driver: u32(RESOURCES + 20, 0x8000_0000),
      seen: "PE_NO_VERSION",
    },
    {
      what: "whose resources have a level too many",
      driver: u32(RESOURCES + 68, 0x8000_0000),
      seen: "PE_NO_VERSION",
    },
    { what: "with 65,535 resources", driver: u16(RESOURCES + 14, 0xffff), seen: "LIMIT_EXCEEDED" },
    { what: "whose version has 4 GiB", driver: u32(RESOURCES + 76, 0xffff_ffff), seen: "PE_TRUNCATED" },
    { what: "without numbers in its version", driver: u16(RESOURCES + 88 + 2, 0), seen: "PE_NO_VERSION" },
    {
      what: "with another sort of version",
      driver: buildPe({ versionResource: buildVersionResource().fill(0xff, 0, 4) }),
      seen: "PE_NO_VERSION",
    },
    {
      what: "with bytes behind it",
      driver: Buffer.concat([buildPe({ fileVersion: "6.3.9600.19456" }), new Uint8Array(5000)]),
      seen: "6.3.9600.19456",
    },
  ])("$what is $seen to an audit", ({ driver, seen }) => {
    const windows = { release: "win7", devices: {} } as const;
    const volume = windowsVolume(windows, { files: { "Windows/System32/drivers/vmbus.sys": driver } });
    const { findings, ...report } = auditBytes(CONTAINERS.vhdx(layGpt([volume])));
    const guest = onlyGuest({ findings, ...report });
    expect(JSON.stringify([findings, guest])).toContain(seen);
    expect(guest.os.id).toBe("win7");
  });

  const certificates = PE_PLACES.optionalHeader + 112 + 4 * 8;
  const signed = signPe(buildPe());

  test.each<{ what: string; driver: Uint8Array; listed: boolean }>([
    { what: "with bytes behind it", driver: Buffer.concat([buildPe(), new Uint8Array(5000)]), listed: true },
    {
      what: "whose sections lie",
      driver: section(0, { rawSize: 0xffff_ffff, rawOffset: 0xffff_ffff }),
      listed: true,
    },
    { what: "with 65,535 sections", driver: u16(PE_PLACES.peHeader + 6, 0xffff), listed: true },
    {
      what: "with bytes behind its signature",
      driver: Buffer.concat([signed, new Uint8Array(64)]),
      listed: false,
    },
    {
      what: "whose signature is in its headers",
      driver: image((view) => view.setUint32(certificates, 8, true), signed),
      listed: false,
    },
    {
      what: "whose signature is behind its end",
      driver: image((view) => view.setUint32(certificates, 0xffff_fff0, true), signed),
      listed: false,
    },
    {
      what: "whose signature has 4 GiB",
      driver: image((view) => view.setUint32(certificates + 4, 0xffff_ffff, true), signed),
      listed: false,
    },
  ])("$what has the digest of a catalog: $listed", async ({ driver, listed }) => {
    const add = (files: Map<string, Uint8Array>) => files.set("a/evil.sys", driver);
    const outcomes = [
      await outcomesOf(buildIcPackage({ ...PACKAGE, beforeCatalog: add }), ["verify"]),
      await outcomesOf(buildIcPackage({ ...PACKAGE, beforePacking: add }), ["verify"]),
    ].map(({ verify }) => verify);
    expect(outcomes).toEqual([listed ? "0" : "1 PACKAGE_MEMBER_CHANGED", "1 PACKAGE_MEMBER_CHANGED"]);
  });
});

describe("an MSI", () => {
  const msi = buildMsi({ streams: { large: new Uint8Array(20_000) } });
  /** The MSI with its header, the FAT and an entry of the directory changed; the entry of the root is number 0. */
  function damaged(
    edit: (file: {
      header: CompoundHeader;
      fat: (sector: number, next: number) => void;
      entry: (index: number) => DirectoryEntry;
    }) => void,
  ): Uint8Array {
    const bytes = Uint8Array.from(msi);
    const view = new DataView(bytes.buffer);
    const header = new CompoundHeader(view);
    const fatAt = (new DataView(bytes.buffer, 76).getInt32(0, true) + 1) * 512;
    const directoryAt = (header.firstDirectorySector + 1) * 512;
    edit({
      header,
      fat: (sector, next) => view.setInt32(fatAt + sector * 4, next, true),
      entry: (index) => new DirectoryEntry(view, directoryAt + index * DirectoryEntry.sizeBytes),
    });
    return bytes;
  }
  const table = (name: string, content: Uint8Array) =>
    buildMsi({ streams: { [packTableName(name)]: content } });

  test.each<{ what: string; bytes: () => Uint8Array; code: string }>([
    {
      what: "whose directory leads to itself",
      bytes: () =>
        damaged(({ header, fat }) => fat(header.firstDirectorySector, header.firstDirectorySector)),
      code: "CFB_LOOP",
    },
    {
      what: "whose FAT is a ring",
      bytes: () => damaged(({ entry, fat }) => fat(entry(0).startSector, entry(0).startSector)),
      code: "CFB_LOOP",
    },
    {
      what: "whose mini stream is nowhere",
      bytes: () => damaged(({ entry }) => Object.assign(entry(0), { startSector: 0x7fff_ffff })),
      code: "CFB_DAMAGED",
    },
    {
      what: "whose streams are in a ring",
      bytes: () => damaged(({ entry }) => Object.assign(entry(2), { right: 1 })),
      code: "CFB_LOOP",
    },
    {
      what: "with 2^32-1 FAT sectors",
      bytes: () =>
        damaged(({ header }) =>
          Object.assign(header, {
            fatSectorCount: 0xffff_ffff,
            difatSectorCount: 0xffff_ffff,
            firstDifatSector: 0,
          }),
        ),
      code: "CFB_DAMAGED",
    },
    {
      what: "whose strings need more than there is",
      bytes: () => table("_StringData", new Uint8Array(3)),
      code: "MSI_POOL",
    },
    {
      what: "whose pool ends in a string",
      bytes: () => table("_StringPool", Uint8Array.of(0xe4, 4, 0, 0, 0, 0, 1, 0)),
      code: "MSI_POOL",
    },
    { what: "with half a row", bytes: () => table("Property", new Uint8Array(3)), code: "MSI_TABLE" },
    { what: "that ends in its streams", bytes: () => msi.subarray(0, 5000), code: "CFB_TRUNCATED" },
  ])("$what is $code, and is not offered", async ({ bytes, code }) => {
    const outcomes = await outcomesOf(bytes(), ["list", "show"]);
    expect(outcomes).toEqual({ list: `3 ${code}`, show: `3 ${code}` });
  });

  test.each([
    { what: "of a megabyte is read", size: 2 ** 20, outcome: "0" },
    { what: "of 33 megabytes is not", size: 33 * 2 ** 20, outcome: "3 LIMIT_EXCEEDED" },
  ])("whose thousands of rows share one string $what", async ({ size, outcome }) => {
    const text = "x".repeat(size);
    const rows = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`P${index}`, text]));
    const bytes = buildMsi({ properties: { ...LAB_PROPERTIES, ...rows } });
    expect(await outcomesOf(bytes, ["show"])).toEqual({ show: outcome });
  });

  test("whose mini stream is said to have 4 GiB is read by the sectors that it has", async () => {
    const bytes = damaged(({ entry }) => Object.assign(entry(0), { sizeLow: 0xffff_ffff }));
    expect(await outcomesOf(bytes, ["list", "show"])).toEqual({ list: "0", show: "0" });
  });

  test("with a signature that is none is tampered with, and read", async () => {
    const bytes = buildMsi({ streams: { [SIGNATURE_STREAM]: new Uint8Array(100) } });
    expect(await outcomesOf(bytes, ["list", "show", "verify"])).toEqual({
      list: "0",
      show: "0",
      verify: "1",
    });
  });
});
