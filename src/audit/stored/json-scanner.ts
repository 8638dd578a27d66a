// SPDX-License-Identifier: MIT
import { VmguestError, type Where } from "../../errors.ts";
import { type ByteSource, readBytes } from "../../io/index.ts";

/** Where a JSON value stands in a file. */
export interface ValueRange {
  readonly start: number;
  readonly end: number;
  /** Line of its first byte, from 1. */
  readonly line: number;
}

/** How much of the file is looked at in one go. */
const CHUNK_BYTES = 64 * 1024;

/** A report nests nine levels deep; a value nested by the million would overflow whoever writes it out again. */
const DEPTH_MAX = 64;

/**
 * What is said of one image takes some KiB, and a thousand findings make it some hundred. What is parsed in one piece takes
 * up to twenty times its size in memory, where it is lists of short texts and numbers.
 */
export const VALUE_BYTES_MAX = 16 * 1024 * 1024;

/** Empty lists and objects take thirty times their size; an image has some hundred, and one for each finding. */
const BRACKETS_MAX = 500_000;

const END = -1;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NEWLINE = 0x0a;

/**
 * Goes through JSON text in a file of any size and finds where its values begin and end, without making anything of them:
 * strings and brackets are all that it knows. {@link parse} is who looks closely, at one value at a time.
 *
 * Every error is about `line` of the file.
 */
export class JsonScanner {
  readonly #source: ByteSource;
  #offset = 0;
  #line = 1;
  #chunk: Uint8Array = new Uint8Array(0);
  #chunkStart = 0;

  constructor(source: ByteSource) {
    this.#source = source;
    this.#skipByteOrderMark();
  }

  /** The next byte that is no white space; -1 at the end of the file. */
  peek(): number {
    for (;;) {
      const byte = this.#byte();
      if (byte === NEWLINE) this.#line++;
      else if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return byte;
      this.#offset++;
    }
  }

  /** Of the next byte, from 1. */
  get line(): number {
    return this.#line;
  }

  get isAtEnd(): boolean {
    return this.peek() === END;
  }

  /** Steps over `character` where it comes next, and says whether it did. */
  skip(character: string): boolean {
    if (this.peek() !== character.charCodeAt(0)) return false;
    this.#offset++;
    return true;
  }

