// SPDX-License-Identifier: MIT
import { compareVersions } from "../../policy/index.ts";
import type { GuestReport } from "../report.ts";
import type { ChangeWord, Judgement } from "./diff-report.ts";

/** What a guest is compared by: a fact that each of two reports states, and which of two values is the better one. */
export interface GuestFact {
  readonly what: ChangeWord;
  readonly of: (guest: GuestReport) => string | null;
  /**
   * The values from the best to the worst, those that are as good as each other together; left out where none is better
   * than another.
   */
  readonly order?: readonly (readonly string[])[];
  /** In the place of an order: negative where the first is worse. */
  readonly compare?: (a: string, b: string) => number;
}

type Services = GuestReport["integrationServices"]["services"];

/** An order over all the values of a type, that the compiler checks to be whole. */
function ranked<T extends string>(ranks: Readonly<Record<T, number>>): string[][] {
  const groups: string[][] = [];
  for (const [value, rank] of Object.entries<number>(ranks)) {
    groups[rank] ??= [];
    groups[rank].push(value);
  }
  return groups;
}

/** In the order in which changes are listed. Nothing else of a guest is compared: evidence and reasons follow from these. */
export const GUEST_FACTS: readonly GuestFact[] = [
  {
    what: "status",
    of: ({ verdict }) => verdict.status,
    order: ranked<GuestReport["verdict"]["status"]>({
      current: 0,
      "not-applicable": 0,
      outdated: 1,
      unknown: 1,
      missing: 2,
    }),
  },
  { what: "version", of: ({ integrationServices }) => integrationServices.version, compare: compareVersions },
  { what: "version-source", of: ({ integrationServices }) => integrationServices.source },
  {
    what: "consistency",
    of: ({ integrationServices }) => (integrationServices.consistent ? "consistent" : "disputed"),
    order: ranked<"consistent" | "disputed">({ consistent: 0, disputed: 1 }),
  },
  {
    what: "action",
    of: ({ verdict }) => verdict.action,
    order: ranked<GuestReport["verdict"]["action"]>({
      none: 0,
      "windows-update": 1,
      "stage-cab": 1,
      "install-msi": 1,
      "package-manager": 1,
      refuse: 2,
    }),
  },
  { what: "mechanism", of: ({ rule }) => rule.mechanism },
  { what: "os", of: ({ os }) => os.id },
  { what: "os-build", of: ({ os }) => describeBuild(os) },
  { what: "edition", of: ({ os }) => os.edition },
  { what: "service-pack", of: ({ os }) => (os.servicePack === null ? null : String(os.servicePack)) },
  { what: "hostname", of: ({ os }) => os.hostname },
  {
    what: "setup-state",
    of: ({ setupState }) => setupState,
    order: ranked<GuestReport["setupState"]>({
      specialized: 0,
      generalized: 0,
      audit: 0,
      unknown: 0,
      undeployable: 1,
    }),
  },
  {
    what: "data-exchange",
    of: ({ integrationServices }) => integrationServices.dataExchange,
    order: ranked<GuestReport["integrationServices"]["dataExchange"]>({
      enabled: 0,
      unknown: 1,
      disabled: 2,
      absent: 2,
    }),
  },
  {
    what: "windows-update",
    of: ({ windowsUpdate }) => windowsUpdate.verdict,
    order: ranked<GuestReport["windowsUpdate"]["verdict"]>({
      "windows-update": 0,
      wsus: 0,
      unknown: 1,
      disabled: 2,
    }),
  },
  {
    what: "pending-servicing",
    of: ({ pendingServicing }) => (pendingServicing.length === 0 ? "none" : "pending"),
  },
  {
    what: "sha2",
    of: ({ sha2 }) => sha2,
    order: ranked<GuestReport["sha2"]>({ supported: 0, "not-needed": 0, unknown: 1, missing: 2 }),
  },
  {
    what: "staging",
    of: ({ staging }) => staging.state,
    order: ranked<GuestReport["staging"]["state"]>({
      none: 0,
      staged: 0,
      deferred: 0,
      "pending-reboot": 0,
      installed: 0,
      "not-applicable": 0,
      failed: 1,
      "staged-broken": 1,
      interrupted: 1,
    }),
  },
];

/** How services and drivers are compared: by how they start. */
export const START: Pick<GuestFact, "order"> & { readonly of: (service: Services[number]) => string } = {
  of: ({ present, start }) => (present ? (start ?? "unknown") : "absent"),
  order: ranked<NonNullable<Services[number]["start"]> | "absent">({
    boot: 0,
    system: 0,
    automatic: 0,
    demand: 0,
    unknown: 1,
    disabled: 2,
    absent: 2,
  }),
};

function describeBuild({ version, build, revision }: GuestReport["os"]): string | null {
  const parts = [version, build, revision].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(".");
}

/** What it means that a fact has another value than before. No value at all is worse than any that can be compared. */
export function judgeChange(
  { order, compare }: Pick<GuestFact, "order" | "compare">,
  before: string | null,
  after: string | null,
): Judgement {
  if (compare !== undefined) return judgeSign(compareWithNone(before, after, compare));
  if (order === undefined) return "neutral";
  return judgeSign(rankOf(order, before) - rankOf(order, after));
}

function compareWithNone(
  before: string | null,
  after: string | null,
  compare: (a: string, b: string) => number,
): number {
  if (before === null || after === null) return Number(after !== null) - Number(before !== null);
  return compare(after, before);
}

/** 0 for the best. */
function rankOf(order: readonly (readonly string[])[], value: string | null): number {
  const rank = order.findIndex((values) => value !== null && values.includes(value));
  return rank === -1 ? order.length : rank;
}

function judgeSign(sign: number): Judgement {
  return sign > 0 ? "better" : sign < 0 ? "worse" : "neutral";
}
