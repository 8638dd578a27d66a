// SPDX-License-Identifier: MIT
import { type Finding, VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import { type MemberContent, readContents } from "./contents.ts";
import { type Directory, joinParts } from "./directory.ts";
import { FindingList } from "./findings.ts";
import type { Folder } from "./folder.ts";
import { DEFAULT_LIMITS, ExtractBudget, type ExtractLimits } from "./limits.ts";
import type { CabMember } from "./member.ts";
import { MemberOpener } from "./member-opener.ts";
import { nameKey } from "./names.ts";
import { type CabinetPart, readPart } from "./part.ts";
import { collectParts, type ResolvePart } from "./set-parts.ts";
import { findSignature, type SignaturePlace } from "./signature-place.ts";
import { checkUnusedBytes } from "./unused-bytes.ts";

/** How a cabinet is read. */
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
  #opener: MemberOpener | undefined;

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
    checkUnusedBytes(opened, findings);
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
  contents(wanted: (member: CabMember) => boolean = () => true): Generator<MemberContent> {
    return readContents(this.members.filter(wanted), {
      folders: this.#folders,
      limits: this.#limits,
      budget: new ExtractBudget(this.#limits, this.#packedBytes),
      salvage: this.#salvage,
    });
  }

  /**
   * A member as a source of its own. Stored data is read where it stands; other data is unpacked at the first read, and
   * held in memory from then on. A member larger than `limits.keptBytes` is unpacked as it is read, and again where the
   * reading goes far back. Damage is thrown by the reads; while salvaging, damaged blocks are zeros where that can be.
   */
  open(member: CabMember): ByteSource {
    if (this.members[member.index] !== member)
      throw new VmguestError("USAGE", "the member is not one of this cabinet");
    this.#opener ??= new MemberOpener(
      this.#folders,
      this.#limits,
      new ExtractBudget(this.#limits, this.#packedBytes),
      this.#salvage,
    );
    return this.#opener.open(member);
  }
}
