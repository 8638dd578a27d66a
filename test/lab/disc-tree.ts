/** A file of a disc as it is to be built; what the formats do not have in common stands in their own builders. */
export interface LabFile {
  readonly content: Uint8Array;
  /** Sizes of the extents that the content is split into, all but the last whole blocks. */
  readonly pieces?: readonly number[];
}

/** A folder: its entries in the order they are stored. */
export interface LabFolder<File extends LabFile = LabFile> {
  readonly [name: string]: File | LabFolder<File>;
}

/** A file with some content that shows which one it is. */
export function labFile(content: string | Uint8Array): LabFile {
  return { content: typeof content === "string" ? new TextEncoder().encode(content) : content };
}

export function isFolder<File extends LabFile>(entry: File | LabFolder<File>): entry is LabFolder<File> {
  return !(entry["content" as keyof typeof entry] instanceof Uint8Array);
}

/** Paths and contents of all files below a folder, in stored order; folders have none. */
export function flatten(folder: LabFolder, path = ""): [path: string, content: Uint8Array | undefined][] {
  return Object.entries(folder).flatMap(([name, entry]) => {
    const inner = path === "" ? name : `${path}/${name}`;
    return isFolder(entry)
      ? [[inner, undefined] as [string, undefined], ...flatten(entry, inner)]
      : [[inner, entry.content] as [string, Uint8Array]];
  });
}

/** The pieces of a content: as it says, or one. */
export function piecesOf({ content, pieces = [] }: LabFile): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const sizeBytes of pieces) {
    parts.push(content.subarray(at, at + sizeBytes));
    at += sizeBytes;
  }
  if (at < content.length || parts.length === 0) parts.push(content.subarray(at));
  return parts;
}

/** Bytes that differ from block to block, the same at every run. */
export function pattern(sizeBytes: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: sizeBytes }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}

/** Blocks that are handed out one after the other. */
export class BlockSpace {
  readonly blockSizeBytes: number;
  #bytes: Uint8Array<ArrayBuffer>;
  #used: number;

  /** The first `firstBlock` blocks are taken, and zeros. */
  constructor(blockSizeBytes: number, firstBlock = 0) {
    this.blockSizeBytes = blockSizeBytes;
    this.#used = firstBlock;
    this.#bytes = new Uint8Array(Math.max(64, firstBlock * 2) * blockSizeBytes);
  }

  get blockCount(): number {
    return this.#used;
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#used * this.blockSizeBytes);
  }

  /** The first of so many free blocks. */
  allocate(blockCount: number): number {
    const first = this.#used;
    this.#used += blockCount;
    while (this.#used * this.blockSizeBytes > this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    return first;
  }

  /** Puts bytes into free blocks, and says which is the first. */
  store(bytes: Uint8Array): number {
    const block = this.allocate(Math.ceil(bytes.length / this.blockSizeBytes));
    this.write(block, bytes);
    return block;
  }

  write(block: number, bytes: Uint8Array): void {
    this.#bytes.set(bytes, block * this.blockSizeBytes);
  }
}
