import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { auditImage } from "../../src/audit/index.ts";
import { surveyChain } from "../../src/batch/chain-survey.ts";
import { assignRoles } from "../../src/batch/index.ts";
import { ReadStats } from "../../src/io/index.ts";
import { VhdImage, type VhdParent } from "../lab/vhd.ts";
import { VhdxImage } from "../lab/vhdx.ts";

const MIB = 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), "vmguest-survey-"));
afterAll(() => rmSync(folder, { recursive: true }));

const guidOf = (number: number) => `${String(number).padStart(8, "0")}-0000-0000-0000-000000000000`;

/** A VHDX known by a number, over the one of another number. */
function vhdx(number: number, parent?: { number: number; path: string }): Uint8Array {
  return new VhdxImage({
    virtualSizeBytes: 4 * MIB,
    dataWriteGuid: guidOf(number),
    ...(parent && {
      parent: { parent_linkage: `{${guidOf(parent.number)}}`, relative_path: parent.path },
    }),
  }).toBytes();
}

function vhd(identity: number, parent?: VhdParent): Uint8Array {
  const options = { virtualSizeBytes: 2 * MIB, identity };
  return new VhdImage(parent === undefined ? options : { ...options, diskType: 4, parent }).bytes;
}

function write(name: string, bytes: Uint8Array): void {
  writeFileSync(join(folder, name), bytes);
}

beforeAll(() => {
  mkdirSync(join(folder, "snapshots"));
  write("base.vhdx", vhdx(1));
  write("snapshots/one.avhdx", vhdx(2, { number: 1, path: "..\\base.vhdx" }));
  write("snapshots/two.avhdx", vhdx(3, { number: 2, path: ".\\one.avhdx" }));
  write("orphan.avhdx", vhdx(4, { number: 9, path: ".\\gone.vhdx" }));
  write("over-orphan.avhdx", vhdx(5, { number: 4, path: ".\\orphan.avhdx" }));
  write("stranger.avhdx", vhdx(6, { number: 9, path: ".\\base.vhdx" }));
  write("left.avhdx", vhdx(7, { number: 8, path: ".\\right.avhdx" }));
  write("right.avhdx", vhdx(8, { number: 7, path: ".\\left.avhdx" }));
  write("base.vhd", vhd(1));
  write("child.avhd", vhd(2, { name: "base.vhd", relativePath: ".\\base.vhd", identity: 1 }));
  write("disk.raw", new Uint8Array(MIB));
  write("empty.raw", new Uint8Array(0));
  write("torn.vhdx", vhdx(1).subarray(0, 2 * MIB));
  write("disk.vmdk", new TextEncoder().encode("KDMV and so on"));
  linkSync(join(folder, "base.vhdx"), join(folder, "hard-link.vhdx"));
  symlinkSync("base.vhdx", join(folder, "symbolic-link.vhdx"));
});

/** Names of what an image is written over. */
const survey = (name: string) =>
  surveyChain(join(folder, name), { parentRoots: [folder] }).parents.map((path) =>
    path.slice(folder.length + 1),
  );

describe("the survey of an image", () => {
  test.each([
    { name: "snapshots/one.avhdx", parents: ["base.vhdx"] },
    { name: "snapshots/two.avhdx", parents: ["snapshots/one.avhdx", "base.vhdx"] },
    { name: "child.avhd", parents: ["base.vhd"] },
  ])("names the chain of $name as its audit does", ({ name, parents }) => {
    const path = join(folder, name);
    expect(survey(name)).toEqual(parents);
    const { container } = auditImage(path, { host: "ws2019", parentRoots: [folder] });
    expect(container?.chain).toEqual([path, ...parents.map((parent) => join(folder, parent))]);
  });

  test("names what holds together of a broken chain", () => {
    expect(survey("orphan.avhdx")).toEqual([]);
    expect(survey("over-orphan.avhdx")).toEqual(["orphan.avhdx"]);
    expect(survey("stranger.avhdx")).toEqual([]);
    expect(survey("left.avhdx")).toEqual(["right.avhdx"]);
  });

  test("looks for parents where the audit may", () => {
    expect(surveyChain(join(folder, "snapshots/one.avhdx")).parents).toEqual([]);
    expect(surveyChain(join(folder, "child.avhd")).parents).toHaveLength(1);
  });

  test.each(["base.vhdx", "base.vhd", "disk.raw", "empty.raw", "torn.vhdx", "disk.vmdk", "absent.vhdx", "."])(
    "finds nothing for %s, and is no error",
    (name) => {
      expect(survey(name)).toEqual([]);
    },
  );

  test("reads nothing for a URL", () => {
    expect(surveyChain("https://host.example/a.vhdx")).toEqual({ parents: [] });
  });

  test.each([
    { name: "base.vhdx", reads: 6, kibibytes: 84 },
    { name: "snapshots/two.avhdx", reads: 18, kibibytes: 252 },
    { name: "base.vhd", reads: 2, kibibytes: 12 },
    { name: "disk.raw", reads: 3, kibibytes: 12 },
  ])("reads no more of $name than $kibibytes KiB", ({ name, reads, kibibytes }) => {
    const stats = new ReadStats();
    surveyChain(join(folder, name), { parentRoots: [folder], stats });
    expect(stats.reads).toBeLessThanOrEqual(reads);
    expect(stats.bytesRead).toBeLessThanOrEqual(kibibytes * 1024);
  });
});

describe("the roles of images on the host", () => {
  /** Role and name of each image, in the order of the report. */
  function rolesOf(...names: string[]): string[] {
    const paths = names.map((name) => join(folder, name));
    const surveys = paths.map((path) => surveyChain(path, { parentRoots: [folder] }));
    return assignRoles(paths, surveys).map(({ role, path }) => `${role} ${path.slice(folder.length + 1)}`);
  }

  test("are found through hard and symbolic links", () => {
    expect(rolesOf("disk.raw", "hard-link.vhdx", "snapshots/two.avhdx", "symbolic-link.vhdx")).toEqual([
      "leaf disk.raw",
      "parent hard-link.vhdx",
      "parent symbolic-link.vhdx",
      "leaf snapshots/two.avhdx",
    ]);
  });

  test("have two forged disks that are each other's parent be parents", () => {
    expect(rolesOf("left.avhdx", "disk.raw", "right.avhdx")).toEqual([
      "parent right.avhdx",
      "parent left.avhdx",
      "leaf disk.raw",
    ]);
  });
});
