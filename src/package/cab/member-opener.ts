// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { type ByteSource, checkRange } from "../../io/index.ts";
import type { FindingList } from "./findings.ts";
import { type Folder, folderTooShort, outputMax } from "./folder.ts";
import { FolderStream } from "./folder-stream.ts";
import type { ExtractBudget, ExtractLimits } from "./limits.ts";
import type { CabMember } from "./member.ts";
import { StoredFolder, StoredMember } from "./stored-folder.ts";
import { UnpackedFolder } from "./unpacked-folder.ts";

/** Unpacked data of folders that is remembered in all; the folder that was used last may have more. */
const KEPT_BYTES_MAX = 64 * 2 ** 20;
/** Folders that are remembered, each with its decoder; a cabinet may have 65,535. */
const FOLDER_COUNT_MAX = 16;

/** Opens single members, and remembers the folders that they lie in, so that the next one costs less. */
export class MemberOpener {
  readonly #folders: readonly Folder[];
  readonly #limits: ExtractLimits;
  readonly #budget: ExtractBudget;
  readonly #salvage: FindingList | undefined;
  /** Both in order of use. */
  readonly #stored = new Map<Folder, StoredFolder>();
  readonly #unpacked = new Map<Folder, UnpackedFolder>();

  /** One budget for everything that is ever opened. */
  constructor(
    folders: readonly Folder[],
    limits: ExtractLimits,
    budget: ExtractBudget,
    salvage: FindingList | undefined,
  ) {
    this.#folders = folders;
    this.#limits = limits;
    this.#budget = budget;
    this.#salvage = salvage;
  }

  /** The member as a source; nothing is read yet. */
  open(member: CabMember): ByteSource {
    const folder = this.#folders[member.folder];
    if (folder === undefined) throw new VmguestError("USAGE", "the member is not one of this cabinet");
    // What is salvaged has zeros in place of damaged blocks, so it cannot be read where it stands.
    if (member.compression === "none" && this.#salvage === undefined)
      return new StoredMember(this.#storedFolder(folder), member.folderOffset, member.sizeBytes);
    const read = (offset: number, length: number) => this.#unpack(folder, member, offset, length);
    return member.sizeBytes <= this.#limits.keptBytes
      ? new KeptMember(member.sizeBytes, read)
      : new LargeMember(member.sizeBytes, read);
  }

  #storedFolder(folder: Folder): StoredFolder {
    const known = this.#stored.get(folder);
    const stored = known ?? new StoredFolder(folder, this.#budget);
    useLast(this.#stored, folder, stored);
    if (this.#stored.size > FOLDER_COUNT_MAX) dropFirst(this.#stored);
    return stored;
  }

  /** Bytes of a member, unpacked now or found among what is remembered. */
  #unpack(folder: Folder, { name, folderOffset }: CabMember, offset: number, length: number): Uint8Array {
    if (length === 0) return new Uint8Array(0);
    const { keptBytes } = this.#limits;
    if (length > keptBytes) {
      const message = `${length} bytes are to be unpacked at once, more than the ${keptBytes} that may be held in memory`;
      throw new VmguestError("CAB_LIMIT", message, { path: name });
    }
    const start = folderOffset + offset;
    if (start + length > outputMax(folder)) throw folderTooShort(folder, start + length, outputMax(folder));
    this.#budget.handOut(length);
    const unpacked =
      this.#unpacked.get(folder) ??
      new UnpackedFolder(folder, () => new FolderStream(folder, this.#budget, this.#salvage));
    useLast(this.#unpacked, folder, unpacked);
    try {
      const { bytes, lostBytes } = unpacked.read(start, length);
      if (lostBytes > 0) {
        const message = `of ${length} bytes at ${offset}, ${lostBytes} are lost, and are zeros now`;
        this.#salvage?.add("CAB_MEMBER_LOST", message, { path: name });
      }
      return bytes;
    } finally {
      this.#forget();
    }
  }

  #forget(): void {
    let keptBytes = 0;
    for (const { keptBytes: bytes } of this.#unpacked.values()) keptBytes += bytes;
    while (
      this.#unpacked.size > 1 &&
      (keptBytes > KEPT_BYTES_MAX || this.#unpacked.size > FOLDER_COUNT_MAX)
    ) {
      keptBytes -= dropFirst(this.#unpacked)?.keptBytes ?? 0;
    }
  }
}

/** A Map gives its entries in the order in which they were put in. */
function useLast<T>(map: Map<Folder, T>, folder: Folder, value: T): void {
  map.delete(folder);
  map.set(folder, value);
}

function dropFirst<T>(map: Map<Folder, T>): T | undefined {
  for (const [folder, value] of map) {
    map.delete(folder);
    return value;
  }
  return undefined;
}

type Unpack = (offset: number, length: number) => Uint8Array;

/** A compressed member: unpacked at the first read, and then held in memory. */
class KeptMember implements ByteSource {
  readonly sizeBytes: number;
  readonly #unpack: Unpack;
  #bytes: Uint8Array | undefined;

  constructor(sizeBytes: number, unpack: Unpack) {
    this.sizeBytes = sizeBytes;
    this.#unpack = unpack;
  }

  read(offset: number, length: number): DataView {
    checkRange("the member", this.sizeBytes, offset, length);
    this.#bytes ??= this.#unpack(0, this.sizeBytes);
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + offset, length);
  }
}

/**
 * A compressed member that is too large to be held, such as the update inside of a rollup's MSU. It is meant to be read
 * from its beginning to its end, once or a few times: going far back means unpacking its folder again.
 */
class LargeMember implements ByteSource {
  readonly sizeBytes: number;
  readonly #unpack: Unpack;

  constructor(sizeBytes: number, unpack: Unpack) {
    this.sizeBytes = sizeBytes;
    this.#unpack = unpack;
  }

  read(offset: number, length: number): DataView {
    checkRange("the member", this.sizeBytes, offset, length);
    const bytes = this.#unpack(offset, length);
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  }
}
