import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "vitest";
import {
  type AuditOptions,
  assembleReport,
  auditImage,
  type GuestReport,
  type ImageReport,
} from "../../src/audit/index.ts";
import { ownFolder } from "../support/own-folder.ts";

const schema = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../docs/schema/audit-1.schema.json"), "utf8"),
);
const isValid = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);

/** Writes an image file and gives its path. */
export function imageFile(name: string, bytes: Uint8Array): string {
  const path = join(ownFolder(), name);
  writeFileSync(path, bytes);
  return path;
}

/** Audits an image file for a Server 2012 R2 host, and holds the report it would become against the schema. */
export function auditFile(path: string, options: Partial<AuditOptions> = {}): ImageReport {
  const host = options.host ?? "ws2012r2";
  const image = auditImage(path, { ...options, host });
  const report = assembleReport([image], { host, toolVersion: "1.2.3" });
  expect(isValid(JSON.parse(JSON.stringify(report))), JSON.stringify(isValid.errors)).toBe(true);
  return image;
}

/** The same for the bytes of an image, which are written to a file first. */
export function auditBytes(bytes: Uint8Array, options: Partial<AuditOptions> = {}): ImageReport {
  const path = imageFile("image", bytes);
  try {
    return auditFile(path, options);
  } finally {
    rmSync(path);
  }
}

/** The only guest of an image. */
export function onlyGuest({ guests }: ImageReport): GuestReport {
  const [guest, ...more] = guests;
  expect(more).toEqual([]);
  return guest ?? expect.fail("no guest");
}

/** Codes of the findings with their places, without the path of the image that each begins with. */
export function findingsOf({ path, findings }: ImageReport): [code: string, where: string][] {
  return findings.map(({ code, where }) => {
    expect(where.startsWith(path)).toBe(true);
    return [code, where.slice(path.length).replace(/^: /, "")];
  });
}
