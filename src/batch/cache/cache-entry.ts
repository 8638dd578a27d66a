// SPDX-License-Identifier: MIT
import type { ImageOutcome, ImageRole } from "../../audit/index.ts";
import type { AuditAnswer } from "../audited-image.ts";

/** An audit as it is kept. */
export interface CachedImage {
  readonly answer: AuditAnswer;
  /** The role that its report speaks of; where the image has another one by now, it has to be audited again. */
  readonly role: ImageRole;
  /** The files under it, next one first. */
  readonly parents: readonly string[];
}

/** An audit and what the image was then. */
export interface CacheEntry {
  readonly image: CachedImage;
  readonly identity: { readonly own: string; readonly parents: readonly string[] };
}

/** What stands in front of the report: all that is needed of the entry beside it. */
export interface EntryHead {
  readonly role: ImageRole;
  readonly parents: readonly string[];
  readonly identity: CacheEntry["identity"];
  readonly outcome: ImageOutcome;
}

/** JSON on one line has no tab of its own: in texts it is escaped. */
const SEPARATOR = "\t";
const SEPARATOR_BYTE = SEPARATOR.charCodeAt(0);

/** The entry as one line; the report in it stays the text that it is. */
export function formatEntry({ image, identity }: CacheEntry): string {
  const { answer, role, parents } = image;
  const { own, parents: ofParents } = identity;
  const head: EntryHead = {
    role,
    parents,
    identity: { own, parents: ofParents },
    outcome: answer.outcome,
  };
  return `${JSON.stringify(head)}${SEPARATOR}${answer.json}`;
}

/** What stands in front of the report in the bytes of an entry; undefined for what is none. */
export function parseEntryHead(entry: Buffer): EntryHead | undefined {
  const end = entry.indexOf(SEPARATOR_BYTE);
  return end === -1 ? undefined : parseHead(entry.toString("utf8", 0, end));
}

/** The audit in the bytes of an entry that has that head. It has cost no reads, this time. */
export function parseAnswer(entry: Buffer, { outcome }: EntryHead): AuditAnswer {
  const json = entry.toString("utf8", entry.indexOf(SEPARATOR_BYTE) + 1);
  return { json, outcome, reads: 0, bytesRead: 0 };
}

function parseHead(text: string): EntryHead | undefined {
  let head: unknown;
  try {
    head = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isEntryHead(head) ? head : undefined;
}

/** A checksum says that nothing was damaged, not that it was this program that wrote it. */
function isEntryHead(head: unknown): head is EntryHead {
  if (!isRecord(head) || !isRecord(head["identity"])) return false;
  const { role, parents, identity, outcome } = head;
  return (
    isRole(role) &&
    isTextList(parents) &&
    typeof identity["own"] === "string" &&
    isTextList(identity["parents"]) &&
    isOutcome(outcome)
  );
}

function isOutcome(outcome: unknown): boolean {
  if (!isRecord(outcome)) return false;
  const { role, guests, error, hasErrorFinding, hasWarningFinding } = outcome;
  return (
    isRole(role) &&
    Array.isArray(guests) &&
    guests.every(isGuestOutcome) &&
    (error === null || (isRecord(error) && hasTexts(error, ["code", "kind"]))) &&
    typeof hasErrorFinding === "boolean" &&
    typeof hasWarningFinding === "boolean"
  );
}

const isGuestOutcome = (guest: unknown): boolean =>
  isRecord(guest) &&
  hasTexts(guest, ["status", "action", "stagingState"]) &&
  typeof guest["isConsistent"] === "boolean";

const isRole = (value: unknown): boolean => value === "leaf" || value === "parent";

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

const isTextList = (value: unknown): boolean =>
  Array.isArray(value) && value.every((each) => typeof each === "string");

const hasTexts = (record: Record<string, unknown>, keys: readonly string[]): boolean =>
  keys.every((key) => typeof record[key] === "string");
