// SPDX-License-Identifier: MIT
import { VmguestError } from "../errors.ts";
import type { OsFacts, OsId } from "../guest/index.ts";
import type { HostGeneration, HostId } from "./decision.ts";
import { findGuest, GUESTS, type NtVersion, OS_IDS } from "./guests.ts";
import { GENERATIONS, HOST_IDS, summariseHost } from "./hosts.ts";
import { isVersion } from "./versions.ts";

/** Guests of a rule: an operating system of reports, or all that share a version of NT (`nt6.1`). */
export type GuestName = OsId | `nt${NtVersion}`;

/** Hosts of a rule: one of them, or all of a generation (`2012r2`). */
export type HostName = HostId | HostGeneration;

/** The least version of integration services that a policy accepts, for some guests on some hosts. */
export interface MinimumRule {
  /** Left out, the rule is for every guest. */
  readonly guest?: readonly GuestName[];
  /** Left out, the rule is for every host. */
  readonly host?: readonly HostName[];
  /**
   * `a.b.c.d`. The version of Windows 10 and later is their build, and no update lifts one build to another: so
   * `10.0.14393.5786` is for guests of build 14393 alone, and every version below 10 for the guests before Windows 10.
   */
  readonly version: string;
}

/** What policy has to know of a guest to find its rule. */
export type MinimumGuest = Pick<OsFacts, "id" | "family" | "build">;

/** The NT versions that rules name, each where the first system of it stands. */
const NT_VERSIONS = [...new Set(OS_IDS.flatMap((id) => GUESTS[id].nt ?? []))];

/** Every name that the `guest` of a rule may hold: systems that are not Windows are not measured by a version. */
export const GUEST_NAMES: readonly GuestName[] = [
  ...OS_IDS.filter((id) => GUESTS[id].nt !== null),
  ...NT_VERSIONS.map((nt) => `nt${nt}` as const),
];

/** Every name that the `host` of a rule may hold. */
export const HOST_NAMES: readonly HostName[] = [...HOST_IDS, ...GENERATIONS];

/** The first of the rules that is for such a guest on such a host, and whose version the guest could ever reach. */
export function minimumFor(
  rules: readonly MinimumRule[],
  host: HostId,
  guest: MinimumGuest,
): MinimumRule | undefined {
  const { nt } = findGuest(guest);
  if (nt === null) return undefined;
  const hostNames: readonly HostName[] = [host, summariseHost(host).generation];
  const guestNames: readonly GuestName[] = [guest.id, `nt${nt}`];
  return rules.find(
    (rule) =>
      (rule.host === undefined || rule.host.some((name) => hostNames.includes(name))) &&
      (rule.guest === undefined || rule.guest.some((name) => guestNames.includes(name))) &&
      isWithinReach(rule.version, nt, guest.build),
  );
}

/** `which the policy asks for of ws2008r2 guests on hosts of 2012r2`: where a rule's version comes from, in words. */
export function describeRule({ guest, host }: MinimumRule): string {
  const guests = guest === undefined ? "all guests" : `${guest.join(", ")} guests`;
  const hosts = host === undefined ? "" : ` on hosts of ${host.join(", ")}`;
  return `which the policy asks for of ${guests}${hosts}`;
}

/** Throws POLICY_INVALID where rules are not such as `minimumFor` could make sense of: one would never count. */
export function checkMinimums(rules: readonly MinimumRule[]): void {
  const covered = new Set<string>();
  for (const [index, rule] of rules.entries()) {
    const place = `$.minimumVersions[${index}]`;
    if (!isVersion(rule.version)) {
      throw invalid(`${place}.version`, `"${rule.version}" is no version like 6.3.9600.18692`);
    }
    checkNames(rule.guest, guestsNamed, `${place}.guest`);
    checkNames(rule.host, hostsNamed, `${place}.host`);
    for (const name of rule.guest ?? []) checkReach(name, rule.version, `${place}.version`);
    const cells = cellsOf(rule);
    if (cells.length === 0) {
      const reason = "no guest could ever have it: versions from 10 on are 10.0, a build and its revision";
      throw invalid(`${place}.version`, reason);
    }
    if (cells.every((cell) => covered.has(cell))) {
      throw invalid(place, "the rule never counts: rules before it are for the same guests and hosts");
    }
    for (const cell of cells) covered.add(cell);
  }
}

/** The error for something in a policy, with the way to it from the root `$` of the file. */
export function invalid(place: string, message: string): VmguestError {
  return new VmguestError("POLICY_INVALID", message, { structure: place });
}

/** A name that adds nothing is a slip of the pen: another one was meant. */
function checkNames<T extends string>(
  names: readonly T[] | undefined,
  resolve: (name: T) => readonly string[],
  place: string,
): void {
  const named = new Set<string>();
  for (const [index, name] of (names ?? []).entries()) {
    const meant = resolve(name);
    if (meant.length === 0) throw invalid(`${place}[${index}]`, `"${name}" is not known`);
    if (meant.every((one) => named.has(one))) {
      throw invalid(`${place}[${index}]`, `"${name}" is named already by those before it`);
    }
    for (const one of meant) named.add(one);
  }
}

function checkReach(name: GuestName, version: string, place: string): void {
  if (guestsNamed(name).some((id) => buildsWithinReach(version, id).length > 0)) return;
  throw invalid(place, `no ${name} guest could ever have version ${version}`);
}

/** Each guest, host and build that a rule decides about. */
function cellsOf({ guest = OS_IDS, host = HOST_IDS, version }: MinimumRule): string[] {
  const hosts = host.flatMap(hostsNamed);
  return guest
    .flatMap(guestsNamed)
    .flatMap((id) => buildsWithinReach(version, id).map((build) => `${id} ${build}`))
    .flatMap((cell) => hosts.map((one) => `${cell} ${one}`));
}

function guestsNamed(name: GuestName): readonly OsId[] {
  return OS_IDS.filter((id) => GUESTS[id].nt !== null && (id === name || `nt${GUESTS[id].nt}` === name));
}

function hostsNamed(name: HostName): readonly HostId[] {
  return HOST_IDS.filter((id) => id === name || summariseHost(id).generation === name);
}

/** The builds of a system that a version is for; `any` where it does not depend on the build. */
function buildsWithinReach(version: string, id: OsId): readonly string[] {
  const { nt } = GUESTS[id];
  const build = buildOf(version);
  if (nt === null || !isWithinReach(version, nt, build)) return [];
  return [nt === "10.0" ? `${build}` : "any"];
}

/** Whether an update could ever lift a guest to a version. */
function isWithinReach(version: string, nt: NtVersion, build: number | null): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (nt !== "10.0") return major < 10;
  return major === 10 && minor === 0 && build !== null && build > 0 && build === buildOf(version);
}

function buildOf(version: string): number {
  return Number(version.split(".")[2] ?? 0);
}
