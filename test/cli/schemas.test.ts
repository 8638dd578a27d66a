import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const SCHEMAS = join(import.meta.dirname, "../../docs/schema");

type Schema = { readonly [key: string]: unknown };

const read = (name: string): Schema => JSON.parse(readFileSync(join(SCHEMAS, `${name}.schema.json`), "utf8"));

const isSchema = (value: unknown): value is Schema => typeof value === "object" && value !== null;

/** Every property of every object, by its way there. */
function propertiesOf(schema: Schema, way = ""): [way: string, property: Schema][] {
  return Object.entries(schema).flatMap(([key, value]) => {
    if (!isSchema(value)) return [];
    const place = `${way}/${key}`;
    const own =
      key === "properties" ? Object.entries(value).map(([name, at]) => [`${place}/${name}`, at]) : [];
    return [...(own as [string, Schema][]), ...propertiesOf(value, place)];
  });
}

/** The same without what explains it. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  if (!isSchema(value)) return value;
  const kept = Object.entries(value).filter(([key, at]) => key !== "description" || isSchema(at));
  return Object.fromEntries(kept.map(([key, at]) => [key, bare(at)]));
}

describe.each(["plan-1", "stage-1", "rollback-1"])("the schema %s", (name) => {
  test("describes every field", () => {
    const properties = propertiesOf(read(name));
    expect(properties.length).toBeGreaterThan(5);
    expect(
      properties.filter(([, { description }]) => typeof description !== "string").map(([way]) => way),
    ).toEqual([]);
  });
});

test("a plan says of a guest what an audit says of it", () => {
  const [plan, audit] = [read("plan-1"), read("audit-1")].map(({ $defs }) => $defs as Record<string, Schema>);
  for (const name of ["os", "verdict", "chosenOffer", "passedOverOffer", "offerPlace", "hostId"]) {
    expect(bare(plan?.[name])).toEqual(bare(audit?.[name]));
  }
});

test("a staging has the plan as the plan's own schema has it", () => {
  const { $schema, ...plan } = read("plan-1");
  expect($schema).toBe(read("stage-1")["$schema"]);
  expect((read("stage-1")["$defs"] as Schema)["plan"]).toEqual(plan);
});
