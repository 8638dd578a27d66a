// SPDX-License-Identifier: MIT
import { writeCommand } from "../../../report/index.ts";
import type { AnyCommand } from "../../command.ts";

type Given = Readonly<Record<string, unknown>>;

/** Options that say how a plan is shown, not what is planned. */
const OF_THE_PLAN: ReadonlySet<string> = new Set(["format", "output", "stats", "dry-run", "yes"]);

/** The command line that does what another one has shown: its words, and the options that say something. */
export function nextCommand(
  words: readonly string[],
  options: AnyCommand["options"],
  args: Given,
  kept: readonly string[] = [],
): string {
  const given = Object.entries(options).flatMap(([name, option]) => {
    const value = args[name];
    if (OF_THE_PLAN.has(name) && !kept.includes(name)) return [];
    if (value === undefined || value === false || String(value) === option.default) return [];
    if (value === true) return [`--${name}`];
    const values = Array.isArray(value) ? value : [value];
    return values.flatMap((one) => [`--${name}`, String(one)]);
  });
  return writeCommand(["vmguest", ...words, ...given]);
}
