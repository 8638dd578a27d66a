// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { Hive, Key, Value } from "../../registry/index.ts";
import type { Place } from "../facts.ts";
import type { FindingLog } from "./finding-log.ts";

/** Values of facts are words and numbers; a longer one is none that Windows wrote there, and is not read. */
const VALUE_SIZE_MAX = 64 * 1024;

/**
 * Values that all look-ups in one hive may go through. Each goes through all values of its key, a few thousand in sum;
 * in a hostile hive a thousand devices share a key of a million values, which would stall the audit.
 */
const VALUES_PASSED_MAX = 200_000;

/** Characters of a text that reach the report: more than any name of Windows, too few to flood it. */
const TEXT_LENGTH_MAX = 256;

/** Texts of a REG_MULTI_SZ that are looked at; device ids have about six. */
const TEXT_COUNT_MAX = 64;

/** Where something was found: for sentences, and down to its bytes. */
export interface Found {
  readonly where: string;
  readonly place: Place;
}

/**
 * One hive of a guest, read for facts: what is absent, of another type or damaged is undefined, and damage is a
 * finding. So each fact is lost by itself, never the audit.
 */
export class HiveView {
  /** The hive's file on its volume: `Windows/System32/config/SOFTWARE`. */
  readonly path: string;
  readonly log: FindingLog;
  readonly #hive: Hive;
  #valuesPassed = 0;

  constructor(hive: Hive, path: string, log: FindingLog) {
    this.#hive = hive;
    this.path = path;
    this.log = log;
  }

  /** The key at `path`, which need not exist. */
  key(path: string): KeyView {
    const key = this.log.attempt({ path: this.path }, () => this.#hive.find(path), "unreadable" as const);
    return new KeyView(this, path, key);
  }

  /** The value of that name in a key of this hive; throws LIMIT_EXCEEDED where look-ups have gone through too many. */
  valueOf(key: Key, name: string): Value | undefined {
    this.#valuesPassed += key.valueCount;
    if (this.#valuesPassed > VALUES_PASSED_MAX) {
      const message = `looking up values went through more than ${VALUES_PASSED_MAX} of them`;
      throw new VmguestError("LIMIT_EXCEEDED", message, { structure: "key", offset: key.offset });
    }
    return key.value(name);
  }
}

/** Stands for what an attempt did not give: no value of a hive is it. */
const DAMAGED = Symbol("damaged");

/** A key that may be absent or unreadable; all its values are then undefined and it has no subkeys. */
export class KeyView {
  readonly state: "present" | "absent" | "unreadable";
  /** Path from the root of the hive. */
  readonly path: string;
  readonly #hive: HiveView;
  readonly #key: Key | undefined;
  #metDamage = false;

  constructor(hive: HiveView, path: string, key: Key | "unreadable" | undefined) {
    this.#hive = hive;
    this.path = path;
    this.#key = key === "unreadable" ? undefined : key;
    this.state = key === "unreadable" ? "unreadable" : key === undefined ? "absent" : "present";
  }

  get isPresent(): boolean {
    return this.state === "present";
  }

  /** True where the key, or something that was asked of it so far, could not be read: what is absent may be there. */
  get isDamaged(): boolean {
    return this.state === "unreadable" || this.#metDamage;
  }

  /** Last part of the path. */
  get name(): string {
    return this.path.slice(this.path.lastIndexOf("\\") + 1);
  }

  /** FILETIME of the last change of the key or its values; undefined where there is none that can be read. */
  get lastWritten(): bigint | undefined {
    return this.#key?.lastWritten;
  }

  /** True for a present key with neither subkeys nor values. */
  get isEmpty(): boolean {
    const count = this.#attempt(
      () => (this.#key === undefined ? 1 : this.#key.subkeyCount + this.#key.valueCount),
      1,
    );
    return count === 0;
  }

