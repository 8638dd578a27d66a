import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatJson, makeVisible } from "../../src/report/index.ts";
import { widthOf, wrapText } from "../../src/report/text-width.ts";
import { shownName } from "../../src/report/visible-text.ts";

/** Every character that a terminal would obey, or that hides or reorders its neighbours. */
const HOSTILE = [
  { what: "an escape sequence", text: "\x1b[2Jgone", visible: "\\x1b[2Jgone" },
  { what: "an escape sequence of one C1 character", text: "\u009b31mred", visible: "\\x9b31mred" },
  { what: "a link (OSC 8)", text: "\x1b]8;;https://x\x07", visible: "\\x1b]8;;https://x\\x07" },
  { what: "a newline and a forged row", text: "ok\r\ncurrent", visible: "ok\\x0d\\x0acurrent" },
  { what: "a NUL", text: "a\0b", visible: "a\\x00b" },
  { what: "DEL", text: "a\x7fb", visible: "a\\x7fb" },
  { what: "a right-to-left override", text: "\u202egnp.exe", visible: "\\u202egnp.exe" },
  { what: "an isolate", text: "a\u2066b\u2069", visible: "a\\u2066b\\u2069" },
  { what: "a line separator", text: "a\u2028b\u2029", visible: "a\\u2028b\\u2029" },
  { what: "an unpaired high surrogate", text: "a\ud800b", visible: "a\\ud800b" },
  { what: "an unpaired low surrogate", text: "a\udc00", visible: "a\\udc00" },
  { what: "a zero-width space", text: "a\u200bb", visible: "a\\u200bb" },
  { what: "a byte-order mark", text: "\ufeffa", visible: "\\ufeffa" },
  { what: "a tag character", text: "a\u{e0041}", visible: "a\\u{e0041}" },
  { what: "a filler that looks empty", text: "\u3164", visible: "\\u3164" },
] as const;

describe("text from an image", () => {
  test.each(HOSTILE)("shows $what instead of obeying it", ({ text, visible }) => {
    expect(makeVisible(text)).toBe(visible);
  });

  test.each(["WEB01", "Windows Server® 2008", "日本語版", "Büro 🖥️", "C:\\Windows", "می‌خواهم", "\ufffd"])(
    "leaves %s as it is",
    (text) => {
      expect(makeVisible(text)).toBe(text);
    },
  );

  test("never lets a control, a line break or an unpaired surrogate through", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(makeVisible(text)).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
      }),
    );
  });

  test("is cut where a name is too long to be one, and the rest is counted", () => {
    expect(shownName("x".repeat(5000))).toBe(`${"x".repeat(120)}... (5000 characters)`);
  });
});

describe("JSON", () => {
  test.each(HOSTILE)("carries $what unchanged, and shows it escaped", ({ text }) => {
    const json = formatJson({ [text]: [text] });
    expect(JSON.parse(json)).toEqual({ [text]: [text] });
    expect(json).toMatch(/^[\x20-\x7e\n]+$/);
  });

  test("keeps the order of keys, two spaces and a last newline", () => {
    expect(formatJson({ b: 1, a: { c: null } })).toBe('{\n  "b": 1,\n  "a": {\n    "c": null\n  }\n}\n');
  });

  test("gives any value back", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: "binary" }), fc.string({ unit: "binary" })), (value) => {
        expect(JSON.parse(formatJson(value))).toEqual({ ...value });
      }),
    );
  });
});

test.each([
  ["", 0],
  ["plain", 5],
  ["Büro", 4],
  ["日本語", 6],
  ["한국어", 6],
  ["ｗｉｄｅ", 8],
  ["e\u0301", 1],
  ["🖥", 1],
  ["🚀", 2],
  ["\u{20000}", 2],
])("%j takes %i columns of a terminal", (text, width) => {
  expect(widthOf(text)).toBe(width);
});

describe("wrapping", () => {
  test.each([
    { text: "", width: 10, lines: [""] },
    { text: "short", width: 10, lines: ["short"] },
    { text: "one two three", width: 8, lines: ["one two", "three"] },
    { text: "integration-services-disk", width: 13, lines: ["integration-", "services-disk"] },
    { text: "fleet/deep/web01.vhdx", width: 12, lines: ["fleet/deep/", "web01.vhdx"] },
    { text: "a root that --trust-root gave", width: 15, lines: ["a root that", "--trust-root", "gave"] },
    { text: "unbreakable", width: 4, lines: ["unbr", "eaka", "ble"] },
    { text: "日本語版", width: 5, lines: ["日本", "語版"] },
    { text: "日", width: 1, lines: ["日"] },
  ])("breaks $text at $width into $lines", ({ text, width, lines }) => {
    expect(wrapText(text, width)).toEqual(lines);
  });

  test("loses nothing but spaces, and keeps within the width", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(..."ab -/\\日é") }),
        fc.integer({ min: 2, max: 20 }),
        (text, width) => {
          const lines = wrapText(text, width);
          expect(lines.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
          for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
        },
      ),
    );
  });
});
