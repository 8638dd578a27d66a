// SPDX-License-Identifier: MIT
import type { ImageOutcome } from "./image-outcome.ts";
import type { AuditSummary } from "./report.ts";

/** Counts images as they are done; the order in which they come does not show. */
export class SummaryBuilder {
  #images = 0;
  #parents = 0;
  #guests = 0;
  #errors = 0;
  readonly #byStatus = new Map<string, number>();
  readonly #byAction = new Map<string, number>();

  add({ role, guests, error }: ImageOutcome): void {
    this.#images++;
    if (role === "parent") this.#parents++;
    if (error !== null) this.#errors++;
    for (const { status, action } of guests) {
      this.#guests++;
      count(this.#byStatus, status);
      count(this.#byAction, action);
    }
  }

  build(): AuditSummary {
    return {
      images: this.#images,
      parents: this.#parents,
      guests: this.#guests,
      byStatus: sorted(this.#byStatus),
      byAction: sorted(this.#byAction),
      errors: this.#errors,
    };
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function sorted(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
