// SPDX-License-Identifier: MIT

/** Select Graphic Rendition codes (ECMA-48 8.3.117): the one that begins the style and the one that ends it. */
const STYLES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  magenta: [35, 39],
} as const;

export type Style = keyof typeof STYLES;

/** Puts text in a style, or leaves it as it is where colours are off. */
export type Paint = (style: Style, text: string) => string;

/** The paint for a terminal that shows colours, or for one (or a file) that does not. */
export function paintWith(colour: boolean): Paint {
  if (!colour) return (_style, text) => text;
  return (style, text) => {
    const [begin, end] = STYLES[style];
    return `\x1b[${begin}m${text}\x1b[${end}m`;
  };
}
