import { createHash } from "node:crypto";
import { type ByteSource, CHANGE_PAGE_BYTES, checkRange } from "../../src/io/index.ts";

/** The bytes of a file: pages over what it held at first, which may be as large as one likes. Copies share their pages. */
export class FileContent {
  #sizeBytes: number;
  #base: ByteSource | undefined;
  /** Up to where the base still counts. */
  #baseSize: number;
  #pages: Map<number, Uint8Array>;

  constructor(base?: ByteSource, from?: FileContent) {
    this.#base = from === undefined ? base : from.#base;
    this.#sizeBytes = from === undefined ? (base?.sizeBytes ?? 0) : from.#sizeBytes;
    this.#baseSize = from === undefined ? this.#sizeBytes : from.#baseSize;
    this.#pages = from === undefined ? new Map() : new Map(from.#pages);
  }

  copy(): FileContent {
    return new FileContent(undefined, this);
  }

  /** Takes all bytes of another file. */
  become(from: FileContent): void {
    this.#base = from.#base;
    this.#sizeBytes = from.#sizeBytes;
    this.#baseSize = from.#baseSize;
    this.#pages = new Map(from.#pages);
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  read(target: Uint8Array, offset: number): number {
    const length = Math.max(0, Math.min(target.length, this.#sizeBytes - offset));
    for (const { page, start, from, to } of piecesOf(offset, length)) {
      target.set(this.#page(page).subarray(start, start + to - from), from - offset);
    }
    return length;
  }

  bytes(): Buffer {
    const all = Buffer.alloc(this.#sizeBytes);
    this.read(all, 0);
    return all;
  }

  /** As parsers read it, without a copy of the whole. */
  source(): ByteSource {
    const content = this.copy();
    const { sizeBytes } = content;
    return {
      sizeBytes,
      read(offset, length) {
        checkRange("the file", sizeBytes, offset, length);
        const bytes = new Uint8Array(length);
        content.read(bytes, offset);
        return new DataView(bytes.buffer);
      },
    };
  }

  /**
   * The same for files with the same bytes over the same base. Costs little for each page that was changed, however large
   * the file: pages are looked at once, whatever number of files share them.
   */
  fingerprint(): string {
    let [first, second] = [0, 0];
    for (const [page, bytes] of this.#pages) {
      const digest = digestOf(page, bytes, (number) => this.#basePage(number));
      first = (first + digest.first) % DIGEST_LIMIT;
      second = (second + digest.second) % DIGEST_LIMIT;
    }
    return [this.#sizeBytes, Math.min(this.#baseSize, this.#sizeBytes), first, second].join();
  }

  write(bytes: Uint8Array, offset: number): void {
    for (const { page, start, from, to } of piecesOf(offset, bytes.length)) {
      const changed = this.#page(page).slice();
      changed.set(bytes.subarray(from - offset, to - offset), start);
      this.#pages.set(page, changed);
    }
    this.#sizeBytes = Math.max(this.#sizeBytes, offset + bytes.length);
  }

  truncate(sizeBytes: number): void {
    if (sizeBytes < this.#sizeBytes) {
      for (const page of this.#pages.keys()) {
        const left = sizeBytes - page * CHANGE_PAGE_BYTES;
        if (left <= 0) this.#pages.delete(page);
        else if (left < CHANGE_PAGE_BYTES) this.#pages.set(page, this.#page(page).slice().fill(0, left));
      }
      this.#baseSize = Math.min(this.#baseSize, sizeBytes);
    }
    this.#sizeBytes = sizeBytes;
  }

  #page(page: number): Uint8Array {
    return this.#pages.get(page) ?? this.#basePage(page);
  }

  #basePage(page: number): Uint8Array {
    const bytes = new Uint8Array(CHANGE_PAGE_BYTES);
    const offset = page * CHANGE_PAGE_BYTES;
    const length = Math.min(CHANGE_PAGE_BYTES, this.#baseSize - offset);
    if (this.#base !== undefined && length > 0) {
      const view = this.#base.read(offset, length);
      bytes.set(new Uint8Array(view.buffer, view.byteOffset, length));
    }
    return bytes;
  }
}

/** Sums do not depend on the order of what is added. */
const DIGEST_LIMIT = 2 ** 48;

interface Digest {
  readonly first: number;
  readonly second: number;
}

const digests = new WeakMap<Uint8Array, Digest>();

/** Two numbers for a page at its place, zeros where it is as in the base. Pages are never written to, so once is enough. */
function digestOf(page: number, bytes: Uint8Array, basePage: (page: number) => Uint8Array): Digest {
  const known = digests.get(bytes);
  if (known !== undefined) return known;
  const hash = createHash("sha1").update(`${page}:`).update(bytes).digest();
  const isBase = Buffer.compare(bytes, basePage(page)) === 0;
  const digest = isBase
    ? { first: 0, second: 0 }
    : { first: hash.readUIntLE(0, 6), second: hash.readUIntLE(6, 6) };
  digests.set(bytes, digest);
  return digest;
}

interface Piece {
  readonly page: number;
  /** Inside the page. */
  readonly start: number;
  readonly from: number;
  readonly to: number;
}

/** A range, page by page. */
export function* piecesOf(offset: number, length: number): Generator<Piece> {
  for (let from = offset; from < offset + length; ) {
    const page = Math.floor(from / CHANGE_PAGE_BYTES);
    const to = Math.min(offset + length, (page + 1) * CHANGE_PAGE_BYTES);
    yield { page, start: from - page * CHANGE_PAGE_BYTES, from, to };
    from = to;
  }
}
