// SPDX-License-Identifier: MIT
import type { FindingReport, GuestReport, ImageReport } from "../../audit/index.ts";
import { describeOffer } from "../guest-words.ts";
import { shownName, shownSentence } from "../visible-text.ts";
import type { Entry } from "./entries.ts";
import { html, type Markup } from "./markup.ts";

/** How many findings of one code are listed of an image; the JSON has them all. */
const FINDINGS_OF_ONE_CODE_MAX = 10;

/** Longer lists (a chain of 256 files, say) are for programs. */
const LIST_LENGTH_MAX = 50;

/** What stands behind a row: the error, the reasons, the facts and where each was found. */
export function renderDetail({ image, guest, error, violations }: Entry): Markup {
  const gate = html`<p class="gate-note">Fails the gate, which forbids: <strong>${violations.join(", ")}</strong></p>`;
  return html`<div class="detail">${violations.length === 0 ? undefined : gate}<div class="parts">${[
    error === null ? undefined : renderError(error),
    guest === null ? undefined : renderVerdict(guest),
    renderFindings(image.findings),
    guest === null ? undefined : [renderStaging(guest), renderGuestFacts(guest)],
    renderImageFacts(image),
  ]}</div>${guest === null ? undefined : [renderEvidence(guest), renderServices(guest)]}</div>`;
}

function part(title: string, content: Markup, name = ""): Markup {
  return html`<div class="part ${name}"><h3>${title}</h3>${content}</div>`;
}

function list(sentences: readonly string[]): Markup {
  const items = sentences
    .slice(0, LIST_LENGTH_MAX)
    .map((sentence) => html`<li>${shownSentence(sentence)}</li>`);
  const left = sentences.length - items.length;
  const rest = left === 0 ? undefined : html`<li>and ${left} more, which the JSON report lists</li>`;
  return html`<ul>${items}${rest}</ul>`;
}

type Facts = readonly (readonly [term: string, fact: string | Markup | undefined])[];

/** What is undefined is left out. */
function facts(entries: Facts): Markup {
  const known = entries.filter(([, fact]) => fact !== undefined && fact !== "");
  return html`<dl>${known.map(([term, fact]) => html`<div><dt>${term}</dt><dd>${fact}</dd></div>`)}</dl>`;
}

function renderError({ code, message, where, hint }: NonNullable<Entry["error"]>): Markup {
  const help = hint === null ? undefined : html`<p class="hint">${hint}</p>`;
  return part(
    "Error",
    html`<p>${shownSentence(message)} <code>${code}</code></p>${help}<p class="where">${shownSentence(where)}</p>`,
    "error",
  );
}

/** The row of the table that a reason cites stands with the facts. */
function renderVerdict({ verdict, rule }: GuestReport): Markup[] {
  const { offered, passedOver, reasons } = verdict;
  const parts = [part("Why", list(reasons.map((reason) => reason.replace(` (${rule.source})`, ""))))];
  const shownPackage = offered === null ? verdict.package : describeOffer(offered);
  if (shownPackage !== null || passedOver.length > 0) {
    const others = passedOver.map(({ place, reason }) => `${place.join("/")} was passed over: ${reason}`);
    parts.push(
      part(
        "Package",
        html`<p>${shownSentence(shownPackage ?? "none")}</p>${others.length === 0 ? undefined : list(others)}`,
      ),
    );
  }
  return parts;
}

function renderFindings(findings: readonly FindingReport[]): Markup | undefined {
  if (findings.length === 0) return undefined;
  const seen = new Map<string, number>();
  const items = findings.flatMap(({ code, severity, message, where }) => {
    const count = (seen.get(code) ?? 0) + 1;
    seen.set(code, count);
    if (count > FINDINGS_OF_ONE_CODE_MAX) return [];
    return [
      html`<li><span class="severity ${severity}">${severity}</span> ${shownSentence(message)} <code>${code}</code><br><span class="where">${shownSentence(where)}</span></li>`,
    ];
  });
  const rest = [...seen]
    .filter(([, count]) => count > FINDINGS_OF_ONE_CODE_MAX)
    .map(
      ([code, count]) =>
        html`<li>and ${count - FINDINGS_OF_ONE_CODE_MAX} more of <code>${code}</code>, which the JSON report lists</li>`,
    );
  return part("Findings of the image", html`<ul class="findings">${items}${rest}</ul>`);
}

/** Nothing where there never was a staging. */
function renderStaging({ staging }: GuestReport): Markup | undefined {
  const { state, detail, job, exitCode, evidence } = staging;
  if (state === "none" && evidence.length === 0) return undefined;
  return part(
    "Staged update",
    html`<p><strong>${state}</strong>: ${shownSentence(detail)}</p>${facts([
      ["Package", job === null ? undefined : `${shownName(job.packageName)} (${shownName(job.version)})`],
      ["Job", job === null ? undefined : shownName(job.id)],
      ["Trigger", job?.trigger],
      ["Attempts", job === null ? undefined : `${job.attempts} of ${job.maxAttempts}`],
      ["Exit code", exitCode === null ? undefined : String(exitCode)],
    ])}${list(evidence)}`,
  );
}

