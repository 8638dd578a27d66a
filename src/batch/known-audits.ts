// SPDX-License-Identifier: MIT
import { setImmediate } from "node:timers/promises";
import type { RemoteAccess } from "../io/http/index.ts";
import type { AuditAnswer } from "./audited-image.ts";
import type { AuditCache, CachedImage, ImageIdentity } from "./cache/audit-cache.ts";
import type { ChainSurvey } from "./chain-survey.ts";
import type { PlannedImage } from "./planned-image.ts";
import { isRemote } from "./remote-path.ts";

/** What is found while the batch is planned is kept until it is needed, up to so much text; beyond, it is found again. */
const KEPT_BYTES = 32 * 1024 * 1024;

/** Looking up images goes on without a pause, so that now and then signals have to be let in. */
const LOOKUPS_PER_PAUSE = 64;

/** Where an image is read from, and what the report calls it. */
type Named = Pick<PlannedImage, "path" | "source">;

/** What the cache knows of the images of one batch; nothing where there is no cache. */
export class KnownAudits {
  readonly #cache: AuditCache | undefined;
  readonly #remote: RemoteAccess | undefined;
  /** Of images on web servers, each asked for once in a batch. */
  readonly #remoteIdentities = new Map<string, Promise<string | undefined>>();
  readonly #kept = new Map<string, CachedImage>();
  #keptBytes = 0;
  #lookups = 0;

  constructor(cache: AuditCache | undefined, remote: RemoteAccess | undefined) {
    this.#cache = cache;
    this.#remote = remote;
  }

  /** Whether there is a cache at all. */
  get isOpen(): boolean {
    return this.#cache !== undefined;
  }

  /** The chain of an image that has not changed since it was audited; undefined where it has, or never was. */
  async findChain(image: Named): Promise<ChainSurvey | undefined> {
    const found = await this.#look(image);
    if (found === undefined) return undefined;
    const size = found.answer.json.length;
    if (this.#keptBytes + size <= KEPT_BYTES && !this.#kept.has(image.source)) {
      this.#kept.set(image.source, found);
      this.#keptBytes += size;
    }
    return { parents: found.parents };
  }

  /** The audit of an image that has not changed since, and has the same role. */
  async find(image: PlannedImage): Promise<AuditAnswer | undefined> {
    const kept = this.#kept.get(image.source);
    if (kept !== undefined && this.#kept.delete(image.source)) this.#keptBytes -= kept.answer.json.length;
    const found = kept ?? (await this.#look(image));
    return found?.role === image.role ? found.answer : undefined;
  }

  /** What an image is before its audit; undefined where that cannot be told, so that it cannot be kept. */
  async identify({ path, source, parents }: PlannedImage): Promise<ImageIdentity | undefined> {
    if (this.#cache === undefined) return undefined;
    const remote = isRemote(source) ? await this.#identifyRemote(source) : undefined;
    if (isRemote(source) && remote === undefined) return undefined;
    return this.#cache.identify(path, parents, remote);
  }

  /** Keeps an audit for later runs. */
  store({ path, role, parents }: PlannedImage, answer: AuditAnswer, identity: ImageIdentity): void {
    this.#cache?.store(path, { answer, role, parents }, identity);
  }

  async #look({ path, source }: Named): Promise<CachedImage | undefined> {
    if (this.#cache === undefined) return undefined;
    if (++this.#lookups % LOOKUPS_PER_PAUSE === 0) await setImmediate();
    if (!isRemote(source)) return this.#cache.find(path);
    const remote = await this.#identifyRemote(source);
    return remote === undefined ? undefined : this.#cache.find(path, remote);
  }

  /** A server that cannot be asked has nothing that is known; its audit says why. */
  #identifyRemote(url: string): Promise<string | undefined> {
    const asked = this.#remoteIdentities.get(url) ?? this.#askRemote(url);
    this.#remoteIdentities.set(url, asked);
    return asked;
  }

  async #askRemote(url: string): Promise<string | undefined> {
    try {
      return await this.#remote?.identify(url);
    } catch {
      return undefined;
    }
  }
}
