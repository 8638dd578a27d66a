// SPDX-License-Identifier: MIT
import { html, type Markup } from "./markup.ts";
import { STATE_NAMES } from "./states.ts";
import type { StateCounts } from "./tally.ts";

/**
 * A bar in which each state has the part that it has of `total`; the rest stays empty. It is decoration: the numbers
 * stand beside it as text. Lengths are attributes, since the page's policy forbids styles of its own to an element.
 */
export function stackedBar(states: StateCounts, total: number): Markup {
  let done = 0;
  const parts = STATE_NAMES.map((state) => {
    const count = states.get(state) ?? 0;
    if (count === 0) return undefined;
    const start = done;
    done += count;
    return html`<rect class="fill-${state}" x="${percent(start, total)}" width="${percent(count, total)}" height="100%"/>`;
  });
  return html`<svg class="bar" aria-hidden="true" focusable="false">${parts}</svg>`;
}

/** A bar of one colour. */
export function plainBar(count: number, total: number): Markup {
  return html`<svg class="bar" aria-hidden="true" focusable="false"><rect class="fill" width="${percent(count, total)}" height="100%"/></svg>`;
}

function percent(part: number, total: number): string {
  return `${total === 0 ? 0 : Math.round((part / total) * 100_000) / 1000}%`;
}