function renderGuestFacts(guest: GuestReport): Markup {
  const { os, windowsUpdate, pendingServicing, volume } = guest;
  const build = os.revision === null ? `${os.build ?? ""}` : `${os.build ?? "?"}.${os.revision}`;
  const said = (word: string, reasons: readonly string[]) =>
    reasons.length === 0 ? word : html`${word}${list(reasons)}`;
  return part(
    "Guest",
    facts([
      [
        "System",
        html`<code>${os.id}</code> ${shownName([os.version, build].filter(Boolean).join(", build "))}`,
      ],
      ["Edition", shownName([os.edition, os.installationType].filter((word) => word !== null).join(", "))],
      ["Setup state", guest.setupState],
      [
        "Volume",
        `${volume.index}, ${bytes(volume.size)} at ${hex(volume.offset)}${volume.state.length === 0 ? "" : `: ${volume.state.join(", ")}`}`,
      ],
      ["System folder", guest.systemRoot === null ? undefined : shownName(guest.systemRoot)],
      [
        "Windows Update",
        os.family === "windows" ? said(windowsUpdate.verdict, windowsUpdate.reasons) : undefined,
      ],
      ["Pending servicing", pendingServicing.length === 0 ? undefined : said("yes", pendingServicing)],
      ["SHA-2 signatures", guest.sha2],
      ["Update rule", describeRule(guest.rule)],
    ]),
  );
}

function describeRule({ mechanism, alternative, note, source, extrapolated }: GuestReport["rule"]): string {
  const other = alternative === null ? "" : ` (the other document says ${alternative})`;
  const basis = extrapolated ? `${source}, for a system newer than it` : source;
  return shownSentence([`${mechanism}${other}`, note, basis].filter((part) => part !== "").join("; "));
}

function renderImageFacts({ container, partitionTable, volumes }: ImageReport): Markup | undefined {
  if (container === null) return undefined;
  const { format, kind, virtualSize, chain, logState } = container;
  return part(
    "Image",
    facts([
      ["Container", `${format}, ${kind}, ${bytes(virtualSize)}`],
      ["Log", logState === "clean" ? undefined : logState],
      ["Chain", chain.length < 2 ? undefined : list(chain)],
      ["Partition table", partitionTable ?? undefined],
      [
        "Volumes",
        volumes.length === 0
          ? undefined
          : list(
              volumes.map(
                ({ index, fileSystem, size, role }) => `${index}: ${fileSystem}, ${bytes(size)}, ${role}`,
              ),
            ),
      ],
      ["Data identity", container.dataWriteGuid ?? undefined],
    ]),
  );
}

function renderEvidence({ integrationServices }: GuestReport): Markup | undefined {
  const { evidence } = integrationServices;
  if (evidence.length === 0) return undefined;
  const rows = evidence.map(
    ({ source, value, where }) =>
      html`<tr><td>${source}</td><td>${shownName(value)}</td><td class="where">${shownSentence(where)}</td></tr>`,
  );
  return part(
    "Evidence",
    html`<table class="evidence"><thead><tr><th scope="col">Source</th><th scope="col">Version</th><th scope="col">Where</th></tr></thead><tbody>${rows}</tbody></table>`,
  );
}

type Service = GuestReport["integrationServices"]["services"][number];

/** Services by how they start: the ones that differ from the rest are seen at once. */
function renderServices({ integrationServices, os }: GuestReport): Markup | undefined {
  const { services, drivers, dataExchange } = integrationServices;
  if (services.length + drivers.length === 0) return undefined;
  return part(
    "Services",
    facts([
      ["Data Exchange", os.family === "windows" ? dataExchange : undefined],
      ...byStart(services, "services"),
      ...byStart(drivers, "drivers"),
    ]),
  );
}

function byStart(services: readonly Service[], noun: string): Facts {
  const groups = new Map<string, Service[]>();
  for (const service of services) {
    const word = service.present ? `${service.start ?? "unknown"}` : "absent";
    groups.set(word, [...(groups.get(word) ?? []), service]);
  }
  return [...groups].map(([word, group]) => [
    `${word}, ${noun}`,
    html`${group.map(({ name, displayName }, index) => html`${index === 0 ? "" : "; "}${shownName(displayName)} <code>${shownName(name)}</code>`)}`,
  ]);
}

function bytes(size: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(Math.floor(Math.log2(Math.max(size, 1)) / 10), units.length - 1);
  return `${Math.round((size / 1024 ** power) * 10) / 10} ${units[power]}`;
}

function hex(offset: number): string {
  return `0x${offset.toString(16)}`;
}
