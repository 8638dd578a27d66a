// SPDX-License-Identifier: MIT
import { upcase } from "../../registry/structures/index.ts";
import type { KeyChange, ValueChange } from "../plan.ts";
import type { HiveState } from "./hive-state.ts";
import { proofError } from "./proof-error.ts";

/** A key that planned changes have to do with. */
export interface KeyIntent {
  /** From the root, with backslashes; of a key that is new, its own name as it was planned. */
  readonly path: string;
  readonly isNew: boolean;
  /** Values that were set in it; of several of one name the last one counts. */
  readonly values: readonly ValueChange[];
  /** Names of its new subkeys. */
  readonly subkeys: readonly string[];
}

interface OpenIntent extends KeyIntent {
  readonly values: ValueChange[];
  readonly subkeys: string[];
}

/** What planned changes of a hive come to, key by key, each key after the one above it. Throws STAGE_PROOF_MISSING. */
export function keyIntentsOf(before: HiveState, changes: readonly (KeyChange | ValueChange)[]): KeyIntent[] {
  const intents = new Map<string, OpenIntent>();
  const note = (names: readonly string[]): OpenIntent => {
    const path = names.join("\\");
    const known = intents.get(upcase(path));
    if (known !== undefined) return known;
    const isNew = before.findKey(path) === undefined;
    if (isNew) {
      const name = names.at(-1);
      if (name !== undefined) note(names.slice(0, -1)).subkeys.push(name);
    }
    const intent: OpenIntent = { path, isNew, values: [], subkeys: [] };
    intents.set(upcase(path), intent);
    return intent;
  };
  for (const change of changes) {
    const names = change.key.split("\\").filter((name) => name !== "");
    if (change.kind === "create-key") {
      note(names);
      continue;
    }
    const path = names.join("\\");
    if (!intents.has(upcase(path)) && before.findKey(path) === undefined) {
      throw proofError("STAGE_PROOF_MISSING", "a value was planned for a key that is not there", { path });
    }
    note(names).values.push(change);
  }
  return [...intents.values()];
}
