import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { GUEST_FACTS, START } from "../../../src/audit/stored/guest-facts.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../../docs/report-files.md"), "utf8");

/** The rows of the table of guests: what, and what is better than what. */
const ROWS = [...PAGE.matchAll(/^\| (`[^|]*) \| ([^|]*) \|$/gm)].map(([, what = "", order = ""]) => ({
  words: [...what.matchAll(/`([a-z0-9-]+)`/g)].map(([, word]) => word),
  order,
}));

const orderOf = (order: readonly (readonly string[])[] | undefined) =>
  order === undefined
    ? "neither"
    : order.map((group) => group.map((value) => `\`${value}\``).join(", ")).join(" > ");

const rowOf = (word: string) => ROWS.find(({ words }) => words.includes(word))?.order;

test.each(GUEST_FACTS.filter(({ compare }) => compare === undefined))(
  "the page says what is better: $what",
  ({ what, order }) => {
    expect(rowOf(what)).toBe(orderOf(order));
  },
);

test("the page says how services and drivers are judged", () => {
  for (const word of ["service", "driver"]) expect(rowOf(word)).toBe(orderOf(START.order));
});

test("the page says that newer is better where there are versions", () => {
  const compared = GUEST_FACTS.filter(({ compare }) => compare !== undefined).map(({ what }) => what);
  expect(compared).toEqual(["version"]);
  expect(rowOf("version")).toMatch(/newer one > the older one > none/);
});
