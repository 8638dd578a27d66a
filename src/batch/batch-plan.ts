// SPDX-License-Identifier: MIT
import type { ChainSurvey } from "./chain-survey.ts";
import type { Discovery, UnreadablePath } from "./discover.ts";
import type { KnownAudits } from "./known-audits.ts";
import type { PlannedImage } from "./planned-image.ts";
import type { ImageAuditor } from "./pool/image-auditor.ts";
import { isRemote } from "./remote-path.ts";
import { assignRoles } from "./roles.ts";
import { pickShard, type Shard } from "./shard.ts";
import { pathShower } from "./shown-path.ts";

/** What one run of a batch does. */
export interface BatchPlan {
  /** In the order of the report. */
  readonly images: readonly PlannedImage[];
  /** What could not be searched; it stands behind the images. */
  readonly unreadable: readonly { readonly position: number; readonly found: UnreadablePath }[];
}

export interface PlanOptions {
  readonly auditor: ImageAuditor;
  readonly known: KnownAudits;
  readonly shard?: Shard | undefined;
  /** Runs so much at once. */
  readonly limit: <T>(work: () => Promise<T>) => Promise<T>;
  /** Nothing more is looked at once it is aborted. */
  readonly stop: AbortSignal;
}

/** So many images are looked at by a thread at a time: less than a tenth of a second on a disk of the host. */
const SURVEY_CHUNK = 64;

/**
 * Orders what was found and says of each image whether others are written over it. All shards of a batch look at all
 * images for that, so that they agree on the place and the role of each.
 */
export async function planBatch({ images, unreadable }: Discovery, options: PlanOptions): Promise<BatchPlan> {
  const shownPath = await pathShower(images);
  const surveys = await surveyAll(images, shownPath, options);
  options.stop.throwIfAborted();
  const planned = assignRoles(images, surveys).map(
    (image): PlannedImage => ({ ...image, path: shownPath(image.path), source: image.path }),
  );
  const placed = unreadable.map((found, index) => ({ position: images.length + index, found }));
  if (options.shard === undefined) return { images: planned, unreadable: placed };
  const keys = [...planned, ...unreadable].map(({ path }) => path);
  const own = new Set(await pickShard(keys, options.shard));
  return {
    images: planned.filter(({ position }) => own.has(position)),
    unreadable: placed.filter(({ position }) => own.has(position)),
  };
}

/** What each image says of its chain, from the cache where it knows. */
async function surveyAll(
  paths: readonly string[],
  shownPath: (path: string) => string,
  { auditor, known, limit, stop }: PlanOptions,
): Promise<ChainSurvey[]> {
  // Nothing is written over an image that is alone, and nobody else asks for its chain.
  if (paths.length === 1 && !known.isOpen) return [NO_CHAIN];
  const chunks: Promise<ChainSurvey[]>[] = [];
  for (let start = 0; start < paths.length; start += SURVEY_CHUNK) {
    const chunk = paths.slice(start, start + SURVEY_CHUNK);
    chunks.push(
      limit(async () => {
        stop.throwIfAborted();
        return await surveyChunk(chunk, shownPath, known, auditor);
      }),
    );
  }
  return (await Promise.all(chunks)).flat();
}

async function surveyChunk(
  sources: readonly string[],
  shownPath: (path: string) => string,
  known: KnownAudits,
  auditor: ImageAuditor,
): Promise<ChainSurvey[]> {
  const chains = new Map<string, ChainSurvey>();
  await Promise.all(
    sources.map(async (source) => {
      const chain = await known.findChain({ source, path: shownPath(source) });
      if (chain !== undefined) chains.set(source, chain);
    }),
  );
  const missing = sources.filter((source) => !chains.has(source) && !isRemote(source));
  const surveys = missing.length === 0 ? [] : await auditor.survey(missing);
  for (const [index, source] of missing.entries()) chains.set(source, surveys[index] ?? NO_CHAIN);
  return sources.map((source) => chains.get(source) ?? NO_CHAIN);
}

const NO_CHAIN: ChainSurvey = { parents: [] };
