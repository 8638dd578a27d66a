// SPDX-License-Identifier: MIT
import { checkArguments } from "./check-arguments.ts";
import type { AnyCommand, RawArguments } from "./command.ts";
import { findCommand, loadCommands } from "./commands.ts";
import { type Context, createContext, type Dependencies, type Process } from "./context.ts";
import { describeThrown } from "./error-text.ts";
import { EXIT, exitCodeOf } from "./exit-codes.ts";
import { readPlainArguments } from "./plain-arguments.ts";
import { readVersion } from "./version.ts";

/** Taken by name: what is not named here does not get into the file that an audit loads. */
const OWN_LAYERS: Dependencies = {
  loadAudit: async () => {
    const { OpenedImage, reportChain } = await import("../audit/index.ts");
    return { OpenedImage, reportChain };
  },
  loadStaging: async () => {
    const { editServices, planServices, planStaging, rollbackImage, stageImage } = await import(
      "../staging/index.ts"
    );
    return { editServices, planServices, planStaging, rollbackImage, stageImage };
  },
  startChange: async (request, hooks) => {
    const { startChange } = await import("./verbs/changes/change-thread.ts");
    return await startChange(request, hooks, OWN_LAYERS.loadStaging);
  },
};

/** Does what a command line (without node and the script) asks for. Resolves to the exit code; never rejects. */
export async function main(
  argv: readonly string[],
  io: Process,
  dependencies: Partial<Dependencies> = {},
): Promise<number> {
  const context = createContext(io, { ...OWN_LAYERS, ...dependencies });
  try {
    const request = await readRequest(argv, context);
    if ("command" in request) return await runCommand(request.command, request.raw, context);
    // Somebody who names no command is told what there are, but did not ask for it.
    await (argv.length === 0 ? context.stderr : context.stdout).write(request.text);
    return argv.length === 0 ? EXIT.usage : EXIT.fine;
  } catch (error) {
    const name = findCommand(argv)?.entry.name;
    await context.stderr.write(describeThrown(error, name === undefined ? "vmguest" : `vmguest ${name}`));
    return exitCodeOf(error);
  }
}

type Request = { readonly command: AnyCommand; readonly raw: RawArguments } | { readonly text: string };

async function readRequest(argv: readonly string[], context: Context): Promise<Request> {
  const found = findCommand(argv);
  if (found !== undefined) {
    const command = await found.entry.load();
    const raw = readPlainArguments(command, found.rest);
    if (raw !== undefined) return { command, raw };
  }
  const { readArguments } = await import("./full-arguments.ts");
  const width = Math.min(context.stdout.columns ?? HELP_WIDTH_MAX, HELP_WIDTH_MAX);
  const words = argv.length === 0 ? ["--help"] : argv;
  return await readArguments(await loadCommands(), words, { version: readVersion(), width });
}

/** Lines of prose longer than this are hard to follow. */
const HELP_WIDTH_MAX = 100;

async function runCommand(command: AnyCommand, raw: RawArguments, context: Context): Promise<number> {
  const startMs = performance.now();
  const args = checkArguments(command, raw);
  try {
    return await command.run(args, context);
  } catch (error) {
    await context.stderr.write(describeThrown(error, `vmguest ${command.name}`));
    return exitCodeOf(error);
  } finally {
    if (args["stats"] === true) await printStats(context, performance.now() - startMs);
  }
}

async function printStats(
  { stats, imageCount, activitiesMs, stderr }: Context,
  wallMs: number,
): Promise<void> {
  const line = {
    images: imageCount,
    reads: stats.reads,
    bytesRead: stats.bytesRead,
    wallMs: Math.round(wallMs),
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
    ...(activitiesMs.size > 0 && { activitiesMs: Object.fromEntries(activitiesMs) }),
  };
  await stderr.write(`${JSON.stringify(line)}\n`);
}
