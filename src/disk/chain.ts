// SPDX-License-Identifier: MIT
import { type Finding, finding, locate, located, VmguestError, type Where } from "../errors.ts";
import type { ByteSource } from "../io/index.ts";
import { differencingError, missingError, quoteName } from "./differencing.ts";
import type {
  ChainLink,
  DiskFormat,
  OpenDiskOptions,
  ParentCandidate,
  ParentReference,
  ResolveParent,
} from "./disk.ts";
import type { Layer } from "./layer.ts";

/** The files of a disk as far as they could be opened. */
export interface Chain {
  /** The image first, then its parents. */
  readonly layers: readonly [Layer, ...Layer[]];
  /** The same files, described. */
  readonly links: readonly ChainLink[];
  readonly findings: readonly Finding[];
  /** What keeps the parent of the last file from being opened; undefined for a chain that is complete. */
  readonly error: VmguestError | undefined;
}

/** How the files of a chain are read; a parent is always in the format of its child. */
export interface ContainerFormat {
  readonly format: DiskFormat;
  readonly recognises: (file: ByteSource) => boolean;
  readonly readLayer: (file: ByteSource) => Layer;
}

/** Hyper-V keeps 50 checkpoints of a VM; whoever needs more than this many files is not reading a real chain. */
const CHAIN_LENGTH_MAX = 256;

/**
 * A replayed log may take 64 MiB of memory, and only the image itself is written to, so that hardly ever a parent has
 * a log to be replayed.
 */
const REPLAYED_LOG_COUNT_MAX = 3;

/** A file system may keep times to two seconds only. */
const TIME_TOLERANCE_SECONDS = 2;

/** Follows the parents of the disk in `file` as far as they can be opened. Throws where the file itself cannot be. */
export function followChain(
  file: ByteSource,
  container: ContainerFormat,
  options: OpenDiskOptions = {},
): Chain {
  const search = new ParentSearch(file, container, options);
  const error = search.run();
  return { layers: search.layers, links: search.links, findings: search.findings, error };
}

/** The search for the parents of one image. */
class ParentSearch {
  readonly layers: [Layer, ...Layer[]];
  readonly links: ChainLink[];
  readonly findings: Finding[];
  readonly #container: ContainerFormat;
  readonly #resolveParent: ResolveParent | undefined;
  /** The file whose parent is next. */
  #child: ChainLink;

