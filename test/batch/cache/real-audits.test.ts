import { appendFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { auditImage, type ImageReport, outcomeOf } from "../../../src/audit/index.ts";
import { surveyChain } from "../../../src/batch/chain-survey.ts";
import { layGpt, windowsVolume } from "../../lab/guest-image.ts";
import { DATA_WRITE_GUID, VhdxImage, vhdxOf } from "../../lab/vhdx.ts";
import { findIn, newFolder, openCache, rawFile } from "./kept-images.ts";

const MIB = 1024 * 1024;
const vhdx = (parent?: string) =>
  new VhdxImage({
    virtualSizeBytes: MIB,
    ...(parent !== undefined && {
      parent: { parent_linkage: `{${DATA_WRITE_GUID}}`, relative_path: basename(parent) },
    }),
  });

const damaged = () => vhdx().editHeaders((header) => Object.assign(header, { version: 9 }));

/** Audits an image as a batch does. */
function audit(path: string): ImageReport {
  return auditImage(path, { host: "ws2019" });
}

/** Audits an image and keeps that; whether it was kept. */
function auditAndKeep(file: string, path: string): boolean {
  using cache = openCache(file);
  const { parents } = surveyChain(path);
  const identity = cache.identify(path, parents) ?? expect.fail("no identity");
  const report = audit(path);
  const answer = { json: JSON.stringify(report), outcome: outcomeOf(report), reads: 1, bytesRead: 1 };
  return cache.store(path, { answer, role: "leaf", parents }, identity);
}

test.each<{ what: string; code: string | undefined; isKept: boolean; write: (folder: string) => string }>([
  {
    what: "a Windows",
    code: undefined,
    isKept: true,
    write: (folder) =>
      rawFile(folder, "image", vhdxOf(layGpt([windowsVolume({ release: "ws2012r2" })])).toBytes()),
  },
  {
    what: "an empty disk",
    code: undefined,
    isKept: true,
    write: (folder) => rawFile(folder, "image", vhdx().toBytes()),
  },
  {
    what: "a disk over another one",
    code: undefined,
    isKept: true,
    write: (folder) => {
      const parent = rawFile(folder, "parent", vhdx().toBytes());
      return rawFile(folder, "image", vhdx(parent).toBytes());
    },
  },
  {
    what: "a text",
    code: "IMAGE_UNRECOGNISED",
    isKept: true,
    write: (folder) => rawFile(folder, "image", Buffer.from("no disk at all\n".repeat(100))),
  },
  {
    what: "a disk of another format",
    code: "DISK_FORMAT_FOREIGN",
    isKept: true,
    write: (folder) => rawFile(folder, "image", Buffer.from("QFI\xfb".padEnd(1024), "latin1")),
  },
  {
    what: "a damaged disk",
    code: "VHDX_VERSION",
    isKept: true,
    write: (folder) => rawFile(folder, "image", damaged().toBytes()),
  },
  {
    what: "a disk over one that is not there",
    code: "DISK_PARENT_MISSING",
    isKept: false,
    write: (folder) => rawFile(folder, "image", vhdx("absent").toBytes()),
  },
  {
    what: "a disk over one that is damaged",
    code: "VHDX_VERSION",
    isKept: false,
    write: (folder) => {
      const parent = rawFile(folder, "parent", damaged().toBytes());
      return rawFile(folder, "image", vhdx(parent).toBytes());
    },
  },
])("$what ($code) is kept: $isKept, and is what an audit would say once more", ({ write, code, isKept }) => {
  const folder = newFolder();
  const path = write(folder);
  const file = join(folder, "cache");
  expect(audit(path).error?.code).toBe(code);
  expect(auditAndKeep(file, path)).toBe(isKept);
  expect(findIn(file, path)?.answer.json).toBe(isKept ? JSON.stringify(audit(path)) : undefined);
});

test("what an audit says of a chain is kept until any file of it changes", () => {
  const folder = newFolder();
  const parent = rawFile(folder, "parent", vhdx().toBytes());
  const path = rawFile(folder, "image", vhdx(parent).toBytes());
  const file = join(folder, "cache");
  auditAndKeep(file, path);
  expect(findIn(file, path)?.parents).toEqual([parent]);
  appendFileSync(parent, "x");
  expect(findIn(file, path)).toBeUndefined();
  writeFileSync(parent, vhdx().toBytes());
  expect(findIn(file, path)).toBeUndefined();
});