  /** Steps over `character`. Throws REPORT_CUT at the end of the file, REPORT_INVALID where something else comes. */
  expect(character: string): void {
    if (this.skip(character)) return;
    if (this.isAtEnd) throw this.#cut();
    throw invalid(this.#line, `"${character}" was expected, but something else is there`);
  }

  /**
   * Steps over one value, whatever it is, and says where it was. Throws REPORT_CUT, REPORT_INVALID, and REPORT_TOO_LARGE
   * where it takes more than `bytesMax`.
   */
  skipValue(bytesMax = VALUE_BYTES_MAX): ValueRange {
    const byte = this.peek();
    const start = this.#offset;
    const line = this.#line;
    if (byte === END) throw this.#cut();
    if (byte === QUOTE || byte === 0x5b || byte === 0x7b) this.#skipNested({ start, line, bytesMax });
    else this.#skipWord(line);
    return { start, end: this.#offset, line };
  }

  /** The value at `range`. Throws REPORT_INVALID where it is no JSON in UTF-8. */
  parse({ start, end, line }: ValueRange): unknown {
    try {
      return JSON.parse(UTF8.decode(readBytes(this.#source, start, end - start)));
    } catch (error) {
      // What V8 and the decoder say quotes the text at length.
      if (error instanceof VmguestError) throw error;
      throw invalid(line, "this is no JSON in UTF-8");
    }
  }

  /** A string, or a list or object up to the bracket that closes it. */
  #skipNested(value: OpenValue): void {
    let depth = 0;
    let brackets = 0;
    let isInString = false;
    for (;;) {
      if (this.#byte() === END) throw this.#cut();
      const chunk = this.#chunk;
      let index = this.#offset - this.#chunkStart;
      for (; index < chunk.length; index++) {
        const byte = chunk[index];
        if (isInString) {
          if (byte === BACKSLASH) index++;
          if (byte !== QUOTE) continue;
          isInString = false;
        } else if (byte === QUOTE) isInString = true;
        else if (byte === 0x5b || byte === 0x7b) {
          depth++;
          brackets++;
        } else if (byte === 0x5d || byte === 0x7d) depth--;
        else {
          if (byte === NEWLINE) this.#line++;
          continue;
        }
        if (depth === 0 && !isInString) {
          this.#offset = this.#chunkStart + index + 1;
          this.#checkLength(value);
          return;
        }
        if (depth > DEPTH_MAX)
          throw invalid(value.line, `the value is nested more than ${DEPTH_MAX} levels deep`);
      }
      if (brackets > BRACKETS_MAX) throw tooLarge(value, `${BRACKETS_MAX} lists and objects`);
      // One past the end of the chunk where its last byte was a backslash.
      this.#offset = this.#chunkStart + index;
      this.#checkLength(value);
    }
  }

  /** A number, true, false or null: all that is no bracket, comma or space. */
  #skipWord(line: number): void {
    const start = this.#offset;
    for (let byte = this.#byte(); byte !== END && WORD_BYTES.has(byte); byte = this.#byte()) {
      this.#offset++;
      if (this.#offset - start > WORD_LENGTH_MAX) throw invalid(line, "a number has too many digits");
    }
    if (this.#offset === start) throw invalid(line, "a value was expected, but something else is there");
  }

  #checkLength(value: OpenValue): void {
    if (this.#offset - value.start > value.bytesMax) throw tooLarge(value, `${value.bytesMax} bytes`);
  }

  #byte(): number {
    const index = this.#offset - this.#chunkStart;
    if (index >= 0 && index < this.#chunk.length) return this.#chunk[index] ?? END;
    if (this.#offset >= this.#source.sizeBytes) return END;
    // Chunks lie on their own size, so that a source with pages of that size gives windows on them.
    this.#chunkStart = this.#offset - (this.#offset % CHUNK_BYTES);
    const length = Math.min(CHUNK_BYTES, this.#source.sizeBytes - this.#chunkStart);
    this.#chunk = readBytes(this.#source, this.#chunkStart, length);
    return this.#chunk[this.#offset - this.#chunkStart] ?? END;
  }

  /** Editors begin UTF-8 with a mark; a shell of Windows may have made UTF-16 of what was redirected into a file. */
  #skipByteOrderMark(): void {
    const head = readBytes(this.#source, 0, Math.min(3, this.#source.sizeBytes));
    if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) this.#offset = 3;
    else if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) {
      throw invalid(1, "the file is UTF-16, as PowerShell writes what is redirected; use --output instead");
    }
  }

  #cut(): VmguestError {
    const message = this.#source.sizeBytes === 0 ? "the file is empty" : "the file ends in the middle";
    return new VmguestError("REPORT_CUT", message, atLine(this.#line));
  }
}

/** A value whose end is being looked for. */
interface OpenValue extends Omit<ValueRange, "end"> {
  readonly bytesMax: number;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes of numbers, true, false and null. */
const WORD_BYTES: ReadonlySet<number> = new Set(new TextEncoder().encode("+-.0123456789Eaeflnrstu"));

/** JavaScript writes no number longer than 25 characters. */
const WORD_LENGTH_MAX = 64;

/** A place of the file for people who open it. */
export function atLine(line: number): Where {
  return { structure: `line ${line}` };
}

/** The file is no report, because of what stands in that line. */
export function invalid(line: number, message: string): VmguestError {
  return new VmguestError("REPORT_INVALID", message, atLine(line));
}

function tooLarge({ line }: OpenValue, limit: string): VmguestError {
  return new VmguestError("REPORT_TOO_LARGE", `the value is more than ${limit}`, atLine(line));
}
