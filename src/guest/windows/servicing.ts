// SPDX-License-Identifier: MIT
import { finding } from "../../errors.ts";
import { SERVICING_KEY } from "./component-store.ts";
import type { FindingLog } from "./finding-log.ts";
import type { GuestReader } from "./guest-reader.ts";

const UPDATE_KEY = "Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update";

/** Keys whose mere existence says that a restart is owed. */
const RESTART_KEYS = [
  [`${SERVICING_KEY}\\RebootPending`, "component servicing waits for a restart"],
  [`${SERVICING_KEY}\\RebootInProgress`, "component servicing is in the middle of a restart"],
  [`${UPDATE_KEY}\\RebootRequired`, "Windows Update waits for a restart"],
] as const;

/**
 * What says that servicing operations are pending: one line for each sign, with its place.
 *
 * Renames that wait for a restart (PendingFileRenameOperations) are common and harmless, so they are named beside
 * other signs but are none by themselves; nor are the keys below SessionsPending, which real guests keep as history.
 */
export function readPendingServicing(guest: GuestReader, log: FindingLog): string[] {
  const signs = [
    ...readKeys(guest),
    ...readSessions(guest),
    ...readPoqexec(guest),
    ...readPendingXml(guest, log),
  ];
  if (signs.length === 0) return [];
  const message = `servicing operations are pending: ${signs.join("; ")}`;
  log.add(finding("SERVICING_PENDING", message, { path: guest.software.key(SERVICING_KEY).where() }));
  const renames = guest.control("Session Manager");
  if (renames.has("PendingFileRenameOperations")) {
    signs.push(`files are to be renamed at the next start (${renames.where("PendingFileRenameOperations")})`);
  }
  return signs;
}

function readKeys(guest: GuestReader): string[] {
  const signs: string[] = [];
  for (const [path, meaning] of RESTART_KEYS) {
    const key = guest.software.key(path);
    if (key.isPresent) signs.push(`${meaning} (${key.where()})`);
  }
  const packages = guest.software.key(`${SERVICING_KEY}\\PackagesPending`);
  if (packages.isPresent && !packages.isEmpty) signs.push(`packages are pending (${packages.where()})`);
  return signs;
}

/** A session that excludes all others until it has finished. */
function readSessions(guest: GuestReader): string[] {
  const sessions = guest.software.key(`${SERVICING_KEY}\\SessionsPending`);
  const isExclusive = (sessions.number("Exclusive") ?? 0) !== 0;
  return isExclusive ? [`a servicing session is pending (${sessions.where("Exclusive")})`] : [];
}

/** The program that carries out pending operations at the start, before any service. */
function readPoqexec(guest: GuestReader): string[] {
  const manager = guest.control("Session Manager");
  const isArmed = manager.texts("SetupExecute").some((command) => /poqexec/i.test(command));
  return isArmed ? [`pending operations run at the next start (${manager.where("SetupExecute")})`] : [];
}

function readPendingXml(guest: GuestReader, log: FindingLog): string[] {
  const path = guest.pathOf("WinSxS/pending.xml");
  const file = log.attempt({ path }, () => guest.findFile(path), undefined);
  return file === undefined ? [] : [`a list of pending operations exists (${file.path})`];
}
