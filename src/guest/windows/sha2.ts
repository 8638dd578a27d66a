// SPDX-License-Identifier: MIT
import { finding } from "../../errors.ts";
import type { GuestFacts, OsFacts } from "../facts.ts";
import type { ComponentStore } from "./component-store.ts";
import type { FindingLog } from "./finding-log.ts";

/** Updates that bring SHA-2 code signing support, by NT version. */
const CODE_SIGNING: ReadonlyMap<string, readonly string[]> = new Map([
  ["6.0", ["KB4474419"]],
  ["6.1", ["KB4474419", "KB3033929"]],
]);

/** Servicing stacks that read SHA-2 signatures. Half of the support: Windows itself must trust them, too. */
const SERVICING_STACKS: ReadonlyMap<string, readonly string[]> = new Map([
  ["6.0", ["KB4493730"]],
  ["6.1", ["KB4490628"]],
]);

/**
 * Whether the guest can trust packages that are signed with SHA-256 only, as the newest integration services are.
 *
 * `supported` needs an update that brings it; a servicing stack alone leaves it `unknown`; `missing` says that the
 * list of packages was searched and has none of them. XP and 2003 take no such packages.
 */
export function readSha2(os: OsFacts, store: ComponentStore, log: FindingLog): GuestFacts["sha2"] {
  const updates = CODE_SIGNING.get(os.version ?? "");
  if (updates === undefined) return shaBuiltIn(os.version);
  if (!store.isReadable) return "unknown";
  if (updates.some((update) => isThere(store, update))) return "supported";
  if (SERVICING_STACKS.get(os.version ?? "")?.some((update) => isThere(store, update)) === true)
    return "unknown";
  if (store.isDamaged) return "unknown";
  const names = updates.join(" or ");
  const message = `the list of installed packages shows no evidence of ${names}`;
  log.add(finding("SHA2_MISSING", message, { path: store.where }));
  return "missing";
}

function shaBuiltIn(version: string | null): GuestFacts["sha2"] {
  const [major = 0, minor = 0] = (version ?? "").split(".").map(Number);
  return major > 6 || (major === 6 && minor >= 2) ? "not-needed" : "unknown";
}

function isThere(store: ComponentStore, update: string): boolean {
  return store
    .packages(`Package_for_${update}`)
    .some(({ isInstalled, isSuperseded }) => isInstalled || isSuperseded);
}
