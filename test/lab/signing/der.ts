/** One DER value: its tag byte, the shortest definite length, its content (X.690, 8.1 and 10.1). */
export function der(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const size = content.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([Uint8Array.of(tag), lengthOctets(size), ...content]);
}

function lengthOctets(size: number): Uint8Array {
  if (size < 0x80) return Uint8Array.of(size);
  const octets = bigEndian(BigInt(size));
  return Uint8Array.of(0x80 + octets.length, ...octets);
}

export const sequence = (...items: readonly Uint8Array[]) => der(0x30, ...items);

/** A SET in the order given, which is DER only where that order is sorted. */
export const set = (...items: readonly Uint8Array[]) => der(0x31, ...items);

/** A SET OF, sorted as DER demands (X.690, 11.6). */
export const setOf = (...items: readonly Uint8Array[]) => set(...items.toSorted(Buffer.compare));

/** A constructed value with a context tag: `[number] EXPLICIT`, or an implicit SEQUENCE or SET. */
export const context = (number: number, ...items: readonly Uint8Array[]) => der(0xa0 + number, ...items);

/** A primitive value with a context tag: `[number] IMPLICIT` of a string or a number. */
export const implicit = (number: number, bytes: Uint8Array = new Uint8Array(0)) => der(0x80 + number, bytes);

export const octetString = (bytes: Uint8Array) => der(0x04, bytes);
export const bitString = (bytes: Uint8Array, unusedBits = 0) => der(0x03, Uint8Array.of(unusedBits), bytes);
export const nullValue = () => der(0x05);
export const boolean = (value: boolean) => der(0x01, Uint8Array.of(value ? 0xff : 0));

/** A number of zero or more; a leading zero keeps the highest bit from being a sign. */
export function integer(value: number | bigint): Uint8Array {
  const octets = bigEndian(BigInt(value));
  return der(0x02, Uint8Array.from((octets[0] ?? 0) >= 0x80 ? [0, ...octets] : octets));
}

/** An object identifier written with dots. */
export function objectIdentifier(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const octets = [first * 40 + second, ...rest].flatMap((arc) => {
    const sevens = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) {
      sevens.unshift(128 + (left % 128));
    }
    return sevens;
  });
  return der(0x06, Uint8Array.from(octets));
}

export const printableString = (text: string) => der(0x13, Buffer.from(text, "latin1"));
export const utf8String = (text: string) => der(0x0c, Buffer.from(text, "utf8"));
export const bmpString = (text: string) => der(0x1e, Buffer.from(text, "utf16le").swap16());

/** A time of `2024-05-06T07:08:09Z`: UTCTime up to 2049, GeneralizedTime beyond (RFC 5280, 4.1.2.5). */
export function time(iso: string): Uint8Array {
  return iso < "2050" ? der(0x17, Buffer.from(digitsOf(iso).slice(2))) : generalizedTime(iso);
}

/** A GeneralizedTime, with the fraction of the second where `iso` has one. */
export const generalizedTime = (iso: string) => der(0x18, Buffer.from(digitsOf(iso)));

const digitsOf = (iso: string) => iso.replaceAll(/[-:T]/g, "");

function bigEndian(value: bigint): number[] {
  const octets = [Number(value % 256n)];
  for (let left = value / 256n; left > 0n; left /= 256n) octets.unshift(Number(left % 256n));
  return octets;
}
