// SPDX-License-Identifier: MIT
import { html, type Markup } from "./markup.ts";
import { STATE_NAMES, STATES } from "./states.ts";
import type { Group, Tally } from "./tally.ts";

/** Search and filters; the script brings them to life, and without it they are not shown. */
export function renderControls(tally: Tally): Markup {
  const states = STATE_NAMES.filter((state) => tally.states.has(state)).map((state) =>
    checkbox(
      "status",
      state,
      html`<span class="mark ${state}">${STATES[state]}</span>`,
      tally.states.get(state) ?? 0,
    ),
  );
  const gate =
    tally.gate.rows === 0
      ? undefined
      : html`<fieldset><legend>Gate</legend>${checkbox("gate", "failed", html`<span>fails it</span>`, tally.gate.rows)}</fieldset>`;
  return html`<form id="controls" class="controls" role="search" aria-label="Guests">
<div class="fields">
<label class="search">Search <input type="search" name="q" autocomplete="off" spellcheck="false" placeholder="image, host name, version, finding"></label>
${select("os", "Guest system", tally.systems)}
${select("action", "Action", tally.actions)}
</div>
<div class="fields"><fieldset><legend>Status</legend>${states}</fieldset>${gate}</div>
<div class="fields last"><output id="shown" class="shown" aria-live="polite"></output>
<span class="buttons"><button type="reset">Reset the view</button><button type="button" id="open-all">Open all shown</button><button type="button" id="close-all">Close all</button></span></div>
</form>`;
}

function checkbox(name: string, value: string, label: Markup, count: number): Markup {
  return html`<label class="chip"><input type="checkbox" name="${name}" value="${value}">${label}<span class="count">${count}</span></label>`;
}

function select(name: string, label: string, groups: readonly Group[]): Markup | undefined {
  if (groups.length < 2) return undefined;
  const options = groups.map(
    ({ id, label, count }) => html`<option value="${id}">${label} (${count})</option>`,
  );
  return html`<label>${label} <select name="${name}"><option value="">any</option>${options}</select></label>`;
}
