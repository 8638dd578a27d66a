import { describe, expect, test } from "vitest";
import { STYLE } from "../../src/report/html/page-style.ts";
import { STATE_NAMES } from "../../src/report/html/states.ts";

/** Every colour of the page by its name, as it is in the light and in the dark. */
const COLOURS = new Map(
  [...STYLE.matchAll(/--([a-z-]+):light-dark\((#[0-9a-f]{6}),(#[0-9a-f]{6})\)/g)].map(
    ([, name = "", light = "", dark = ""]) => [name, { light, dark }],
  ),
);

/** WCAG 2.2, relative luminance. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

const colourOf = (name: string, theme: "light" | "dark") =>
  COLOURS.get(name)?.[theme] ?? expect.fail(`no colour ${name}`);

const BACKGROUNDS = ["page", "surface", "raised"];

const TEXTS: readonly (readonly [ink: string, background: string])[] = [
  ...["ink", "muted", "missing-ink", "outdated-ink"].flatMap((ink) =>
    BACKGROUNDS.map((background) => [ink, background] as const),
  ),
  ["accent", "surface"],
  ["ink", "error-tint"],
  ...STATE_NAMES.map((state) => [`${state}-ink`, `${state}-tint`] as const),
];

describe.each(["light", "dark"] as const)("in the %s theme", (theme) => {
  test.each(TEXTS)("text in %s on %s can be read (WCAG 1.4.3)", (ink, background) => {
    expect(contrast(colourOf(ink, theme), colourOf(background, theme))).toBeGreaterThanOrEqual(4.5);
  });

  test.each([
    ["control", "surface"],
    ["accent", "raised"],
    ["fill", "raised"],
  ])("%s stands out from %s (WCAG 1.4.11)", (edge, background) => {
    expect(contrast(colourOf(edge, theme), colourOf(background, theme))).toBeGreaterThanOrEqual(3);
  });
});

test("every colour that is used is declared, for both themes", () => {
  const used = new Set([...STYLE.matchAll(/var\(--([a-z-]+)\)/g)].map(([, name]) => name));
  expect([...used].filter((name) => name !== "mono" && !COLOURS.has(name ?? ""))).toEqual([]);
  expect(COLOURS.size).toBeGreaterThan(25);
});
