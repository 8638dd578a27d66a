// SPDX-License-Identifier: MIT
import { describeMachine, describeOs } from "../guest-words.ts";
import { shownName, shownSentence } from "../visible-text.ts";
import { renderDetail } from "./detail.ts";
import type { Entry } from "./entries.ts";
import { html, type Markup } from "./markup.ts";
import { STATE_NAMES, STATES } from "./states.ts";
import { systemOf, systemOrder, versionOf } from "./tally.ts";

/** The columns of the table, in their order; page.css and page.js count on it. */
export const COLUMNS = [
  "Image",
  "Role",
  "Status",
  "Guest system",
  "Host name",
  "IC version",
  "Source",
  "Mechanism",
  "Action",
  "Findings",
] as const;

/**
 * A row of the table with what stands behind it in a second row below. Both are one `tbody`, which is what the script
 * sorts and hides.
 */
export function renderEntry(entry: Entry): Markup {
  const { image, state, guest, violations } = entry;
  const gate = violations.length > 0 ? html` data-gate` : undefined;
  const keys =
    guest === null ? undefined : html` data-os="${systemOf(guest)}" data-action="${guest.verdict.action}"`;
  return html`
<tbody data-status="${state}"${keys}${gate}>
<tr><th scope="row">${imageName(image.path)}</th><td>${image.role}</td>${statusCell(entry)}${guestCells(entry)}${findingsCell(entry)}</tr>
<tr class="more"><td colspan="${COLUMNS.length}"><details><summary>More of ${nameOf(entry)}</summary>${renderDetail(entry)}</details></td></tr>
</tbody>`;
}

/** The folder stands back behind the name of the file. */
function imageName(path: string): Markup {
  const cut = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1;
  return html`<span class="folder">${shownSentence(path.slice(0, cut))}</span>${shownSentence(path.slice(cut))}`;
}

function nameOf({ image, guest }: Entry): string {
  const path = shownSentence(image.path);
  return guest === null ? path : `${path}, ${describeMachine(guest)}`;
}

function statusCell({ state, violations }: Entry): Markup {
  const gate =
    violations.length === 0
      ? undefined
      : html`<span class="fails" title="The gate forbids: ${violations.join(", ")}">fails the gate</span>`;
  return html`<td data-sort="${STATE_NAMES.indexOf(state)}"><span class="badge ${state}">${STATES[state]}</span>${gate}</td>`;
}

/** Guest system, host name, version, source, mechanism and action. */
function guestCells({ guest, state, image }: Entry): Markup {
  if (guest === null)
    return html`<td data-sort="">${absence(state === "error", image.volumes)}</td><td></td><td></td><td></td><td></td><td></td>`;
  const { os, integrationServices, rule, verdict } = guest;
  const disputed = integrationServices.consistent ? undefined : html` <span class="disputed">disputed</span>`;
  const isVersioned = integrationServices.version !== null;
  const version = isVersioned ? html`<td>` : html`<td class="none" data-sort="">`;
  return html`<td data-sort="${systemOrder(systemOf(guest))}">${describeOs(guest)}</td><td>${os.hostname === null ? undefined : shownName(os.hostname)}</td>${version}${shownName(versionOf(guest))}${disputed}</td><td>${isVersioned ? integrationServices.source : undefined}</td><td>${rule.mechanism}</td><td>${verdict.action}</td>`;
}

function absence(isUnreadable: boolean, volumes: Entry["image"]["volumes"]): Markup {
  if (isUnreadable) return html`<span class="none">could not be read</span>`;
  const contents = [...new Set(volumes.map(({ fileSystem }) => fileSystem))];
  return html`<span class="none">no guest found${contents.length === 0 ? "" : ` in ${contents.join(", ")}`}</span>`;
}

/** How many findings of each severity; sorted by the gravest first. */
function findingsCell({ image: { findings } }: Entry): Markup {
  if (findings.length === 0) return html`<td data-sort=""></td>`;
  const counts = { error: 0, warning: 0, info: 0 };
  for (const { severity } of findings) counts[severity]++;
  const { error, warning, info } = counts;
  const parts = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([severity, count]) => html`<span class="severity ${severity}">${count} ${severity}</span> `);
  return html`<td data-sort="${error * 1e6 + warning * 1e3 + info}">${parts}</td>`;
}
