// SPDX-License-Identifier: MIT
import type { ImageReport } from "../../audit/index.ts";
import type { Finding } from "../../errors.ts";
import type { AuditAnswer, BatchAuditOptions } from "../audited-image.ts";
import { type CachedImage, formatEntry, parseAnswer, parseEntryHead } from "./cache-entry.ts";
import { CacheKeys } from "./cache-key.ts";
import { type FileIdentity, identifyFile, identifyUndo } from "./image-identity.ts";
import { RecordFile } from "./record-file.ts";
import { isRepeatable } from "./repeatable.ts";

export type { CachedImage } from "./cache-entry.ts";

/** What an audit has to have in common with one that is kept, and how much is kept. */
export interface AuditCacheOptions {
  /** How images are audited: what was audited in another way is not found. */
  readonly options: BatchAuditOptions;
  /** What other versions of the tool found is not found. */
  readonly toolVersion: string;
  /** The time, milliseconds since 1970. */
  readonly now: () => number;
  /** Hears, once, that nothing more can be kept; the run goes on. */
  readonly onProblem?: (problem: Finding) => void;
  /** How long the file may become; 4 GiB where not given. */
  readonly sizeMaxBytes?: number;
}

/** An image that has not changed since it was audited. */
export interface UnchangedImage extends Pick<CachedImage, "role" | "parents"> {
  /** Reads the audit: it is long, and may not be wanted yet. Undefined where the file does not give it any more. */
  readAnswer(): AuditAnswer | undefined;
}

/** What tells an image from what it may become, as it was at one moment. */
export interface ImageIdentity {
  /** Of the image itself. */
  readonly own: string;
  /** Of the files under it, next one first. */
  readonly parents: readonly string[];
  /** False where one of the files was changed so lately that it might change once more and look the same. */
  readonly isSettled: boolean;
}

/**
 * A change within one tick of a file system's clock leaves no trace if the file was changed in that tick before. FAT
 * counts in two seconds; one more is for a file server whose clock is late.
 */
const SETTLING_MS = 3000;

/**
 * Keeps the audits of images in a file, so that an image that has not changed is not audited again (docs/cache.md).
 * Several runs may use the same file at once. Close it after use (or `using`).
 *
 * Take the identity of an image before its audit: what changes meanwhile is then never taken for what was audited.
 */
export class AuditCache implements Disposable {
  readonly #file: RecordFile;
  readonly #keys: CacheKeys;
  readonly #now: () => number;
  /** Parents have many children; for one run each of them is what it was at first. */
  readonly #parents = new Map<string, JudgedIdentity | undefined>();

  private constructor(file: RecordFile, keys: CacheKeys, now: () => number) {
    this.#file = file;
    this.#keys = keys;
    this.#now = now;
  }

  /**
   * Opens the file, or makes it. Throws IO_OPEN or IO_WRITE where that cannot be done, CACHE_FOREIGN where it holds
   * something else, and USAGE where it is named like a disk image.
   */
  static open(
    path: string,
    { options, toolVersion, now, onProblem, sizeMaxBytes }: AuditCacheOptions,
  ): AuditCache {
    const keys = new CacheKeys(toolVersion, options);
    return new AuditCache(RecordFile.open(path, { tool: keys.tool, onProblem, sizeMaxBytes }), keys, now);
  }

  /**
   * The audit of an image that has not changed since; undefined where there is none. An image that does not lie on this
   * host is known by `remote`, a text that changes with it.
   */
  find(path: string, remote?: string): CachedImage | undefined {
    const image = this.findUnchanged(path, remote);
    const answer = image?.readAnswer();
    return image && answer && { answer, role: image.role, parents: image.parents };
  }

  /** The same with the audit left where it is until it is asked for. */
  findUnchanged(path: string, remote?: string): UnchangedImage | undefined {
    const key = this.#keys.of(path);
    const entry = this.#file.find(key);
    const head = entry && parseEntryHead(entry);
    if (head === undefined) return undefined;
    const { role, parents, identity } = head;
    const now = this.identify(path, parents, remote);
    if (now?.own !== identity.own || now.parents.join("\n") !== identity.parents.join("\n")) return undefined;
    const readAnswer = () => {
      const again = this.#file.find(key);
      return again && parseAnswer(again, head);
    };
    return { role, parents, readAnswer };
  }

  /** What the image is now, to be taken before its audit; undefined where that cannot be told. */
  identify(path: string, parents: readonly string[], remote?: string): ImageIdentity | undefined {
    const own =
      remote === undefined ? this.#identifyImage(path) : { text: `remote ${remote}`, isSettled: true };
    if (own === undefined) return undefined;
    const texts: string[] = [];
    let { isSettled } = own;
    for (const parent of parents) {
      const identity = this.#identifyParent(parent);
      if (identity === undefined) return undefined;
      texts.push(identity.text);
      isSettled &&= identity.isSettled;
    }
    return { own: own.text, parents: texts, isSettled };
  }

  /**
   * Keeps an audit for the runs to come; false where it is not kept. Some never are: those of which the next might say
   * something else though no file has changed.
   */
  store(path: string, image: CachedImage, identity: ImageIdentity): boolean {
    if (!identity.isSettled || identity.parents.length !== image.parents.length) return false;
    const report = JSON.parse(image.answer.json) as ImageReport;
    if (!isRepeatable(report, image.parents)) return false;
    return this.#file.append(this.#keys.of(path), formatEntry({ image, identity }));
  }

  close(): void {
    this.#file.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #identifyImage(path: string): JudgedIdentity | undefined {
    const now = this.#now();
    const file = identifyFile(path);
    const undo = identifyUndo(path);
    if (file === undefined || undo === undefined) return undefined;
    return { text: `${file.text}\n${undo.text}`, isSettled: isSettled(file, now) && isSettled(undo, now) };
  }

  #identifyParent(path: string): JudgedIdentity | undefined {
    if (this.#parents.has(path)) return this.#parents.get(path);
    const now = this.#now();
    const file = identifyFile(path);
    const parent = file && { text: file.text, isSettled: isSettled(file, now) };
    this.#parents.set(path, parent);
    return parent;
  }
}

/** An identity, judged when it was taken: later on it would look as if the file had been at rest. */
interface JudgedIdentity {
  readonly text: string;
  readonly isSettled: boolean;
}

const isSettled = ({ changedMs }: FileIdentity, now: number): boolean => changedMs + SETTLING_MS <= now;