  /** Where this key, or a value of it, stands, as evidence says it: `<file of the hive>: <key>\<value>`. */
  where(valueName?: string): string {
    return `${this.#hive.path}: ${valueName === undefined ? this.path : `${this.path}\\${valueName}`}`;
  }

  /** The same down to the bytes: of the value's data, or of the key's own name. */
  found(valueName?: string): Found {
    const value = valueName === undefined ? undefined : this.#value(valueName);
    const holder = valueName === undefined ? this.#key : value;
    const origin = this.#attempt(
      () => (valueName === undefined ? this.#key?.nameOrigin : value?.origin),
      undefined,
    );
    const place = { path: this.#hive.path, key: this.path, value: valueName ?? null };
    return { where: this.where(valueName), place: { ...place, offset: holder?.offset ?? null, origin } };
  }

  has(valueName: string): boolean {
    return this.#value(valueName) !== undefined;
  }

  /** A REG_SZ or REG_EXPAND_SZ, cut to a length that a report can hold. */
  text(valueName: string, lengthMax = TEXT_LENGTH_MAX): string | undefined {
    const text = this.#read(valueName, (value) => value.text());
    return text === undefined ? undefined : bounded(text, lengthMax);
  }

  /** The texts of a REG_MULTI_SZ, or a REG_SZ as the only one; none where there is no such value. */
  texts(valueName: string): readonly string[] {
    const texts = this.#read(valueName, (value) => value.texts() ?? value.text());
    if (texts === undefined) return [];
    return typeof texts === "string"
      ? [bounded(texts)]
      : texts.slice(0, TEXT_COUNT_MAX).map((text) => bounded(text));
  }

  /** A REG_DWORD. */
  number(valueName: string): number | undefined {
    return this.#read(valueName, (value) => value.number());
  }

  /** The subkey of that name, which need not exist. */
  subkey(name: string): KeyView {
    const key = this.#attempt(() => this.#key?.subkey(name), "unreadable" as const);
    return this.#child(name, key);
  }

  /** The subkeys, at most `countMax` of them. */
  subkeys(countMax: number): readonly KeyView[] {
    return this.#collect(countMax, () => this.#key?.subkeys());
  }

  /** The subkeys whose names begin with `prefix`, in any case, at most `countMax` of them. */
  subkeysStartingWith(prefix: string, countMax: number): readonly KeyView[] {
    return this.#collect(countMax, () => this.#key?.subkeysStartingWith(prefix));
  }

  #collect(countMax: number, list: () => Iterable<Key> | undefined): readonly KeyView[] {
    const found: KeyView[] = [];
    this.#attempt(() => {
      for (const key of list() ?? []) {
        if (found.length === countMax) break;
        found.push(this.#child(key.name, key));
      }
    }, undefined);
    return found;
  }

  #child(name: string, key: Key | "unreadable" | undefined): KeyView {
    return new KeyView(this.#hive, `${this.path}\\${bounded(name)}`, key);
  }

  #value(valueName: string): Value | undefined {
    const key = this.#key;
    if (key === undefined) return undefined;
    return this.#attempt(() => this.#hive.valueOf(key, valueName), undefined);
  }

  #read<T>(valueName: string, decode: (value: Value) => T | undefined): T | undefined {
    const value = this.#value(valueName);
    if (value === undefined || value.sizeBytes > VALUE_SIZE_MAX) return undefined;
    return this.#attempt(() => decode(value), undefined);
  }

  #attempt<T, U>(work: () => T, otherwise: U): T | U {
    const outcome = this.#hive.log.attempt({ path: this.where() }, work, DAMAGED);
    if (outcome !== DAMAGED) return outcome;
    this.#metDamage = true;
    return otherwise;
  }
}

function bounded(text: string, lengthMax = TEXT_LENGTH_MAX): string {
  if (text.length <= lengthMax) return text;
  // Half a surrogate pair is no text, and strict readers of JSON refuse it.
  return `${text.slice(0, lengthMax - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}
