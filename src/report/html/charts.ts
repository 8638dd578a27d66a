// SPDX-License-Identifier: MIT

import type { StreamedReport } from "../../audit/index.ts";
import { isVersion, nameHost } from "../../policy/index.ts";
import { shownName } from "../visible-text.ts";
import { plainBar, stackedBar } from "./bar.ts";
import { html, type Markup } from "./markup.ts";
import { STATE_NAMES, STATES } from "./states.ts";
import type { Group, Tally } from "./tally.ts";

/** As many as stand beside the two other charts; the table below has them all. */
const VERSIONS_MAX = 18;

/** How the guests stand by their system, what is to be done, and which versions there are. */
export function renderCharts({ host }: Pick<StreamedReport, "host">, tally: Tally): Markup | undefined {
  if (tally.guests === 0) return undefined;
  return html`
<section class="charts" aria-labelledby="charts-title">
<h2 id="charts-title">Distribution</h2>
<div class="panels">
${systemChart(`Status by guest system, on a host of ${nameHost(host.id)} (${host.id})`, tally.systems)}
${countChart("Versions of integration services", "Version", mostFrequent(tally.versions), "tall")}
${countChart("What is to be done", "Action", tally.actions)}
</div>
</section>`;
}

/** A row for each system: a bar of its states, and the number of each. */
function systemChart(caption: string, groups: readonly Group[]): Markup {
  const states = STATE_NAMES.filter((state) => groups.some((group) => group.states.has(state)));
  const longest = Math.max(...groups.map(({ count }) => count));
  const heads = states.map(
    (state) => html`<th scope="col"><span class="mark ${state}">${STATES[state]}</span></th>`,
  );
  const rows = groups.map((group) => {
    const numbers = states.map((state) => {
      const count = group.states.get(state) ?? 0;
      return count === 0
        ? html`<td class="none">0</td>`
        : html`<td data-state="${STATES[state]}">${count}</td>`;
    });
    return html`
<tr><th scope="row">${group.label}</th><td class="drawn">${stackedBar(group.states, longest)}</td>${numbers}<td class="sum">${group.count}</td></tr>`;
  });
  return html`<div class="panel"><table class="chart systems">
<caption>${caption}</caption>
<thead><tr><th scope="col">Guest system</th><td></td>${heads}<th scope="col">guests</th></tr></thead>
<tbody>${rows}
</tbody></table></div>`;
}

/** A row for each group: a bar and its number. */
function countChart(caption: string, head: string, groups: readonly Group[], name = ""): Markup {
  const longest = Math.max(...groups.map(({ count }) => count));
  const rows = groups.map(
    ({ label, count }) => html`
<tr><th scope="row">${shownName(label)}</th><td class="drawn">${plainBar(count, longest)}</td><td class="sum">${count}</td></tr>`,
  );
  return html`<div class="panel ${name}"><table class="chart">
<caption>${caption}</caption>
<thead><tr><th scope="col">${head}</th><td></td><th scope="col">guests</th></tr></thead>
<tbody>${rows}
</tbody></table></div>`;
}

/** The most frequent of many versions, in the order they came in, and one row for all others; having none is no other. */
function mostFrequent(versions: readonly Group[]): Group[] {
  if (versions.length <= VERSIONS_MAX) return [...versions];
  const ranked = versions.toSorted(
    (a, b) => Number(isVersion(a.id)) - Number(isVersion(b.id)) || b.count - a.count,
  );
  const kept = new Set(ranked.slice(0, VERSIONS_MAX - 1));
  const others = versions.filter((group) => !kept.has(group));
  const count = others.reduce((sum, group) => sum + group.count, 0);
  const rest: Group = { id: "", label: `${others.length} other versions`, count, states: new Map() };
  return [...versions.filter((group) => kept.has(group)), rest];
}
