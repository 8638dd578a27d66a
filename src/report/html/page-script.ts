// SPDX-License-Identifier: MIT
// Generated from assets/page.js; test/report/html-assets.test.ts compares, and writes it with -u.

/** As it stands in the page, between its tags. */
export const SCRIPT = `// SPDX-License-Identifier: MIT
// The script of the HTML report. The page is complete without it; it adds search, filters, order and rows that open in
// place. It reads the table that is there and never makes markup of text: nothing here may parse HTML.
{
  /** How long after the last key stroke the search runs. */
  const TYPING_PAUSE_MS = 120;

  /** More open rows than this are not written into the address. */
  const OPEN_IN_ADDRESS_MAX = 40;

  const THEMES = { auto: "Theme: as the system", light: "Theme: light", dark: "Theme: dark" };
  const THEME_KEY = "vmguest-theme";

  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);

  // Before anything is painted, so that nothing jumps.
  root.classList.add("js");
  root.dataset.theme = savedTheme();
  document.addEventListener("DOMContentLoaded", start);

  function start() {
    startTheme();
    const table = byId("guests");
    const rows = [...table.tBodies].map(makeRow);
    const form = byId("controls");
    const view = { form, table, rows, heads: makeHeads(table), order: { column: -1, descending: false } };
    for (const row of rows) row.button.addEventListener("click", () => toggle(view, row));
    for (const [column, { button }] of view.heads.entries()) {
      button.addEventListener("click", () => sortBy(view, column));
    }
    table.addEventListener("click", (event) => openByRow(view, event));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", () => show(view));
    form.addEventListener("reset", () => setTimeout(() => reset(view)));
    form.elements.q.addEventListener(
      "input",
      later(() => show(view)),
    );
    byId("open-all").addEventListener("click", () => setAll(view, true));
    byId("close-all").addEventListener("click", () => setAll(view, false));
    // The link that skips to the guests has an address of its own, which is no view.
    window.addEventListener("hashchange", () => {
      if (byId(location.hash.slice(1)) === null) readAddress(view);
      else writeAddress(view);
    });
    readAddress(view);
  }

  // Rows

  /** A row of the table with the button that opens it; its text is taken when it is first searched. */
  function makeRow(body, index) {
    const [line, more] = body.rows;
    const head = line.cells[0];
    const button = document.createElement("button");
    button.type = "button";
    button.className = "opener";
    button.append(...head.childNodes);
    head.append(button);
    more.id = \`more-\${index + 1}\`;
    button.setAttribute("aria-controls", more.id);
    const row = { index, body, line, more, button, details: more.querySelector("details") };
    setOpen(row, false);
    return row;
  }

  function setOpen(row, isOpen) {
    row.isOpen = isOpen;
    row.more.hidden = !isOpen;
    row.details.open = isOpen;
    row.button.setAttribute("aria-expanded", String(isOpen));
  }

  function toggle(view, row) {
    setOpen(row, !row.isOpen);
    writeAddress(view);
  }

  function setAll(view, isOpen) {
    for (const row of view.rows) if (!isOpen || !row.body.hidden) setOpen(row, isOpen);
    writeAddress(view);
  }

  /** A click anywhere in a row opens it, unless text is being marked. */
  function openByRow(view, event) {
    if (event.target.closest("button, .more, thead") || String(getSelection()) !== "") return;
    const body = event.target.closest("tbody");
    const row = view.rows.find((candidate) => candidate.body === body);
    if (row !== undefined) toggle(view, row);
  }

  // Search and filters

  function show(view) {
    const { form, rows } = view;
    const words = form.elements.q.value.toLowerCase().split(/\\s+/).filter(Boolean);
    const statuses = new Set(valuesOf(form, "status"));
    const mustFail = valuesOf(form, "gate").length > 0;
    const os = form.elements.os?.value ?? "";
    const action = form.elements.action?.value ?? "";
    let shown = 0;
    for (const row of rows) {
      const { status, os: rowOs, action: rowAction, gate } = row.body.dataset;
      const isShown =
        (statuses.size === 0 || statuses.has(status)) &&
        (os === "" || os === rowOs) &&
        (action === "" || action === rowAction) &&
        (!mustFail || gate !== undefined) &&
        words.every((word) => textOf(row).includes(word));
      row.body.hidden = !isShown;
      if (isShown) shown++;
    }
    byId("nothing").hidden = shown > 0;
    const total = rows.length === 1 ? "1 row" : \`\${rows.length} rows\`;
    byId("shown").textContent = shown === rows.length ? \`All \${total} shown\` : \`\${shown} of \${total} shown\`;
    writeAddress(view);
  }

  function textOf(row) {
    row.text ??= row.body.textContent.toLowerCase();
    return row.text;
  }

  function valuesOf(form, name) {
    return [...form.querySelectorAll(\`input[name=\${name}]:checked\`)].map(({ value }) => value);
  }

  function reset(view) {
    sort(view, { column: -1, descending: false });
    for (const row of view.rows) setOpen(row, false);
    show(view);
  }

  // Order

  function makeHeads(table) {
    return [...table.tHead.rows[0].cells].map((cell) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sorter";
      button.append(...cell.childNodes);
      cell.append(button);
      return { cell, button, name: button.textContent.toLowerCase().replaceAll(" ", "-") };
    });
  }

  /** Up, then down, then as the report has them. */
  function sortBy(view, column) {
    const { order } = view;
    const isSame = order.column === column;
    if (isSame && order.descending) sort(view, { column: -1, descending: false });
    else sort(view, { column, descending: isSame });
    writeAddress(view);
  }

  function sort(view, order) {
    view.order = order;
    for (const [column, { cell }] of view.heads.entries()) {
      if (column === order.column)
        cell.setAttribute("aria-sort", order.descending ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    }
    const keyed = view.rows.map((row) => ({ row, key: order.column < 0 ? "" : keyOf(row, order.column) }));
    keyed.sort((a, b) => compareKeys(a.key, b.key, order.descending) || a.row.index - b.row.index);
    view.table.append(...keyed.map(({ row }) => row.body));
  }

  function keyOf(row, column) {
    const cell = row.line.cells[column];
    return cell.dataset.sort ?? cell.textContent.trim();
  }

  /** What says nothing comes last, whichever way the rest is ordered. */
  function compareKeys(a, b, isDescending) {
    if (a === "" || b === "") return Number(a === "") - Number(b === "");
    return collator.compare(a, b) * (isDescending ? -1 : 1);
  }

  // The address: what stands behind its # is the view, so that it may be kept and sent

  function writeAddress(view) {
    const { form, heads, order, rows } = view;
    const state = new URLSearchParams();
    const set = (name, value) => value !== undefined && value !== "" && state.set(name, value);
    set("q", form.elements.q.value.trim());
    for (const name of ["os", "action"]) set(name, form.elements[name]?.value);
    for (const name of ["status", "gate"]) set(name, valuesOf(form, name).join("."));
    if (order.column >= 0) set("sort", (order.descending ? "-" : "") + heads[order.column].name);
    const open = rows.filter(({ isOpen }) => isOpen).map(({ index }) => index + 1);
    if (open.length <= OPEN_IN_ADDRESS_MAX) set("open", open.join("."));
    const text = state.toString();
    view.address = text === "" ? "" : \`#\${text}\`;
    if (location.hash !== view.address) {
      history.replaceState(null, "", view.address || location.pathname + location.search);
    }
  }

  function readAddress(view) {
    const { form, heads, rows } = view;
    if (view.address !== undefined && view.address === location.hash) return;
    const state = new URLSearchParams(location.hash.slice(1));
    const listOf = (name) => new Set((state.get(name) ?? "").split("."));
    form.elements.q.value = state.get("q") ?? "";
    for (const name of ["os", "action"]) choose(form.elements[name], state.get(name) ?? "");
    for (const name of ["status", "gate"]) {
      const chosen = listOf(name);
      for (const box of form.querySelectorAll(\`input[name=\${name}]\`)) box.checked = chosen.has(box.value);
    }
    const wanted = state.get("sort") ?? "";
    const column = heads.findIndex(({ name }) => name === wanted.replace(/^-/, ""));
    if (column >= 0 || view.order.column >= 0) sort(view, { column, descending: wanted.startsWith("-") });
    const open = listOf("open");
    for (const row of rows) {
      const isOpen = open.has(String(row.index + 1));
      if (isOpen !== row.isOpen) setOpen(row, isOpen);
    }
    show(view);
  }

  function choose(select, value) {
    if (select === undefined) return;
    select.value = [...select.options].some((option) => option.value === value) ? value : "";
  }

  // Theme

  function startTheme() {
    const button = byId("theme");
    const name = () => {
      button.textContent = THEMES[root.dataset.theme];
    };
    button.hidden = false;
    name();
    button.addEventListener("click", () => {
      const names = Object.keys(THEMES);
      const next = names[(names.indexOf(root.dataset.theme) + 1) % names.length];
      root.dataset.theme = next;
      name();
      // A browser may keep nothing for a page that is a file; then the choice lasts as long as the page.
      try {
        localStorage.setItem(THEME_KEY, next);
      } catch {}
    });
  }

  function savedTheme() {
    try {
      const saved = localStorage.getItem(THEME_KEY);
      return Object.hasOwn(THEMES, saved) ? saved : "auto";
    } catch {
      return "auto";
    }
  }

  function later(work) {
    let timer;
    return () => {
      clearTimeout(timer);
      timer = setTimeout(work, TYPING_PAUSE_MS);
    };
  }
}
`;

/** Its source in a content security policy. */
export const SCRIPT_HASH = "sha256-Vnqrgynz78s7nDPcXiY9a6slW1B/UUxnmzl1Vk4UlaY=";
