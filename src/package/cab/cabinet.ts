// SPDX-License-Identifier: MIT
import { type Finding, VmguestError } from "../../errors.ts";
import { type ByteSource, MemorySource } from "../../io/index.ts";
import { type Directory, joinParts } from "./directory.ts";
import { FindingList } from "./findings.ts";
import type { Folder } from "./folder.ts";
import { FolderReader } from "./folder-reader.ts";
import { FolderStream } from "./folder-stream.ts";
import { DEFAULT_LIMITS, ExtractBudget, type ExtractLimits } from "./limits.ts";
import type { CabMember } from "./member.ts";
import { nameKey } from "./names.ts";
import { type CabinetPart, readPart } from "./part.ts";
import { collectParts, type ResolvePart } from "./set-parts.ts";
import { findSignature, type SignaturePlace } from "./signature-place.ts";

/** A member with its bytes. */
export interface MemberContent {
  readonly member: CabMember;
  /** The bytes in order, to be gone through once; each chunk is valid until the next one. */
  readonly chunks: Iterable<Uint8Array>;
}

export interface CabinetOptions {
  /** Finds the other cabinets of a set; without it, members that need them cannot be read. */
  readonly resolvePart?: ResolvePart;
  /** Whether to save what can be saved of a damaged cabinet; each loss is then a finding instead of an error. */
  readonly isSalvaging?: boolean;
  readonly limits?: Partial<ExtractLimits>;
}

/**
 * A cabinet, or the set of cabinets that it belongs to: its members, and their bytes.
 *
 * Opening reads the header and the list of members, no data.
 */
export class Cabinet {
  /** The cabinet that was opened. */
  readonly source: ByteSource;
  /** Bytes of it as it says itself (`cbCabinet`), without an appended signature. */
  readonly sizeBytes: number;
  readonly members: readonly CabMember[];
  /** The signature that follows the cabinet that was opened. */
  readonly signature: SignaturePlace | undefined;
  readonly #folders: readonly Folder[];
  readonly #findings: FindingList;
  readonly #salvage: FindingList | undefined;
  readonly #limits: ExtractLimits;
  readonly #packedBytes: number;
  #byName: Map<string, CabMember> | undefined;

  private constructor(
    opened: CabinetPart,
    parts: readonly CabinetPart[],
    directory: Directory,
    signature: SignaturePlace | undefined,
    findings: FindingList,
    options: CabinetOptions,
  ) {
    this.source = opened.source;
    this.sizeBytes = opened.header.sizeBytes;
    this.members = directory.members;
    this.signature = signature;
    this.#folders = directory.folders;
    this.#findings = findings;
    this.#salvage = options.isSalvaging === true ? findings : undefined;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#packedBytes = parts.reduce((sum, { dataEnd }) => sum + dataEnd, 0);
  }

  /**
   * Opens a cabinet and, where it belongs to a set and `resolvePart` finds them, its neighbours.
   *
   * Throws CAB_NOT, CAB_HEADER, CAB_TRUNCATED or CAB_MEMBER. What is wrong with the neighbours is a finding, and so is
   * everything that does not keep the members from being listed.
   */
  static open(source: ByteSource, options: CabinetOptions = {}): Cabinet {
    const isSalvaging = options.isSalvaging === true;
    const findings = new FindingList();
    const opened = readPart(source);
    if (opened.fault !== undefined) {
      if (!isSalvaging) throw opened.fault;
      findings.addError(opened.fault);
    }
    const { header } = opened;
    if (header.sizeBytes > source.sizeBytes) {
      const message = `the cabinet has ${header.sizeBytes} bytes, but the file only ${source.sizeBytes}`;
      findings.add("CAB_TRUNCATED", message, { offset: source.sizeBytes });
    }
    const signature = findSignature(source, header, findings);
    const set = collectParts(opened, options.resolvePart, findings);
    const directory = joinParts(set, findings, isSalvaging);
    return new Cabinet(opened, set.parts, directory, signature, findings, options);
  }

  /** What is worth knowing about the cabinet; reading the members of a damaged one while salvaging adds to it. */
  get findings(): readonly Finding[] {
    return this.#findings.list;
  }

  /** The first member of that name, whatever the case of its letters; `/` and `\` are the same. */
  find(name: string): CabMember | undefined {
    this.#byName ??= new Map(this.members.toReversed().map((member) => [nameKey(member.name), member]));
    return this.#byName.get(nameKey(name.replaceAll("\\", "/")));
  }

  /**
   * The wanted members with their bytes, in the order in which they are stored. Each folder is unpacked at most once,
   * as far as the members that are gone through need it; what is in memory at any time is a few blocks.
   *
   * Damage is thrown where the chunks are gone through; the members of other folders can still be read after that.
   */
  *contents(wanted: (member: CabMember) => boolean = () => true): Generator<MemberContent> {
    const budget = new ExtractBudget(this.#limits, this.#packedBytes);
    for (const [folder, members] of this.#byFolder(wanted)) {
      const ranges = members
        .filter(({ sizeBytes }) => sizeBytes > 0)
        .map(({ folderOffset, sizeBytes }) => ({ start: folderOffset, end: folderOffset + sizeBytes }));
      const stream = new FolderStream(folder, budget, this.#salvage);
      const reader = new FolderReader(folder, stream, ranges, this.#limits.keptBytes);
      let range = 0;
      for (const member of members) {
        yield { member, chunks: this.#chunks(reader, member.sizeBytes === 0 ? -1 : range++, budget) };
      }
    }
  }

  *#chunks(reader: FolderReader, range: number, budget: ExtractBudget): Generator<Uint8Array> {
    for (const { bytes } of reader.read(range)) {
      budget.handOut(bytes.length);
      yield bytes;
    }
  }

  *#byFolder(wanted: (member: CabMember) => boolean): Generator<[Folder, CabMember[]]> {
    const sorted = this.members
      .filter(wanted)
      .sort((a, b) => a.folder - b.folder || a.folderOffset - b.folderOffset || a.index - b.index);
    let first = 0;
    while (first < sorted.length) {
      const index = sorted[first]?.folder ?? 0;
      let end = first;
      while (sorted[end]?.folder === index) end++;
      const folder = this.#folders[index];
      if (folder !== undefined) yield [folder, sorted.slice(first, end)];
      first = end;
    }
  }

  /** A member as a source of its own. */
  open(member: CabMember): ByteSource {
    if (this.members[member.index] !== member)
      throw new VmguestError("USAGE", "the member is not one of this cabinet");
    for (const content of this.contents((other) => other === member)) {
      return new MemorySource(Buffer.concat([...content.chunks].map((chunk) => chunk.slice())));
    }
    throw new VmguestError("USAGE", "the member is not one of this cabinet");
  }
}
