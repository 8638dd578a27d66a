import { describe, expect, test } from "vitest";
import { type ChainLink, readChain } from "../../../src/disk/index.ts";
import { MemorySource, readBytes } from "../../../src/io/index.ts";
import { checkChildren } from "../../../src/staging/preconditions/children.ts";
import { VhdImage } from "../../lab/vhd.ts";
import { DATA_WRITE_GUID, VhdxImage } from "../../lab/vhdx.ts";
import { FakeFolder, type HostContent } from "./fake-folder.ts";

const SIZE = 4 * 1024 * 1024;
const OTHER = "11111111-2222-3333-4444-555555555555";

function vhdx(parent?: Record<string, string>, dataWriteGuid = OTHER): Uint8Array {
  const image = new VhdxImage({ virtualSizeBytes: SIZE, ...(parent && { parent }), dataWriteGuid });
  return readBytes(image, 0, image.sizeBytes).slice();
}

const childOf = (linkage: string, relative_path: string, absolute_win32_path = "C:\\vm\\none.vhdx") =>
  vhdx({ parent_linkage: `{${linkage}}`, relative_path, absolute_win32_path });

const vhd = (parent?: { name: string; relativePath: string; identity: number }, identity = 7): Uint8Array =>
  new VhdImage({ virtualSizeBytes: SIZE, diskType: parent ? 4 : 3, identity, ...(parent && { parent }) })
    .bytes;

const linkOf = (bytes: Uint8Array): ChainLink => readChain(new MemorySource(bytes)).links[0]!;

const OWN = linkOf(vhdx(undefined, DATA_WRITE_GUID));
const OWN_VHD = linkOf(vhd());

function search(own: ChainLink, folder: FakeFolder) {
  const findings = [...checkChildren(own, folder)];
  expect(folder.openCount).toBe(0);
  const told = findings.find(({ code }) => code === "CHILDREN_UNKNOWN");
  return {
    child: findings.find(({ code }) => code === "STAGE_HAS_CHILDREN")?.message,
    told: told?.message ?? expect.fail("what cannot be seen is always said"),
  };
}

const own = childOf(DATA_WRITE_GUID, ".\\elsewhere.vhdx");

describe("an image is a parent", () => {
  test.each<{ name: string; files: Record<string, HostContent> }>([
    { name: "of a checkpoint beside it", files: { "web01_A1.avhdx": own } },
    { name: "of a disk in any letter case", files: { "CHILD.VHDX": own } },
    { name: "of a disk some folders below", files: { "a/b/c/d/child.vhdx": own } },
    { name: "of a checkpoint in the folder of snapshots", files: { "../Snapshots/child.avhdx": own } },
    {
      name: "by the place that a child expects it at",
      files: { "child.avhdx": childOf(OTHER, ".\\base.vhdx") },
    },
    { name: "by a place seen from below", files: { "vm/child.avhdx": childOf(OTHER, "..\\BASE.vhdx") } },
    {
      name: "by an absolute path of a child beside it",
      files: { "child.avhdx": childOf(OTHER, ".\\x.vhdx", "D:\\vms\\base.vhdx") },
    },
  ])("$name", ({ files }) => {
    expect(search(OWN, new FakeFolder("base.vhdx", files)).child).toMatch(/is the parent of "/);
  });

  test("of a VHD by its unique id", () => {
    const child = vhd({ name: "old.vhd", relativePath: ".\\old.vhd", identity: 7 });
    expect(search(OWN_VHD, new FakeFolder("base.vhd", { "child.avhd": child })).child).toMatch(/child\.avhd/);
  });

  test("of many, of which three are named", () => {
    const files = Object.fromEntries([1, 2, 3, 4, 5].map((index) => [`c${index}.avhdx`, own]));
    const { child } = search(OWN, new FakeFolder("base.vhdx", files));
    expect(child).toBe('the image is the parent of "c1.avhdx", "c2.avhdx", "c3.avhdx" and 2 more');
  });
});

describe("an image is no parent", () => {
  test.each<{ name: string; files: Record<string, HostContent> }>([
    { name: "where it is alone", files: {} },
    { name: "of a disk without a parent", files: { "other.vhdx": vhdx() } },
    { name: "of its own copy", files: { "copy.vhdx": vhdx(undefined, DATA_WRITE_GUID) } },
    { name: "of another's child", files: { "child.avhdx": childOf(OTHER, ".\\other.vhdx") } },
    {
      name: "of a child of its namesake in another folder",
      files: { "vm/child.avhdx": childOf(OTHER, ".\\base.vhdx") },
    },
    {
      name: "of a child elsewhere whose absolute path has its name",
      files: { "vm/child.avhdx": childOf(OTHER, ".\\x.vhdx", "D:\\vms\\base.vhdx") },
    },
    {
      name: "of a VHD",
      files: { "child.avhd": vhd({ name: "base.vhdx", relativePath: ".\\base.vhdx", identity: 1 }) },
    },
    { name: "of what is called otherwise", files: { "child.bak": own } },
  ])("$name", ({ files }) => {
    expect(search(OWN, new FakeFolder("base.vhdx", files)).child).toBeUndefined();
  });
});

describe("what the search could not tell", () => {
  test("is always said", () => {
    const { told } = search(OWN, new FakeFolder("base.vhdx", { "other.vhdx": vhdx() }));
    expect(told).toBe("1 disk files in 2 folders were looked at; children elsewhere cannot be seen");
    expect([...checkChildren(OWN, undefined)].map(({ message }) => message)).toEqual([
      "checkpoints and differencing disks over the image were not looked for",
    ]);
  });

  test("names disks that cannot be read", () => {
    const files = {
      "damaged.vhdx": new Uint8Array(100).fill(1),
      "locked.vhdx": "locked",
      "short.vhdx": text("vhdxfile"),
    };
    const { child, told } = search(OWN, new FakeFolder("base.vhdx", files as Record<string, HostContent>));
    expect(child).toBeUndefined();
    expect(told).toMatch(/"locked\.vhdx", "short\.vhdx" cannot be read/);
  });

  test("says where it stopped: too deep, or a folder that cannot be read", () => {
    const deep = search(OWN, new FakeFolder("base.vhdx", { "a/b/c/d/e/child.vhdx": own }));
    expect(deep.child).toBeUndefined();
    expect(deep.told).toMatch(/not all that are there/);
    const closed = search(OWN, new FakeFolder("base.vhdx", { "a/other.vhdx": vhdx() }, ["a"]));
    expect(closed.told).toMatch(/not all that are there/);
  });

  test("is bounded: no more than 2000 disks and 1000 folders are looked at", () => {
    const names = Array.from({ length: 2500 }, (_, index) => `${index}.vhdx`);
    const crowd = new FakeFolder(
      "base.vhdx",
      Object.fromEntries(names.map((name) => [name, text("no disk at all")])),
    );
    expect(search(OWN, crowd).told).toMatch(/^2000 disk files in 2 folders were looked at, but not all/);
    const folders = Object.fromEntries(names.map((name) => [`${name}/x`, 1]));
    expect(search(OWN, new FakeFolder("base.vhdx", folders)).told).toMatch(/in 1000 folders/);
  });

  test("does not let a name speak to the terminal", () => {
    const { child } = search(OWN, new FakeFolder("base.vhdx", { "a\u001b[2J.avhdx": own }));
    expect(child).not.toMatch(/\p{C}/u);
  });
});

function text(content: string) {
  return new TextEncoder().encode(content);
}
