// SPDX-License-Identifier: MIT
import type { GateCondition, StreamedReport } from "../../audit/index.ts";
import { stackedBar } from "./bar.ts";
import { html, type Markup } from "./markup.ts";
import { STATE_NAMES, STATES } from "./states.ts";
import type { Tally } from "./tally.ts";

/** The key figures: how much there is, how it stands, and what the gate says of it. */
export function renderFigures(
  { summary }: Pick<StreamedReport, "summary">,
  tally: Tally,
  forbidden: ReadonlySet<GateCondition>,
): Markup {
  const states = STATE_NAMES.filter((state) => tally.states.has(state)).map((state) => {
    const count = tally.states.get(state) ?? 0;
    return html`
<div class="figure"><dt><span class="mark ${state}">${STATES[state]}</span></dt><dd>${count} <small>${share(count, tally.rows)}</small></dd></div>`;
  });
  return html`
<section aria-labelledby="figures-title">
<h2 id="figures-title">At a glance</h2>
${renderGate(tally, forbidden)}
<dl class="figures">
<div class="figure total"><dt>Images</dt><dd>${summary.images}${parents(summary.parents)}</dd></div>
<div class="figure total"><dt>Guests</dt><dd>${summary.guests}</dd></div>${states}
</dl>
<div class="whole">${stackedBar(tally.states, tally.rows)}</div>
</section>`;
}

function parents(count: number): Markup | undefined {
  return count === 0 ? undefined : html` <small>${count} parent${count === 1 ? "" : "s"}</small>`;
}

function renderGate(tally: Tally, forbidden: ReadonlySet<GateCondition>): Markup | undefined {
  if (forbidden.size === 0) return undefined;
  const conditions = [...forbidden].join(", ");
  return tally.gate.images === 0
    ? html`<p class="gate passed"><strong>Gate passed.</strong> No image is what it forbids: ${conditions}.</p>`
    : html`<p class="gate failed"><strong>Gate failed</strong> by ${count(tally.gate.images, "image")}. It forbids: ${conditions}.</p>`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** Whole per cent, but neither "0%" of what there is nor "100%" of what is not all. */
function share(part: number, total: number): string {
  const percent = (part / total) * 100;
  if (percent < 1) return "<1%";
  return part < total && percent > 99 ? ">99%" : `${Math.round(percent)}%`;
}
