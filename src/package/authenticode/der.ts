// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";

/** One element of DER: a window on bytes that others own. */
export interface DerElement {
  /** The identifier octet, class and construction included: 0x30 for a SEQUENCE, 0xa0 for [0]. */
  readonly tag: number;
  /** The whole element, tag and length included. */
  readonly encoded: Uint8Array;
  /** The value octets alone. */
  readonly content: Uint8Array;
}

/** Identifier octets of the elements that signatures and catalogs are made of (X.690, 8.1.2). */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
  /** [0] EXPLICIT, or [0] IMPLICIT of a SEQUENCE or SET. */
  context0: 0xa0,
  context1: 0xa1,
} as const;

const CONSTRUCTED = 0x20;
/** Identifier octets with all of these bits go on in a second octet; nothing in a signature needs one. */
const LONG_TAG = 0x1f;
/** Real certificates and signers nest 13 deep; each level is one more frame for a parser. */
const DEPTH_MAX = 32;
/** Real ones have up to 93 elements, each of which costs a parser an object. */
const ELEMENT_COUNT_MAX = 1_000;

/**
 * The element that begins at `at`; it must end inside `bytes`.
 *
 * Strict DER (X.690, 10.1): the definite form alone, and each length in the fewest octets, so that no two encodings
 * mean the same. Throws SIGNATURE_MALFORMED.
 */
export function readElement(bytes: Uint8Array, at = 0): DerElement {
  const tag = octetAt(bytes, at);
  if ((tag & LONG_TAG) === LONG_TAG) throw malformed(`tag 0x${tag.toString(16)} has a second octet`, at);
  const first = octetAt(bytes, at + 1);
  const lengthOctets = first < 0x80 ? 0 : first - 0x80;
  if (first === 0x80) throw malformed("the length is indefinite, which DER forbids", at);
  // Four octets reach 4 GiB, and nothing here is larger than 64 MiB.
  if (lengthOctets > 4) throw malformed(`the length has ${lengthOctets} octets`, at);
  const start = at + 2 + lengthOctets;
  const length = lengthOctets === 0 ? first : readLength(bytes, at + 2, lengthOctets);
  const end = start + length;
  if (end > bytes.length) {
    throw malformed(`an element needs ${length} bytes, but ${bytes.length - start} are left`, at);
  }
  return { tag, encoded: bytes.subarray(at, end), content: bytes.subarray(start, end) };
}

function readLength(bytes: Uint8Array, at: number, octetCount: number): number {
  let length = 0;
  for (let index = 0; index < octetCount; index++) length = length * 256 + octetAt(bytes, at + index);
  const isShortest = length >= 0x80 && length >= 256 ** (octetCount - 1);
  if (!isShortest) throw malformed(`length ${length} is written in more octets than it needs`, at);
  return length;
}

/** The elements of a constructed one, in order. Throws SIGNATURE_MALFORMED where they do not fill it exactly. */
export function* elementsOf(content: Uint8Array): Generator<DerElement> {
  for (let at = 0; at < content.length; ) {
    const element = readElement(content, at);
    yield element;
    at += element.encoded.length;
  }
}

/** The content of an element that must have this tag. Throws SIGNATURE_MALFORMED where it is missing or another. */
export function expectTag(element: DerElement | undefined, tag: number, what: string): Uint8Array {
  if (element?.tag === tag) return element.content;
  const found = element === undefined ? "nothing" : `tag 0x${element.tag.toString(16)}`;
  throw malformed(`${what} should have tag 0x${tag.toString(16)}, but there is ${found}`);
}

/** The fields of a SEQUENCE, taken one after the other; what is not taken must not be there. */
export class Fields {
  readonly #content: Uint8Array;
  readonly #what: string;
  #at = 0;
  #next: DerElement | undefined;

  /** `what` is the structure as its specification calls it. */
  constructor(content: Uint8Array, what: string) {
    this.#content = content;
    this.#what = what;
    this.#advance();
  }

  /** The fields of an element that must be a SEQUENCE. */
  static of(element: DerElement | undefined, what: string): Fields {
    return new Fields(expectTag(element, TAG.sequence, what), what);
  }