  constructor(file: ByteSource, container: ContainerFormat, { resolveParent }: OpenDiskOptions) {
    const leaf = container.readLayer(file);
    this.#container = container;
    this.#resolveParent = resolveParent;
    this.#child = linkOf(leaf, file, undefined);
    this.layers = [leaf];
    this.links = [this.#child];
    this.findings = [...leaf.properties.findings];
  }

  /** Adds parent after parent; the error that ends the chain early, if any. */
  run(): VmguestError | undefined {
    try {
      for (let { parent } = this.#child; parent !== undefined; { parent } = this.#child)
        this.#addParent(parent);
      return undefined;
    } catch (error) {
      const full = located(error, placeOf(this.#child));
      if (full instanceof VmguestError) return full;
      throw error;
    }
  }

  /** Takes the first candidate that is the parent; throws what is wrong with the best of them where none is. */
  #addParent(reference: ParentReference): void {
    const { names, where } = reference;
    if (this.#resolveParent === undefined) throw differencingError(names, where);
    if (this.links.length >= CHAIN_LENGTH_MAX) {
      const message = `the chain has more than ${CHAIN_LENGTH_MAX} files`;
      throw new VmguestError("DISK_CHAIN_TOO_LONG", message, where);
    }
    let refusal: VmguestError | undefined;
    let refusalOfGuess: VmguestError | undefined;
    for (const candidate of this.#resolveParent(names, this.#child.name)) {
      const outcome = this.#try(candidate, reference);
      if (outcome === undefined) return;
      if (candidate.isGuess) refusalOfGuess ??= outcome;
      else refusal ??= outcome;
    }
    throw refusal ?? refusalOfGuess ?? missingError(names, where);
  }

  /** Adds the candidate to the chain, or says why it cannot be the parent. */
  #try(candidate: ParentCandidate, reference: ParentReference): VmguestError | undefined {
    if ("refusal" in candidate) return candidate.refusal;
    try {
      this.#add(candidate, reference);
      return undefined;
    } catch (error) {
      if (error instanceof VmguestError) return error;
      throw error;
    }
  }

  #add(
    { name, source, modifiedMs }: Extract<ParentCandidate, { source: ByteSource }>,
    reference: ParentReference,
  ): void {
    const { format, recognises, readLayer } = this.#container;
    const isKnown = locate({ image: name }, () => recognises(source));
    if (!isKnown) {
      const message = `its parent ${quoteName(name)} is no ${format.toUpperCase()}, as the disk itself is`;
      throw new VmguestError("DISK_PARENT_FORMAT", message, reference.where);
    }
    const layer = locate({ image: name }, () => readLayer(source));
    const link = linkOf(layer, source, name);
    checkParent(link, this.#child, reference);
    this.#checkLogCount(link, reference);
    const found = [
      ...layer.properties.findings,
      ...findingsOfParent(link, this.#child, reference, modifiedMs),
    ];
    this.findings.push(...found.map((each) => ({ ...each, where: { image: name, ...each.where } })));
    this.layers.push(layer);
    this.links.push(link);
    this.#child = link;
  }

  #checkLogCount(link: ChainLink, { where }: ParentReference): void {
    const replayed = [...this.links, link].filter(({ logState }) => logState === "replayed");
    if (replayed.length <= REPLAYED_LOG_COUNT_MAX) return;
    const message = `more than ${REPLAYED_LOG_COUNT_MAX} files of the chain have a log to be replayed`;
    throw new VmguestError("LIMIT_EXCEEDED", message, where);
  }
}

/** Where a link is, as far as the search knows: the name of the image itself is added further up. */
function placeOf({ name }: ChainLink): Where {
  return name === undefined ? {} : { image: name };
}

function linkOf({ properties }: Layer, file: ByteSource, name: string | undefined): ChainLink {
  const { format, kind, sizeBytes, logicalSectorSizeBytes, logState, identity, parent } = properties;
  return {
    name,
    format,
    kind,
    fileSizeBytes: file.sizeBytes,
    sizeBytes,
    logicalSectorSizeBytes,
    logState,
    identity,
    parent,
  };
}

/** Throws where the file cannot be what the child was made from. */
function checkParent(parent: ChainLink, child: ChainLink, { identities, where }: ParentReference): void {
  const name = quoteName(parent.name ?? "");
  if (parent.identity === undefined || !identities.includes(parent.identity)) {
    const wanted = identities.join(" or ");
    const message = `its parent is ${wanted}, but ${name} is ${parent.identity}`;
    throw new VmguestError("DISK_PARENT_MISMATCH", message, where);
  }
  if (parent.logicalSectorSizeBytes !== child.logicalSectorSizeBytes) {
    const message = `its sectors have ${child.logicalSectorSizeBytes} bytes, those of its parent ${name} ${parent.logicalSectorSizeBytes}`;
    throw new VmguestError("DISK_PARENT_SECTOR_SIZE", message, where);
  }
}

function findingsOfParent(
  parent: ChainLink,
  child: ChainLink,
  { modifiedSeconds }: ParentReference,
  modifiedMs: number | undefined,
): Finding[] {
  const findings: Finding[] = [];
  if (parent.sizeBytes > child.sizeBytes) {
    const message = `the disk has ${parent.sizeBytes} bytes, its child ${child.sizeBytes}; what is past them is out of reach`;
    findings.push(finding("DISK_PARENT_LARGER", message));
  }
  if (parent.sizeBytes < child.sizeBytes) {
    const message = `the disk has ${parent.sizeBytes} bytes, its child ${child.sizeBytes}: what the child does not hold past them is zeros`;
    findings.push(finding("DISK_PARENT_SMALLER", message));
  }
  if (modifiedSeconds === undefined || modifiedMs === undefined) return findings;
  if (Math.abs(modifiedMs / 1000 - modifiedSeconds) > TIME_TOLERANCE_SECONDS) {
    const message = `the file is dated ${timeText(modifiedMs)}, its child was made when it was dated ${timeText(modifiedSeconds * 1000)}`;
    findings.push(finding("VHD_PARENT_TIMESTAMP", message));
  }
  return findings;
}

/** Milliseconds since 1970 as a date and time; beyond what a calendar has, as they are. */
function timeText(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? `${milliseconds} ms` : `${date.toISOString().slice(0, 19)}Z`;
}
