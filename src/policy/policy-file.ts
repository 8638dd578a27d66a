// SPDX-License-Identifier: MIT
import type { HostId } from "./decision.ts";
import { HOST_IDS } from "./hosts.ts";
import { findRepeatedKey } from "./json-keys.ts";
import { checkMinimums, GUEST_NAMES, HOST_NAMES, invalid, type MinimumRule } from "./minimums.ts";
import { isVersion } from "./versions.ts";

/** What a policy file says (docs/policy-file.md; its JSON Schema is docs/schema/policy-1.schema.json). */
export interface PolicyFile<Condition extends string = string> {
  readonly schema: typeof SCHEMA;
  /** The host that guests are judged for. */
  readonly host?: HostId;
  /** What ends a run with the exit code of a gate. */
  readonly failOn?: readonly Condition[];
  /** The least versions that are accepted; the first rule that is for a guest counts. */
  readonly minimumVersions?: readonly MinimumRule[];
}

const SCHEMA = "vmguest.policy/1";

/**
 * What the text of a policy file says; `conditions` are those that its `failOn` may name.
 *
 * Whatever is not understood is refused, since a gate that is misspelt would let everything through.
 *
 * @throws POLICY_INVALID, with the way to the mistake from the root `$` as structure
 */
export function parsePolicy<Condition extends string>(
  text: string,
  conditions: readonly Condition[],
): PolicyFile<Condition> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid("$", `the text is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const repeated = findRepeatedKey(text);
  if (repeated !== undefined) throw invalid("$", `the key ${JSON.stringify(repeated)} is written twice`);
  return readPolicy(value, conditions);
}

/** The same for what was parsed already. */
export function readPolicy<Condition extends string>(
  value: unknown,
  conditions: readonly Condition[],
): PolicyFile<Condition> {
  const found = readObject(value, "$", ["$schema", "schema", "host", "failOn", "minimumVersions"]);
  readWord(found.schema, "$.schema", [SCHEMA]);
  const failOn = readOptional(found.failOn, "$.failOn", (list, place) => readNames(list, place, conditions));
  const host = readOptional(found.host, "$.host", (word, place) => readWord(word, place, HOST_IDS));
  const minimumVersions = readOptional(found.minimumVersions, "$.minimumVersions", (list, place) =>
    readList(list, place, readRule),
  );
  checkMinimums(minimumVersions ?? []);
  return {
    schema: SCHEMA,
    ...(host !== undefined && { host }),
    ...(failOn !== undefined && { failOn }),
    ...(minimumVersions !== undefined && { minimumVersions }),
  };
}

function readRule(value: unknown, place: string): MinimumRule {
  const found = readObject(value, place, ["guest", "host", "version"]);
  const guest = readOptional(found.guest, `${place}.guest`, (list, at) => readNames(list, at, GUEST_NAMES));
  const host = readOptional(found.host, `${place}.host`, (list, at) => readNames(list, at, HOST_NAMES));
  const { version } = found;
  if (typeof version !== "string" || !isVersion(version)) {
    throw invalid(`${place}.version`, `a version like "6.3.9600.18692" is wanted, not ${show(version)}`);
  }
  return { ...(guest !== undefined && { guest }), ...(host !== undefined && { host }), version };
}

/** JSON has no undefined: a key that is not there is the only one. */
function readOptional<T>(
  value: unknown,
  place: string,
  read: (value: unknown, place: string) => T,
): T | undefined {
  return value === undefined ? undefined : read(value, place);
}

function readObject<Key extends string>(
  value: unknown,
  place: string,
  keys: readonly Key[],
): Partial<Record<Key, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid(place, `an object is wanted, not ${show(value)}`);
  }
  const unknownKey = Object.keys(value).find((key) => !keys.some((known) => known === key));
  if (unknownKey !== undefined) {
    throw invalid(place, `${show(unknownKey)} is no key here, but ${keys.join(", ")} are`);
  }
  return value;
}

function readList<T>(value: unknown, place: string, read: (value: unknown, place: string) => T): T[] {
  if (!Array.isArray(value)) throw invalid(place, `a list is wanted, not ${show(value)}`);
  if (value.length === 0) throw invalid(place, "the list is empty: leave the key out where nothing is meant");
  return value.map((entry, index) => read(entry, `${place}[${index}]`));
}

function readNames<T extends string>(value: unknown, place: string, names: readonly T[]): T[] {
  const found = readList(value, place, (entry, at) => readWord(entry, at, names));
  const repeated = found.findIndex((name, index) => found.indexOf(name) < index);
  if (repeated < 0) return found;
  throw invalid(`${place}[${repeated}]`, `${show(found[repeated])} is in the list already`);
}

function readWord<T extends string>(value: unknown, place: string, words: readonly T[]): T {
  const word = words.find((known) => known === value);
  if (word !== undefined) return word;
  throw invalid(place, `${words.map(show).join(", ")} is wanted, not ${show(value)}`);
}

/** Values are quoted in messages as far as a person would read. */
const SHOWN_LENGTH_MAX = 60;

function show(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length <= SHOWN_LENGTH_MAX ? text : `${text.slice(0, SHOWN_LENGTH_MAX)}...`;
}
