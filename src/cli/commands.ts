// SPDX-License-Identifier: MIT
import { type AnyCommand, usageOf } from "./command.ts";

interface CommandEntry {
  /** One or two words. */
  readonly name: string;
  load(): Promise<AnyCommand>;
}

/** Every command, in the order of the help. Each is loaded when it is needed: a start costs what it uses. */
const COMMANDS: readonly CommandEntry[] = [
  { name: "audit", load: async () => (await import("./verbs/audit.ts")).audit },
  { name: "report merge", load: async () => (await import("./verbs/report-merge.ts")).reportMerge },
  { name: "report diff", load: async () => (await import("./verbs/report-diff.ts")).reportDiff },
  { name: "table", load: async () => (await import("./verbs/table.ts")).table },
  { name: "plan", load: async () => (await import("./verbs/plan.ts")).plan },
  { name: "stage", load: async () => (await import("./verbs/stage.ts")).stage },
  { name: "rollback", load: async () => (await import("./verbs/rollback.ts")).rollback },
  // The longer names first: "services" alone would take their second word for an image.
  { name: "services enable", load: async () => (await import("./verbs/services-edit.ts")).servicesEnable },
  { name: "services disable", load: async () => (await import("./verbs/services-edit.ts")).servicesDisable },
  { name: "services", load: async () => (await import("./verbs/services.ts")).services },
  { name: "registry query", load: async () => (await import("./verbs/registry-query.ts")).registryQuery },
  { name: "chain", load: async () => (await import("./verbs/chain.ts")).chain },
  { name: "check", load: async () => (await import("./verbs/check.ts")).check },
  { name: "files list", load: async () => (await import("./verbs/files-list.ts")).filesList },
  { name: "files cat", load: async () => (await import("./verbs/files-cat.ts")).filesCat },
  { name: "files copy-out", load: async () => (await import("./verbs/files-copy-out.ts")).filesCopyOut },
  { name: "package list", load: async () => (await import("./verbs/package-list.ts")).packageList },
  { name: "package show", load: async () => (await import("./verbs/package-show.ts")).packageShow },
  { name: "package verify", load: async () => (await import("./verbs/package-verify.ts")).packageVerify },
  { name: "package extract", load: async () => (await import("./verbs/package-extract.ts")).packageExtract },
];

/** The entry whose words the command line begins with, and the words behind them. */
export function findCommand(
  argv: readonly string[],
): { entry: CommandEntry; rest: readonly string[] } | undefined {
  for (const entry of COMMANDS) {
    const words = entry.name.split(" ");
    if (words.every((word, index) => argv[index] === word)) return { entry, rest: argv.slice(words.length) };
  }
  return undefined;
}

/** Every command, loaded. */
export async function loadCommands(): Promise<AnyCommand[]> {
  return await Promise.all(COMMANDS.map(({ load }) => load()));
}

/** The commands as a list for documents: what to type, with and without the words that follow, and what it does. */
export async function commandList(): Promise<{ name: string; usage: string; describe: string }[]> {
  return (await loadCommands()).map((command) => {
    return { name: command.name, usage: usageOf(command), describe: command.describe };
  });
}
