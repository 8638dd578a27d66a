// SPDX-License-Identifier: MIT
import { setImmediate } from "node:timers/promises";
import type { RemoteAccess } from "../io/http/index.ts";
import type { AuditAnswer } from "./audited-image.ts";
import type { AuditCache, ImageIdentity, UnchangedImage } from "./cache/audit-cache.ts";
import type { ChainSurvey } from "./chain-survey.ts";
import type { PlannedImage } from "./planned-image.ts";
import { isRemote } from "./remote-path.ts";

/** What is found while the batch is planned is kept until it is needed, so many images of it; more are looked at again. */
const KEPT_COUNT_MAX = 50_000;

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
  /** Without their audits, which are read when they are needed: so the memory stays small. */
  readonly #kept = new Map<string, UnchangedImage>();
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
    if (this.#kept.size < KEPT_COUNT_MAX) this.#kept.set(image.source, found);
    return { parents: found.parents };
  }

  /** The audit of an image that has not changed since, and has the same role. */
  async find(image: PlannedImage): Promise<AuditAnswer | undefined> {
    if (this.#cache === undefined) return undefined;
    await this.#pause();
    const found = this.#kept.get(image.source) ?? (await this.#look(image));
    this.#kept.delete(image.source);
    return found?.role === image.role ? found.readAnswer() : undefined;
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

  async #look({ path, source }: Named): Promise<UnchangedImage | undefined> {
    if (this.#cache === undefined) return undefined;
    await this.#pause();
    if (!isRemote(source)) return this.#cache.findUnchanged(path);
    const remote = await this.#identifyRemote(source);
    return remote === undefined ? undefined : this.#cache.findUnchanged(path, remote);
  }

  async #pause(): Promise<void> {
    if (++this.#lookups % LOOKUPS_PER_PAUSE === 0) await setImmediate();
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
