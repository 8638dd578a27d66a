import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "vitest";
import { buildCabinet, mszip, stored } from "../lab/cab.ts";

/** A cabinet of files by their path, with `/`, each in a folder of its own, so that damage stays with one of them. */
export function cabinetOf(
  files: Readonly<Record<string, string | Uint8Array>>,
  { isStored = false }: { readonly isStored?: boolean } = {},
): Uint8Array {
  const folders = Object.entries(files).map(([path, content]) => {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    return { encoder: isStored ? stored : mszip, members: [{ name: path.replaceAll("/", "\\"), bytes }] };
  });
  return buildCabinet({ folders });
}

const SCHEMAS = join(import.meta.dirname, "../../docs/schema");

/** The report that a command printed as JSON, held against the schema that is published for it. */
export function parseReport(schema: string, stdout: string): ReturnType<typeof JSON.parse> {
  const isValid = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(
    JSON.parse(readFileSync(join(SCHEMAS, `${schema}.schema.json`), "utf8")),
  );
  const report = JSON.parse(stdout);
  expect(isValid(report), JSON.stringify(isValid.errors)).toBe(true);
  return report;
}
