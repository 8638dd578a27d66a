import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const FOLDER = join(import.meta.dirname, "../../src/report/html");

/** The style sheets in the order in which they overrule each other. */
const SHEETS = ["base", "summary", "table", "detail", "wide", "narrow", "print"];

const assetOf = (name: string) => readFileSync(join(FOLDER, "assets", name), "utf8");
const script = assetOf("page.js");
const style = shorten(SHEETS.map((name) => assetOf(`${name}.css`)).join("\n"));

/** A rule to a line: no style sheet has strings or selectors in which these spaces mean anything. */
function shorten(sheet: string): string {
  return sheet
    .replaceAll(/\/\*[\s\S]*?\*\//g, "")
    .replaceAll(/\s+/g, " ")
    .replaceAll(/ ?([{};,]) ?|(:) /g, "$1$2")
    .replaceAll(";}", "}")
    .replaceAll("}", "}\n")
    .trim();
}

/** A module that holds a text as it is, and what a content security policy must say to let it through. */
function moduleOf(name: string, text: string, from: string): string {
  const literal = text.replaceAll(/[\\`]|\$(?=\{)/g, "\\$&");
  const hash = createHash("sha256").update(text).digest("base64");
  return `// SPDX-License-Identifier: MIT
// Generated from ${from}; test/report/html-assets.test.ts compares, and writes it with -u.

/** As it stands in the page, between its tags. */
export const ${name} = \`${literal}\`;

/** Its source in a content security policy. */
export const ${name}_HASH = "sha256-${hash}";
`;
}

test.each([
  ["page-script.ts", moduleOf("SCRIPT", script, "assets/page.js")],
  ["page-style.ts", moduleOf("STYLE", style, "assets/*.css")],
])("%s holds what the assets say", async (name, text) => {
  await expect(text).toMatchFileSnapshot(join(FOLDER, name));
});

test("the script never has text parsed as HTML or as code", () => {
  const parsers =
    /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|srcdoc/;
  expect(script).not.toMatch(parsers);
  expect(script).not.toMatch(/\beval\b|\bFunction\(|setTimeout\(\s*["'`]|import\(|fetch\(|XMLHttpRequest/);
});

test("neither asset ends its own element or asks for another file", () => {
  expect(script).not.toMatch(/<\/script|<!--/i);
  expect(style).not.toMatch(/<\/style|url\(|@import|@font-face/i);
});
