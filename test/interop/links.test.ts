import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type NtfsVolume, openNtfs } from "../../src/fs/index.ts";
import { FileSource, readBytes } from "../../src/io/index.ts";
import { junction, symbolicLink } from "../lab/ntfs/links.ts";
import type { FileOptions } from "../lab/ntfs.ts";

const MIB = 1024 * 1024;
/** Owners and modes of which each gets a descriptor of its own. */
const DESCRIPTOR_COUNT = 150;

const folder = mkdtempSync(join(tmpdir(), "vmguest-interop-links-"));
const image = join(folder, "volume.ntfs");
let source: FileSource;
let volume: NtfsVolume;

function run(tool: string, ...parameters: string[]): string {
  return execFileSync(tool, parameters, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** What the kernel of ntfs-3g is told to put into a reparse point. */
function reparseValue({ reparse }: FileOptions): string {
  const data = reparse?.data ?? new Uint8Array(0);
  const header = Buffer.alloc(8);
  header.writeUInt32LE(reparse?.tag ?? 0, 0);
  header.writeUInt16LE(data.length, 4);
  return `0x${Buffer.concat([header, data]).toString("hex")}`;
}

function populate(mount: string): void {
  mkdirSync(join(mount, "Users/ann"), { recursive: true });
  writeFileSync(join(mount, "Users/ann/report.txt"), "report");
  linkSync(join(mount, "Users/ann/report.txt"), join(mount, "second name.txt"));
  const links: [string, FileOptions][] = [
    ["Documents and Settings", junction("\\??\\C:\\Users")],
    ["Users/relative", symbolicLink("ann", true)],
    ["Users/file", symbolicLink("..\\Users\\ann\\report.txt")],
  ];
  for (const [path, link] of links) {
    if (link.isDirectory === true) mkdirSync(join(mount, path));
    else writeFileSync(join(mount, path), "");
    run("setfattr", "-n", "system.ntfs_reparse_data", "-v", reparseValue(link), join(mount, path));
  }
  mkdirSync(join(mount, "owned"));
  for (let index = 0; index < DESCRIPTOR_COUNT; index++) {
    const path = join(mount, "owned", `${index}`);
    writeFileSync(path, "");
    chownSync(path, 1000 + index, 100 + (index % 7));
    chmodSync(path, index % 2 === 0 ? 0o640 : 0o755);
  }
}

beforeAll(() => {
  writeFileSync(image, "");
  truncateSync(image, 16 * MIB);
  run("mkntfs", "-q", "-F", "-s", "512", "-p", "0", "-H", "16", "-S", "63", image);
  const mount = mkdtempSync(join(folder, "mount-"));
  run("ntfs-3g", "-o", "permissions", image, mount);
  try {
    populate(mount);
  } finally {
    run("umount", mount);
  }
  source = FileSource.open(image);
  volume = openNtfs(source, { names: ["C:"] });
});

afterAll(() => {
  source.close();
  rmSync(folder, { recursive: true });
});

describe("links on a volume of ntfs-3g", () => {
  test.each(["Documents and Settings/ann/report.txt", "users/relative/REPORT.TXT", "Users/file"])(
    "%s leads to the file",
    (path) => {
      const node = volume.require(path);
      expect(node.path).toBe("Users/ann/report.txt");
      expect(Buffer.from(readBytes(node.open(), 0, node.sizeBytes)).toString()).toBe("report");
    },
  );

  test("hard links are all the paths of a file", () => {
    expect(volume.require("second name.txt").paths).toEqual(["Users/ann/report.txt", "second name.txt"]);
  });
});

test("security descriptors are those that ntfssecaudit finds, and all of them are sound", () => {
  expect(run("ntfssecaudit", "-a", image)).toContain("All keys are present in all lists");
  for (const index of [0, 1, 2, 74, DESCRIPTOR_COUNT - 2, DESCRIPTOR_COUNT - 1]) {
    const path = `owned/${index}`;
    const text = run("ntfssecaudit", "-v", image, path);
    const [, owner] = /Windows owner (\S+)/.exec(text) ?? [];
    const [, group] = /Windows group (\S+)/.exec(text) ?? [];
    const descriptor = volume.require(path).securityDescriptor();
    expect([path, descriptor.owner, descriptor.group]).toEqual([path, owner, group]);
    const allowed = descriptor.access?.filter(({ type }) => type === 0).map(({ sid }) => sid);
    expect(allowed).toEqual(expect.arrayContaining([owner, "S-1-1-0", "S-1-5-32-544", "S-1-5-18"]));
  }
  const files = Array.from({ length: DESCRIPTOR_COUNT }, (_, index) => volume.require(`owned/${index}`));
  const owners = new Set(files.map((file) => file.securityDescriptor().owner));
  expect(owners.size).toBe(DESCRIPTOR_COUNT);
  expect(volume.findings).toEqual([]);
});
