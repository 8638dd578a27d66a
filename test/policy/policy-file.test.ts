import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GATE_CONDITIONS } from "../../src/audit/index.ts";
import { GUEST_NAMES, HOST_IDS, HOST_NAMES, parsePolicy, readPolicy } from "../../src/policy/index.ts";

const DOCS = join(import.meta.dirname, "../../docs");
const schema = JSON.parse(readFileSync(join(DOCS, "schema/policy-1.schema.json"), "utf8"));
const matchesSchema = new Ajv2020({ strict: true }).compile(schema);

const SCHEMA = { schema: "vmguest.policy/1" };
const parse = (value: unknown) => parsePolicy(JSON.stringify(value), GATE_CONDITIONS);

const FULL = {
  ...SCHEMA,
  host: "ws2012r2",
  failOn: ["outdated", "missing"],
  minimumVersions: [
    { guest: ["ws2008r2", "nt6.0"], host: ["2012r2", "ws2019"], version: "6.3.9600.18692" },
    { version: "6.2.9200.16433" },
  ],
};

describe("a policy file", () => {
  test.each([[SCHEMA], [FULL], [{ ...SCHEMA, failOn: GATE_CONDITIONS }]])(
    "says what it says: %j",
    (value) => {
      expect(parse(value)).toEqual(value);
      expect(matchesSchema(value)).toBe(true);
    },
  );

  test("may name its schema for editors", () => {
    const value = { $schema: "vmguest/schema/policy-1.json", ...SCHEMA };
    expect(parse(value)).toEqual(SCHEMA);
    expect(matchesSchema(value)).toBe(true);
  });

  test("is as its page shows it", () => {
    const page = readFileSync(join(DOCS, "policy-file.md"), "utf8");
    const examples = [...page.matchAll(/```json\n(.*?)```/gs)].map(([, text = ""]) => text);
    expect(examples.length).toBeGreaterThan(0);
    for (const text of examples) {
      expect(parsePolicy(text, GATE_CONDITIONS).schema).toBe("vmguest.policy/1");
      expect(matchesSchema(JSON.parse(text))).toBe(true);
    }
  });

  test("has a schema that knows the same words", () => {
    const { host, failOn } = schema.properties;
    const { rule } = schema.$defs;
    expect(host.enum).toEqual(HOST_IDS);
    expect(failOn.items.enum).toEqual(GATE_CONDITIONS);
    expect(rule.properties.host.items.enum).toEqual(HOST_NAMES);
    expect(rule.properties.guest.items.enum.toSorted()).toEqual([...GUEST_NAMES].toSorted());
  });
});

const rule = (more: object) => ({ ...SCHEMA, minimumVersions: [{ version: "6.3.9600.18692", ...more }] });

