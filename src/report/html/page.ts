// SPDX-License-Identifier: MIT
import type { GateCondition, StreamedReport } from "../../audit/index.ts";
import { nameHost } from "../../policy/index.ts";
import { renderCharts } from "./charts.ts";
import { renderControls } from "./controls.ts";
import { entriesOf } from "./entries.ts";
import { renderFigures } from "./figures.ts";
import { html, type Markup } from "./markup.ts";
import { SCRIPT, SCRIPT_HASH } from "./page-script.ts";
import { STYLE, STYLE_HASH } from "./page-style.ts";
import { COLUMNS, renderEntry } from "./row.ts";
import { type Tally, tallyImages } from "./tally.ts";

/** What the page points out. */
export interface HtmlOptions {
  /** What a gate forbids (`--fail-on`): the page says which rows do it. */
  readonly forbidden?: ReadonlySet<GateCondition>;
}

/**
 * The audit as one page that needs nothing but itself: key figures, charts, and a table of all guests with what each
 * verdict rests on. It may be searched, filtered and sorted in a browser, and is complete without scripts.
 *
 * Comes in pieces; the images are gone through twice, first to count, then to write, and none is kept.
 */
export function* formatHtml(report: StreamedReport, options: HtmlOptions = {}): Generator<string, void> {
  const forbidden = options.forbidden ?? new Set();
  const tally = tallyImages(report.images, forbidden);
  yield `${renderHead(report)}<body>
<a class="skip" href="#guests-title">Skip to the guests</a>${renderHeader(report)}
<main>${renderFigures(report, tally, forbidden)}${renderCharts(report, tally) ?? ""}${renderTableHead(tally)}`;
  for (const image of report.images) {
    for (const entry of entriesOf(image, forbidden)) yield renderEntry(entry).toString();
  }
  yield renderEnd(report).toString();
}

/**
 * Nothing is loaded from anywhere, and nothing runs or paints but the page's own script and style, whatever an image
 * may have managed to write into the text.
 */
const POLICY = [
  "default-src 'none'",
  `script-src '${SCRIPT_HASH}'`,
  `style-src '${STYLE_HASH}'`,
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/** The empty icon keeps browsers from asking a server for one. */
function renderHead({ host, summary }: StreamedReport): string {
  return `${html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>vmguest audit: ${summary.images} image${summary.images === 1 ? "" : "s"}, host ${host.id}</title>
<link rel="icon" href="data:,">
`}<style>${STYLE}</style>
<script>${SCRIPT}</script>
</head>
`;
}

function renderHeader({ host, tool, timestamp, shard }: StreamedReport): Markup {
  const basis = host.extrapolated
    ? `, which is newer than Microsoft's update tables: by those for ${host.generation} and later`
    : "";
  return html`
<header class="top">
<div><h1>Hyper-V integration services</h1>
<p class="basis">Judged for a Hyper-V host of <strong>${nameHost(host.id)}</strong> (${host.id})${basis}.</p>
<ul class="origin"><li>vmguest ${tool.version}</li>${timestamp === undefined ? undefined : html`<li><time datetime="${timestamp}">${timestamp}</time></li>`}${
    shard === undefined
      ? undefined
      : html`<li>shard ${shard.index + 1} of ${shard.count}, which have ${shard.total} images together</li>`
  }</ul></div>
<button type="button" id="theme" class="theme" hidden>Theme: as the system</button>
</header>`;
}

function renderTableHead(tally: Tally): Markup {
  const heads = COLUMNS.map((column) => html`<th scope="col">${column}</th>`);
  return html`
<section class="guests" aria-labelledby="guests-title">
<h2 id="guests-title" tabindex="-1">Guests</h2>
${renderControls(tally)}
<table id="guests" class="entries">
<caption>A row for each guest, and for each image in which none was found or which could not be read</caption>
<thead><tr>${heads}</tr></thead>`;
}

function renderEnd({ tool }: StreamedReport): Markup {
  return html`
</table>
<p id="nothing" class="nothing" hidden>No row is like that. Reset the view to see all of them.</p>
</section>
</main>
<footer>Written by vmguest ${tool.version}. This page holds all that it shows and asks no network for anything; JSON reports have every detail for programs.</footer>
</body>
</html>
`;
}
