// SPDX-License-Identifier: MIT
import { finding, locate, VmguestError, type Where } from "../../../errors.ts";
import type { ByteSource } from "../../../io/index.ts";
import type { AttributeSet } from "../attribute.ts";
import type { FindingLog } from "../finding-log.ts";
import { IndexTree } from "../index-tree.ts";
import { ATTRIBUTE, COLLATION } from "../layout.ts";
import { parseSecurityDescriptor, type SecurityDescriptor } from "./descriptor.ts";
import { SecurityPlace } from "./layout.ts";

const INDEX_NAME = "$SII";
const STREAM_NAME = "$SDS";
const STREAM_PATH = `$Secure:${STREAM_NAME}`;
/** $SDS is made of pairs of blocks of this size: the second one repeats the first. No entry crosses from one to the next. */
const BLOCK_SIZE_BYTES = 0x40000;

export interface SecurityStoreOptions {
  /** The attributes of $Secure; called when the first descriptor is asked for. */
  readonly open: () => AttributeSet;
  readonly clusterSizeBytes: number;
  readonly findings: FindingLog;
}

/** The security descriptors that the files of a volume share ($Secure), by their number. */
export class SecurityStore {
  readonly #options: SecurityStoreOptions;
  #opened: { readonly index: IndexTree; readonly stream: ByteSource } | undefined;

  constructor(options: SecurityStoreOptions) {
    this.#options = options;
  }

  /**
   * The descriptor with this number: found in $SII, read from $SDS, and held against its hash. Where it is damaged, its
   * copy in the mirror block is taken, with a finding. Throws NTFS_SECURITY where there is none, or neither is sound.
   */
  find(securityId: number): SecurityDescriptor {
    const { index, stream } = this.#open();
    const place = findPlace(index, securityId);
    if (place === undefined) {
      const message = `there is no security descriptor 0x${securityId.toString(16)}`;
      throw new VmguestError("NTFS_SECURITY", message, { path: `$Secure:${INDEX_NAME}` });
    }
    try {
      return readEntry(stream, place, place.offset);
    } catch (error) {
      if (!(error instanceof VmguestError)) throw error;
      const copy = readCopy(stream, place);
      if (copy === undefined) throw error;
      const message = `${error.message}; its copy in the mirror block was used`;
      this.#options.findings.add(finding("NTFS_SECURITY_DAMAGED", message, error.where));
      return copy;
    }
  }

  #open() {
    if (this.#opened !== undefined) return this.#opened;
    const attributes = this.#options.open();
    const index = new IndexTree({
      attributes,
      name: INDEX_NAME,
      kind: "view",
      indexedType: 0,
      collation: COLLATION.u32,
      clusterSizeBytes: this.#options.clusterSizeBytes,
      path: "$Secure",
    });
    this.#opened = { index, stream: attributes.require(ATTRIBUTE.data, STREAM_NAME).open(STREAM_PATH) };
    return this.#opened;
  }
}

/** Descends $SII, which is ordered by number, to the entry of `securityId`. */
function findPlace(index: IndexTree, securityId: number): SecurityPlace | undefined {
  const visited = new Set<number>();
  const where = { path: `$Secure:${INDEX_NAME}`, structure: "index entry" };
  let node = index.root;
  for (let depth = 1; ; depth++) {
    let childVcn: number | undefined;
    for (const entry of node.entries()) {
      const key = entry.isEnd ? Number.POSITIVE_INFINITY : locate(where, () => keyOf(entry.key));
      if (key === securityId) return locate(where, () => new SecurityPlace(entry.data));
      if (key < securityId) continue;
      childVcn = entry.childVcn;
      break;
    }
    if (childVcn === undefined) return undefined;
    node = index.child(childVcn, depth, visited);
  }
}

function keyOf(key: DataView): number {
  if (key.byteLength === 4) return key.getUint32(0, true);
  throw new VmguestError("NTFS_INDEX", `a key of ${key.byteLength} bytes is no security id`);
}

/** The copy in the mirror block, where that is sound. */
function readCopy(stream: ByteSource, place: SecurityPlace): SecurityDescriptor | undefined {
  try {
    return readEntry(stream, place, place.offset + BLOCK_SIZE_BYTES);
  } catch (error) {
    if (!(error instanceof VmguestError)) throw error;
    return undefined;
  }
}

/** Reads the entry that should stand at `at`; its header has to say the same as the index, and its hash to be right. */
function readEntry(stream: ByteSource, place: SecurityPlace, at: number): SecurityDescriptor {
  const where: Where = { path: STREAM_PATH, structure: "$SDS entry", offset: at };
  const { length, securityId, hash, offset } = place;
  const isInBlock = (offset % BLOCK_SIZE_BYTES) + length <= BLOCK_SIZE_BYTES;
  if (length < SecurityPlace.sizeBytes || !isInBlock || at + length > stream.sizeBytes) {
    throw new VmguestError("NTFS_SECURITY", `an entry of ${length} bytes has no place there`, where);
  }
  const view = stream.read(at, length);
  const entry = new SecurityPlace(view);
  if (entry.securityId !== securityId || entry.hash !== hash || entry.length !== length) {
    throw new VmguestError("NTFS_SECURITY", "the entry is not the one that $SII names", where);
  }
  const descriptor = new DataView(
    view.buffer,
    view.byteOffset + SecurityPlace.sizeBytes,
    length - SecurityPlace.sizeBytes,
  );
  if (hashDescriptor(descriptor) !== hash) {
    throw new VmguestError("NTFS_SECURITY", "the descriptor does not have the hash that it should", where);
  }
  return parseSecurityDescriptor(descriptor, where);
}

/** The hash of a descriptor, over its whole words of 32 bits: rotate left by 3 and add. */
export function hashDescriptor(descriptor: DataView): number {
  let hash = 0;
  for (let at = 0; at + 4 <= descriptor.byteLength; at += 4) {
    hash = (((hash << 3) | (hash >>> 29)) + descriptor.getUint32(at, true)) >>> 0;
  }
  return hash;
}
