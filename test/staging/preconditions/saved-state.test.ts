import { expect, test } from "vitest";
import { encodeUtf16 } from "../../../src/bytes/index.ts";
import { checkTracking } from "../../../src/staging/preconditions/change-tracking.ts";
import { checkSavedState } from "../../../src/staging/preconditions/saved-state.ts";
import { FakeFolder, type HostContent } from "./fake-folder.ts";

const VM = "282874FC-59D6-4F30-BC04-5FDD909C82E0";
const MIB = 1024 * 1024;
const BESIDE = `../Virtual Machines`;

/** A configuration that has the path of a disk in UTF-16, at an odd place as in real ones. */
function vmcx(disk: string): Uint8Array {
  const path = encodeUtf16(`C:\\VMs\\web01\\Virtual Hard Disks\\${disk}\0`);
  const bytes = new Uint8Array(path.length + 0x401);
  bytes.set([0x14, 0x20, 0x28, 0x01]);
  bytes.set(path, 0x3d1);
  return bytes;
}
const xml = (disk: string) => encodeUtf16(`\ufeff<pathname type="string">D:\\VMs\\${disk}</pathname>`);

function codes(files: Record<string, HostContent>, imageName = "web01.vhdx"): string[] {
  const folder = new FakeFolder(imageName, files);
  const found = [...checkSavedState(folder)].map(({ code }) => code);
  expect(folder.openCount).toBe(0);
  return found;
}

test.each<{ name: string; files: Record<string, HostContent> }>([
  {
    name: "a .vsv of the VM",
    files: { [`${BESIDE}/${VM}/${VM}.vsv`]: 40_000, [`${BESIDE}/${VM}.xml`]: xml("web01.vhdx") },
  },
  {
    name: "a .bin of the VM",
    files: { [`${BESIDE}/${VM}/${VM}.bin`]: 512 * MIB, [`${BESIDE}/${VM}.xml`]: xml("WEB01.VHDX") },
  },
  {
    name: "a .vmrs as large as memory",
    files: { [`${BESIDE}/${VM}.vmrs`]: 32 * MIB, [`${BESIDE}/${VM}.vmcx`]: vmcx("web01.vhdx") },
  },
  {
    name: "a .vmrs of a checkpoint with state",
    files: { [`Snapshots/${VM}.vmrs`]: 99 * MIB, [`Snapshots/${VM}.vmcx`]: vmcx("web01.vhdx") },
  },
  { name: "a .vsv in the folder of the image", files: { [`${VM}/${VM}.vsv`]: 1 } },
  { name: "a .vsv without a configuration", files: { [`${VM}.vsv`]: 1 } },
  {
    name: "a .vsv whose configuration names no disk",
    files: { [`${VM}.vsv`]: 1, [`${VM}.xml`]: encodeUtf16("<a/>") },
  },
  { name: "a .vsv whose configuration cannot be read", files: { [`${VM}.vsv`]: 1, [`${VM}.xml`]: "locked" } },
  { name: "a .bin that somebody holds open", files: { [`${VM}.bin`]: "locked" } },
  { name: "a .vmrs that somebody holds open", files: { [`Virtual Machines/${VM}.vmrs`]: "locked" } },
])("$name is a saved state", ({ files }) => {
  expect(codes(files)).toEqual(["STAGE_SAVED_STATE"]);
});

test.each<{ name: string; files: Record<string, HostContent> }>([
  { name: "no state file", files: {} },
  { name: "an empty .bin", files: { [`${VM}.bin`]: 0 } },
  { name: "a .vsv of another VM", files: { [`${VM}.vsv`]: 1, [`${VM}.xml`]: xml("web02.vhdx") } },
  { name: "a .vmrs of another VM", files: { [`${VM}.vmrs`]: 64 * MIB, [`${VM}.vmcx`]: vmcx("web02.vhdx") } },
  { name: "a .bin that is no VM's", files: { "firmware.bin": 64 * MIB } },
])("$name says nothing", ({ files }) => {
  expect(codes(files)).toEqual([]);
});

test.each([`${VM}.vmrs`, `${BESIDE}/${VM}.vmrs`])("a small %s, as VMs that are off have, is told", (path) => {
  expect(codes({ [path]: 4 * MIB })).toEqual(["STAGE_SAVED_STATE_UNKNOWN"]);
});

test("a name with letters of no code page is found, and one that XML spells otherwise", () => {
  const files = { [`${VM}.vsv`]: 1, [`${VM}.vmcx`]: vmcx("büro-日本.vhdx") };
  expect(codes(files, "büro-日本.vhdx")).toEqual(["STAGE_SAVED_STATE"]);
  expect(codes({ [`${VM}.vsv`]: 1, [`${VM}.xml`]: xml("r&amp;d.vhdx") }, "r&d.vhdx")).toEqual([
    "STAGE_SAVED_STATE",
  ]);
});

test("what could not be looked at is told", () => {
  const folder = new FakeFolder("web01.vhdx", {}, ["Snapshots"]);
  expect([...checkSavedState(folder)].map(({ message }) => message)).toEqual([
    "not all state files near the image could be looked at",
  ]);
  const id = (index: number) => `${VM.slice(0, -6)}${String(index).padStart(6, "0")}`;
  const states = Array.from({ length: 2001 }, (_, index) => [`${id(index)}.bin`, 0] as const);
  expect(codes(Object.fromEntries(states))).toEqual(["STAGE_SAVED_STATE_UNKNOWN"]);
});

test("nothing is looked at where there is no folder to look at", () => {
  expect([...checkSavedState(undefined), ...checkTracking(undefined)]).toEqual([]);
});

test.each([
  { file: "web01.vhdx.rct", codes: ["STAGE_CHANGE_TRACKING"] },
  { file: "WEB01.vhdx.MRT", codes: ["STAGE_CHANGE_TRACKING"] },
  { file: "web01.vhdx.hrl", codes: ["STAGE_CHANGE_TRACKING"] },
  { file: "web02.vhdx.rct", codes: [] },
])("$file beside the image gives $codes", ({ file, codes: expected }) => {
  const found = [...checkTracking(new FakeFolder("web01.vhdx", { [file]: 1 }))];
  expect(found.map(({ code }) => code)).toEqual(expected);
});
