// SPDX-License-Identifier: MIT
import type { OsId } from "../facts.ts";

/** What decides which Windows it is. */
export interface OsTraits {
  /** NT version `major.minor`. */
  readonly version: string | null;
  readonly build: number | null;
  readonly isServer: boolean | undefined;
  readonly edition: string | null;
  readonly name: string | null;
}

/** Ids by NT version: client, server. */
const BY_VERSION: ReadonlyMap<string, readonly [client: OsId, server: OsId]> = new Map([
  ["5.1", ["xp", "unknown"]],
  // XP x64 is built from the sources of Server 2003.
  ["5.2", ["xp", "ws2003"]],
  ["6.0", ["vista", "ws2008"]],
  ["6.1", ["win7", "ws2008r2"]],
  ["6.2", ["win8", "ws2012"]],
  ["6.3", ["win8.1", "ws2012r2"]],
]);

/**
 * Build of every Windows 8.1 and Server 2012 R2. Windows 10 and later keep 6.3 in the registry's old value too, so that
 * without this build it does not tell which.
 */
const NT63_BUILD = 9600;

/** Servers of NT 10.0 that were released for the long term, by build. */
const LONG_TERM_SERVERS: ReadonlyMap<number, OsId> = new Map([
  [14393, "ws2016"],
  [17763, "ws2019"],
  [20348, "ws2022"],
  [26100, "ws2025"],
]);

/** The newest server build that is known; what comes after it is a Windows of the future. */
const SERVER_BUILD_MAX = 26100;

const WINDOWS_11_BUILD_MIN = 22000;

/** Editions of 6.1 servers that Microsoft's tables have rows of their own for, and a word their product names hold. */
const EDITIONS_2011: ReadonlyMap<string, readonly [id: OsId, word: RegExp]> = new Map([
  ["ServerHomePremium", ["whs2011", /home server/i]],
  ["ServerSolution", ["sbs2011", /small business server/i]],
  ["ServerSBSStandard", ["sbs2011", /small business server/i]],
]);

export interface IdentifiedOs {
  readonly id: OsId;
  /** False where the edition says more than the product name confirms. */
  readonly isCertain: boolean;
}

/**
 * Which Windows these traits belong to; `unknown` where they are missing or of no known release.
 *
 * Server 2003 R2 is told by its product name alone, which not every installation of it spells out: `ws2003` may be an
 * R2. The two are served alike.
 */
export function identifyWindows(traits: OsTraits): IdentifiedOs {
  const { version, isServer, edition, name } = traits;
  if (version === null || isServer === undefined) return { id: "unknown", isCertain: true };
  if (version === "10.0") return { id: identifyNt10(traits.build, isServer), isCertain: true };
  if (version === "6.3" && traits.build !== NT63_BUILD) return { id: "unknown", isCertain: true };
  const [client, server] = BY_VERSION.get(version) ?? ["unknown", "unknown"];
  if (!isServer) return { id: client, isCertain: true };

  const edition2011 = version === "6.1" ? EDITIONS_2011.get(edition ?? "") : undefined;
  if (edition2011 !== undefined) {
    const [id, word] = edition2011;
    return { id, isCertain: name !== null && word.test(name) };
  }
  if (server === "ws2003" && /\bR2\b/.test(name ?? "")) return { id: "ws2003r2", isCertain: true };
  return { id: server, isCertain: true };
}

/** Windows 11 calls itself 10.0 and, in the registry, Windows 10: only its build tells. */
function identifyNt10(build: number | null, isServer: boolean): OsId {
  if (build === null) return "unknown";
  if (!isServer) return build >= WINDOWS_11_BUILD_MIN ? "win11" : "win10";
  return LONG_TERM_SERVERS.get(build) ?? (build < SERVER_BUILD_MAX ? "ws-sac" : "unknown");
}
