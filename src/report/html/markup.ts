// SPDX-License-Identifier: MIT
import { makeVisible } from "../visible-text.ts";

/**
 * Text that is HTML already. Only {@link html} makes it, so that whatever came from an image has been through
 * {@link escapeText} before it stands in a page.
 */
export class Markup {
  readonly #text: string;

  constructor(template: TemplateStringsArray, values: readonly Insert[]) {
    this.#text = template.reduce((text, part, index) => text + render(values[index - 1]) + part);
  }

  toString(): string {
    return this.#text;
  }
}

/** What may stand in a template: text and numbers are escaped, markup stands as it is, nothing leaves nothing. */
export type Insert = string | number | Markup | readonly Insert[] | undefined;

/** A template of HTML: `` html`<td title="${name}">${name}</td>` ``; attributes must be quoted. */
export function html(template: TemplateStringsArray, ...values: readonly Insert[]): Markup {
  return new Markup(template, values);
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Any text as it may stand between tags and in quoted attributes. Characters that a reader could not see, or that
 * reorder what stands beside them, are written out as everywhere in our reports.
 */
export function escapeText(text: string): string {
  return makeVisible(text).replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}

function render(value: Insert): string {
  if (value === undefined) return "";
  if (value instanceof Markup) return value.toString();
  if (typeof value === "string") return escapeText(value);
  if (typeof value === "number") return String(value);
  return value.map(render).join("");
}