  /** The next field, which must have this tag. */
  take(tag: number, field: string): DerElement {
    const element = this.#next;
    if (element?.tag !== tag) {
      const found = element === undefined ? "nothing" : `tag 0x${element.tag.toString(16)}`;
      throw malformed(`${this.#what}: ${field} should have tag 0x${tag.toString(16)}, but there is ${found}`);
    }
    this.#advance();
    return element;
  }

  /** The next field if it has this tag. */
  takeIf(tag: number): DerElement | undefined {
    return this.#next?.tag === tag ? this.take(tag, "") : undefined;
  }

  /** The next field whatever it is, or undefined where there is none. */
  takeAny(): DerElement | undefined {
    const element = this.#next;
    if (element !== undefined) this.#advance();
    return element;
  }

  /** The identifier of an AlgorithmIdentifier; its parameters are NULL or nothing in all that is accepted here. */
  takeAlgorithm(field: string): string {
    const [identifier] = elementsOf(this.take(TAG.sequence, field).content);
    return decodeObjectIdentifier(expectTag(identifier, TAG.objectIdentifier, field));
  }

  takeIdentifier(field: string): string {
    return decodeObjectIdentifier(this.take(TAG.objectIdentifier, field).content);
  }

  /** Throws where there is more. */
  end(): void {
    if (this.#next !== undefined) throw malformed(`${this.#what} has more fields than it may`);
  }

  #advance(): void {
    const isEnd = this.#at === this.#content.length;
    this.#next = isEnd ? undefined : readElement(this.#content, this.#at);
    this.#at += this.#next?.encoded.length ?? 0;
  }
}

/** The one element that `bytes` must be. */
export function readOnlyElement(bytes: Uint8Array): DerElement {
  const element = readElement(bytes);
  if (element.encoded.length < bytes.length) throw malformed("more follows where one element was expected");
  return element;
}

/**
 * Walks everything in `bytes`, which must be one element and nothing else, and throws SIGNATURE_MALFORMED where it is
 * not strict DER, too deep or too much. What passes may be given to a parser that recurses.
 */
export function checkDer(bytes: Uint8Array): void {
  const ends: number[] = [];
  let elementCount = 0;
  let at = 0;
  do {
    const end = ends.at(-1) ?? bytes.length;
    const element = readElement(bytes.subarray(0, end), at);
    elementCount += 1;
    if (elementCount > ELEMENT_COUNT_MAX) {
      throw malformed(`there are more than ${ELEMENT_COUNT_MAX} elements`, at);
    }
    if (ends.length > DEPTH_MAX) throw malformed(`elements are nested deeper than ${DEPTH_MAX}`, at);
    const elementEnd = at + element.encoded.length;
    if ((element.tag & CONSTRUCTED) === 0) {
      at = elementEnd;
    } else {
      at = elementEnd - element.content.length;
      ends.push(elementEnd);
    }
    while (ends.at(-1) === at) ends.pop();
  } while (ends.length > 0);
  if (at !== bytes.length) throw malformed(`${bytes.length - at} bytes follow the element`, at);
}

/** An object identifier as people write it: `1.2.840.113549.1.7.2`. Throws SIGNATURE_MALFORMED. */
export function decodeObjectIdentifier(content: Uint8Array): string {
  const arcs: number[] = [];
  let arc = 0;
  let isOpen = true;
  for (const octet of content) {
    arc = arc * 128 + (octet & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER / 128)
      throw malformed("an object identifier has an arc beyond all use");
    isOpen = octet >= 0x80;
    if (isOpen) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [first] = arcs;
  if (isOpen || first === undefined) throw malformed("an object identifier breaks off");
  // The first octets hold two arcs: 40 times the first, which is 0, 1 or 2, and the second.
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...arcs.slice(1)].join(".");
}

/** What is thrown for every signature or catalog that is not as its format says; `at` counts from where it begins. */
export function malformed(message: string, at?: number, cause?: unknown): VmguestError {
  const where = { structure: "DER", ...(at === undefined ? {} : { offset: at }) };
  return new VmguestError("SIGNATURE_MALFORMED", message, where, { cause });
}

function octetAt(bytes: Uint8Array, at: number): number {
  const octet = bytes[at];
  if (octet === undefined) throw malformed("an element breaks off", at);
  return octet;
}
