// SPDX-License-Identifier: MIT
import { type GateCondition, type ImageReport, outcomeOf, violationsOf } from "../../audit/index.ts";
import { compareVersions, findGuest, isVersion, OS_IDS } from "../../policy/index.ts";
import { type Entry, entriesOf } from "./entries.ts";
import type { State } from "./states.ts";

/** How many rows have which state. */
export type StateCounts = ReadonlyMap<State, number>;

/** Rows that have something in common. */
export interface Group {
  readonly id: string;
  readonly label: string;
  readonly count: number;
  readonly states: StateCounts;
}

/** What the page's figures, charts and filters count. */
export interface Tally {
  readonly rows: number;
  readonly guests: number;
  readonly states: StateCounts;
  /** Oldest system first. */
  readonly systems: readonly Group[];
  /** Most frequent first. */
  readonly actions: readonly Group[];
  /** Newest first; guests without a version last. */
  readonly versions: readonly Group[];
  /** Images and rows that do what the gate forbids. */
  readonly gate: { readonly images: number; readonly rows: number };
}

/** Goes through the images once; keeps counts only, so that a report may be of any length. */
export function tallyImages(images: Iterable<ImageReport>, forbidden: ReadonlySet<GateCondition>): Tally {
  const states = new Map<State, number>();
  const systems = new Groups();
  const actions = new Groups();
  const versions = new Groups();
  const gate = { images: 0, rows: 0 };
  let rows = 0;
  let guests = 0;
  for (const image of images) {
    if (forbidden.size > 0 && violationsOf(outcomeOf(image), forbidden).length > 0) gate.images++;
    for (const { state, guest, violations } of entriesOf(image, forbidden)) {
      rows++;
      if (violations.length > 0) gate.rows++;
      increase(states, state);
      if (guest === null) continue;
      guests++;
      systems.add(systemOf(guest), findGuest(guest.os).name, state);
      actions.add(guest.verdict.action, guest.verdict.action, state);
      const version = versionOf(guest);
      versions.add(version, version, state);
    }
  }
  return {
    rows,
    guests,
    states,
    systems: systems.sorted((a, b) => systemOrder(a.id) - systemOrder(b.id)),
    actions: actions.sorted((a, b) => b.count - a.count || (a.id < b.id ? -1 : 1)),
    versions: versions.sorted((a, b) => byVersion(a.id, b.id)),
    gate,
  };
}

type Guest = NonNullable<Entry["guest"]>;

/** The id that the page's charts and filters know the guest's system by. */
export function systemOf({ os }: Guest): string {
  return os.family === "windows" ? os.id : os.family;
}

/** Systems stand in the order in which policy lists them. */
export function systemOrder(id: string): number {
  return (OS_IDS as readonly string[]).indexOf(id);
}

/** The guest's version, or why there is none. */
export function versionOf({ integrationServices, os }: Guest): string {
  return integrationServices.version ?? (os.family === "windows" ? "none found" : "not examined");
}

function byVersion(a: string, b: string): number {
  if (isVersion(a) && isVersion(b)) return compareVersions(b, a);
  if (isVersion(a) !== isVersion(b)) return isVersion(a) ? -1 : 1;
  return a < b ? -1 : 1;
}

class Groups {
  readonly #groups = new Map<string, { label: string; count: number; states: Map<State, number> }>();

  add(id: string, label: string, state: State): void {
    const group = this.#groups.get(id) ?? { label, count: 0, states: new Map<State, number>() };
    group.count++;
    increase(group.states, state);
    this.#groups.set(id, group);
  }

  sorted(compare: (a: Group, b: Group) => number): Group[] {
    return [...this.#groups].map(([id, group]) => ({ id, ...group })).sort(compare);
  }
}

function increase<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
