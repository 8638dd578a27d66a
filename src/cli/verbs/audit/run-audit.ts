// SPDX-License-Identifier: MIT
import { type ReportHead, reportHead, type ShardReport } from "../../../audit/index.ts";
import {
  auditBatch,
  type BatchAuditOptions,
  type BatchOptions,
  type Discovery,
  digestBatch,
  isRemote,
  parseShard,
  type Shard,
} from "../../../batch/index.ts";
import type { Finding } from "../../../errors.ts";
import type { HostId } from "../../../policy/index.ts";
import { type Context, type StopSignal, tableWidth, wantsColour } from "../../context.ts";
import { EXIT_OF_LOST_READER, exitCodeOf, exitCodeOfSignal, gravestOf } from "../../exit-codes.ts";
import { readParentRoots } from "../../parent-roots.ts";
import { readLimits } from "../../read-limits.ts";
import { readVersion } from "../../version.ts";
import type { AuditArguments } from "./audit-options.ts";
import { readAuditPolicy } from "./audit-policy.ts";
import { AuditTally } from "./audit-tally.ts";
import { type AuditVoice, chooseVoice } from "./audit-voice.ts";
import { BatchResources } from "./batch-resources.ts";
import { findImages } from "./find-images.ts";
import { readOffered } from "./offered-packages.ts";
import { chooseFormat } from "./report-format.ts";
import { openSink, type ReportSink } from "./report-sink.ts";
import { openTarget, type ReportTarget } from "./report-target.ts";
import { StopRequest } from "./stop-request.ts";

/** Does what `vmguest audit` is asked for; the exit code. */
export async function runAudit(args: AuditArguments, context: Context): Promise<number> {
  using voice = chooseVoice(args, context);
  try {
    return await auditNamed(args, voice, context);
  } catch (error) {
    if (!(await voice.tellFailure(error))) throw error;
    return exitCodeOf(error);
  }
}

async function auditNamed(args: AuditArguments, voice: AuditVoice, context: Context): Promise<number> {
  const { judging, forbidden } = readAuditPolicy(args);
  const parentRoots = readParentRoots(args["parent-root"]);
  const shard = args.shard === undefined ? undefined : parseShard(args.shard, context.env);
  const found = await findImages(args, context);
  const inputs = [...found.images.filter((path) => !isRemote(path)), ...otherInputs(args)];
  using target = openTarget(args.output, inputs, context, args.cache === undefined ? [] : [args.cache]);
  const { offered, findings, code } = await readOffered(args, context);
  for (const finding of findings) await voice.tellFinding(finding);
  const audit = { ...judging, ...parentRoots, ...offered };
  const onProblem = (problem: Finding) => void voice.tellFinding(problem);
  await using resources = await BatchResources.open(args, { found, audit, onProblem }, context);
  using sink = openSink({
    format: chooseFormat(args.format, args.output),
    target,
    head: headOf(args, judging.host, shard && (await placeOf(shard, found, audit))),
    formatting: {
      colour: !target.isFile && wantsColour(context, context.stdout),
      width: tableWidth(context),
      explains: args.explain,
      forbidden,
    },
  });
  const options: BatchOptions = {
    audit,
    limits: readLimits(args),
    ...(args.jobs !== undefined && { jobs: args.jobs }),
    ...(shard !== undefined && { shard }),
    ...resources.parts,
  };
  const tally = new AuditTally(forbidden ?? new Set());
  const run = new AuditRun({ found, options, target, sink, voice, tally }, context);
  return (await run.toEnd()) ?? gravestOf([code, tally.exitCode]);
}

function headOf(args: AuditArguments, host: HostId, shard: ShardReport | undefined): ReportHead {
  return reportHead({
    host,
    toolVersion: readVersion(),
    ...(args.timestamp && { timestamp: new Date().toISOString() }),
    ...(shard !== undefined && { shard }),
  });
}

/** A shard's place in the batch, but for the positions of its images, which are not known yet. */
async function placeOf(shard: Shard, found: Discovery, audit: BatchAuditOptions): Promise<ShardReport> {
  const batch = await digestBatch(found, audit);
  return { ...shard, total: countOf(found), batch, positions: [] };
}

/** Images of all shards together, and what stands in the report for what could not be searched. */
function countOf({ images, unreadable }: Discovery): number {
  return images.length + unreadable.length;
}

/** Files that are read beside the images: none of them may be overwritten. */
function otherInputs(args: AuditArguments): string[] {
  const { policy, "files-from": list, "header-file": headers, package: packages, "trust-root": roots } = args;
  return [policy, list, headers, ...packages, ...roots].filter((path) => path !== undefined);
}

interface RunParts {
  readonly found: Discovery;
  readonly options: BatchOptions;
  readonly target: ReportTarget;
  readonly sink: ReportSink;
  readonly voice: AuditVoice;
  readonly tally: AuditTally;
}

/** The audit of all that was found, from the first image to the report. */
class AuditRun {
  readonly #parts: RunParts;
  readonly #context: Context;
  /** As far as is known: a shard says when it begins how many of them are its own. */
  #total: number;
  #done = 0;

  constructor(parts: RunParts, context: Context) {
    this.#total = countOf(parts.found);
    this.#parts = parts;
    this.#context = context;
  }

  /** The exit code where it was stopped before its end. */
  async toEnd(): Promise<number | undefined> {
    const { sink, voice, tally } = this.#parts;
    const stopped = await this.#auditUntilStopped();
    voice.endProgress();
    if (stopped !== undefined) return stopped;
    await sink.finish(tally.summary);
    if (tally.violated.length > 0) await voice.tellViolations(tally.violated);
    return undefined;
  }

  /** Hears signals as long as images are audited; while the report is written, they end the process as ever. */
  async #auditUntilStopped(): Promise<number | undefined> {
    const { found } = this.#parts;
    // A thread that audits the only image itself hears no signal; then it is for the signal to end the process.
    using stop = found.images.length !== 1 ? new StopRequest(this.#context) : undefined;
    try {
      const isWhole = await this.#auditAll(stop?.abortSignal);
      return isWhole ? undefined : EXIT_OF_LOST_READER;
    } catch (error) {
      await this.#parts.sink.settle();
      if (stop?.signal === undefined) throw error;
      await this.#tellStopped(stop.signal);
      return exitCodeOfSignal(stop.signal);
    }
  }

  async #tellStopped(signal: StopSignal): Promise<void> {
    const { options, sink, voice } = this.#parts;
    const remains =
      options.cache === undefined ? sink.remains : `${sink.remains}; the cache keeps what is done`;
    await voice.tellStopped({ signal, done: this.#done, total: this.#total, remains });
  }

  /** False where nobody wants the rest. */
  async #auditAll(signal: AbortSignal | undefined): Promise<boolean> {
    const { found, options, target, sink, voice, tally } = this.#parts;
    const audit = this.#context.dependencies.auditBatch ?? auditBatch;
    const onEvent: BatchOptions["onEvent"] = (event) => {
      if (event.event === "start") this.#total = event.images;
      if (event.event === "image-end") this.#done++;
      voice.hear(event);
    };
    for await (const image of audit(found, {
      ...options,
      onEvent,
      ...(signal !== undefined && { signal }),
    })) {
      this.#context.imageCount++;
      this.#context.stats.add(image);
      tally.add(image);
      if (image.outcome.error !== null) await voice.tellImageError(image);
      await sink.take(image);
      await voice.settle();
      if (!target.isWanted) return false;
    }
    return true;
  }
}
