// SPDX-License-Identifier: MIT
import type { OpenImageOptions } from "../audit/index.ts";
import { readChain } from "../disk/index.ts";
import { VmguestError } from "../errors.ts";
import { FileSource, ParentFolders } from "../io/index.ts";
import { isRemote } from "./remote-path.ts";

/** What one image says of the others that it is written over. It goes between threads, so it holds nothing but data. */
export interface ChainSurvey {
  /** The files under the image as `container.chain` of a report names them, next one first; empty where there are none. */
  readonly parents: readonly string[];
}

/** Where the parents of an image may be, and what looking for them may cost. */
export type ChainSurveyOptions = Pick<OpenImageOptions, "parentRoots" | "stats" | "budget">;

/**
 * Looks which files an image's chain consists of, and at nothing that is on its disk.
 *
 * Nothing is found for a disk that stands alone, a URL, a file that is no disk and one that cannot be read; of a broken
 * chain, what holds together. The audit of the image says what is wrong with it.
 *
 * A VHDX costs 6 reads (84 KiB, of which 64 KiB are its region table), a VHD 2 to 3 (up to 12 KiB), a raw disk 3
 * (12 KiB), and a chain as much for each of its files. A VHDX that was not closed properly has its log read and
 * replayed in memory besides: it may hold what is looked for.
 */
export function surveyChain(path: string, options: ChainSurveyOptions = {}): ChainSurvey {
  if (isRemote(path)) return NOTHING;
  try {
    using file = FileSource.open(path, options);
    using folders = new ParentFolders(file, { ...options, roots: options.parentRoots });
    const { links } = readChain(file, { resolveParent: (names, child) => folders.find(names, child) });
    return { parents: links.flatMap(({ name }) => name ?? []) };
  } catch (error) {
    if (error instanceof VmguestError) return NOTHING;
    throw error;
  }
}

const NOTHING: ChainSurvey = { parents: [] };