describe("a mistake", () => {
  test.each([
    { value: null, place: "$", says: "an object is wanted, not null" },
    { value: [], place: "$", says: "an object is wanted, not []" },
    { value: {}, place: "$.schema", says: '"vmguest.policy/1" is wanted, not nothing' },
    { value: { schema: "vmguest.policy/2" }, place: "$.schema", says: "is wanted, not" },
    {
      value: { ...SCHEMA, failon: ["outdated"] },
      place: "$",
      says: '"failon" is no key here, but $schema, schema, host, failOn, minimumVersions are',
    },
    { value: { ...SCHEMA, host: "Windows Server 2019" }, place: "$.host", says: '"ws2019"' },
    { value: { ...SCHEMA, host: null }, place: "$.host", says: "not null" },
    { value: { ...SCHEMA, failOn: "outdated" }, place: "$.failOn", says: "a list is wanted" },
    { value: { ...SCHEMA, failOn: [] }, place: "$.failOn", says: "the list is empty" },
    {
      value: { ...SCHEMA, failOn: ["missing", "out-dated"] },
      place: "$.failOn[1]",
      says: 'not "out-dated"',
    },
    {
      value: { ...SCHEMA, failOn: ["missing", "missing"] },
      place: "$.failOn[1]",
      says: '"missing" is in the list already',
    },
    { value: { ...SCHEMA, failOn: ["none"] }, place: "$.failOn[0]", says: 'not "none"' },
    { value: { ...SCHEMA, minimumVersions: {} }, place: "$.minimumVersions", says: "a list is wanted" },
    { value: { ...SCHEMA, minimumVersions: [1] }, place: "$.minimumVersions[0]", says: "an object" },
    { value: rule({ guests: ["win7"] }), place: "$.minimumVersions[0]", says: '"guests" is no key here' },
    { value: rule({ version: 6.3 }), place: "$.minimumVersions[0].version", says: "not 6.3" },
    { value: rule({ version: "6.3 " }), place: "$.minimumVersions[0].version", says: 'not "6.3 "' },
    { value: rule({ guest: "win7" }), place: "$.minimumVersions[0].guest", says: "a list is wanted" },
    { value: rule({ guest: [] }), place: "$.minimumVersions[0].guest", says: "the list is empty" },
    { value: rule({ guest: ["win7", "w7"] }), place: "$.minimumVersions[0].guest[1]", says: 'not "w7"' },
    { value: rule({ guest: ["linux"] }), place: "$.minimumVersions[0].guest[0]", says: 'not "linux"' },
    { value: rule({ host: ["2008"] }), place: "$.minimumVersions[0].host[0]", says: 'not "2008"' },
  ])("is refused with the way to it: $value", ({ value, place, says }) => {
    expect(matchesSchema(value)).toBe(false);
    expect(() => parse(value)).toThrow(
      expect.objectContaining({
        code: "POLICY_INVALID",
        kind: "usage",
        message: expect.stringContaining(says),
        where: { structure: place },
      }),
    );
  });

  test.each([
    { text: "", says: "the text is no JSON" },
    { text: "{", says: "the text is no JSON" },
    { text: "// a comment\n{}", says: "the text is no JSON" },
    { text: '{"schema":"vmguest.policy/1","__proto__":{}}', says: '"__proto__" is no key here' },
    { text: '{"schema":"vmguest.policy/1","failOn":["error"],"failOn":["missing"]}', says: "twice" },
    { text: '{"schema":"vmguest.policy/1","failOn":["error"],"fail\\u004fn":["missing"]}', says: "twice" },
  ])("in the text is refused: $text", ({ text, says }) => {
    expect(() => parsePolicy(text, GATE_CONDITIONS)).toThrow(
      expect.objectContaining({ code: "POLICY_INVALID", message: expect.stringContaining(says) }),
    );
  });

  test("in a rule's sense is refused too, though the schema cannot tell", () => {
    const value = { ...SCHEMA, minimumVersions: [{ version: "6.3" }, { version: "6.2" }] };
    expect(matchesSchema(value)).toBe(true);
    expect(() => parse(value)).toThrow(
      expect.objectContaining({ where: { structure: "$.minimumVersions[1]" } }),
    );
  });

  test("is quoted only as far as anybody would read", () => {
    expect(() => parse({ ...SCHEMA, host: "x".repeat(1000) })).toThrow(/not "x{59}\.\.\./);
  });
});

describe("whatever JSON there is", () => {
  test("is a policy or POLICY_INVALID, and no policy is what its schema refuses", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.jsonValue(),
          fc.jsonValue().map((failOn) => ({ ...SCHEMA, failOn })),
        ),
        (value) => {
          try {
            readPolicy(value, GATE_CONDITIONS);
          } catch (error) {
            expect(error).toMatchObject({ code: "POLICY_INVALID" });
            return;
          }
          expect(matchesSchema(value)).toBe(true);
        },
      ),
    );
  });

  test("has no key twice as JSON.stringify writes it", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify({ inner: value, list: [value, value] });
        expect(() => parsePolicy(text, GATE_CONDITIONS)).toThrow(/is no key here/);
      }),
    );
  });

  test("of a megabyte takes no stack", () => {
    const text = JSON.stringify({ ...SCHEMA, host: '\\"'.repeat(250_000) });
    expect(() => parsePolicy(text, GATE_CONDITIONS)).toThrow(
      expect.objectContaining({ code: "POLICY_INVALID" }),
    );
  });
});
