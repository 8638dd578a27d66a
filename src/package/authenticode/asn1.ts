// SPDX-License-Identifier: MIT
import { createRequire } from "node:module";
import type * as Asn1js from "asn1js";
import type * as Pkijs from "pkijs";
import { VmguestError } from "../../errors.ts";
import { checkDer, type DerElement, malformed } from "./der.ts";

/**
 * The readers of ASN.1: asn1js makes blocks of bytes, pkijs makes structures of the blocks. This file alone loads them,
 * and stands guard in front of them.
 */
export interface Asn1Library {
  readonly asn1js: typeof Asn1js;
  readonly pkijs: typeof Pkijs;
}

export type Asn1Block = Asn1js.AsnType;

/** What is read at once is a certificate or a field of a signer: real ones have up to 1.7 KiB. */
const PART_SIZE_MAX_BYTES = 64 * 1024;

/**
 * Reads one element: `read` gets it as asn1js sees it. `what` is the structure as its specification calls it.
 *
 * Throws SIGNATURE_MALFORMED, whatever the libraries throw.
 */
export function readAsn1<T>(what: string, der: Uint8Array, read: Asn1Reader<T>): T {
  return guarded(what, (library) => read(readBlock(what, der, library), library));
}

/** Reads a SEQUENCE of these fields, as {@link readAsn1} does. */
export function readSequence<T>(what: string, fields: readonly DerElement[], read: Asn1Reader<T>): T {
  return guarded(what, (library) => {
    const value = fields.map(({ encoded }) => readBlock(what, encoded, library));
    return read(new library.asn1js.Sequence({ value }), library);
  });
}

/** Makes something of a block, with the library that reads such things. */
export type Asn1Reader<T> = (block: Asn1Block, library: Asn1Library) => T;

/** Whatever a library throws is a fault of the bytes. */
function guarded<T>(what: string, read: (library: Asn1Library) => T): T {
  const library = loadLibrary();
  try {
    return read(library);
  } catch (error) {
    if (error instanceof VmguestError) throw error;
    throw malformed(`the ${what} cannot be read`, undefined, error);
  }
}

/** asn1js accepts BER, recurses, and makes objects of all it is given; so a check comes first. */
function readBlock(what: string, der: Uint8Array, library: Asn1Library): Asn1Block {
  if (der.length > PART_SIZE_MAX_BYTES) throw malformed(`the ${what} has ${der.length} bytes`);
  checkDer(der);
  // What octet strings hold is read by whoever knows what it is, after a check of its own.
  const { offset, result } = library.asn1js.fromBER(der, { parseEmbedded: false });
  if (offset !== der.length) throw malformed(`the ${what} cannot be read: ${result.error}`);
  checkTimes(result, library);
  return result;
}

/**
 * Refuses times in other forms than that of DER: UTC with seconds, on a day that there is (X.690, 11.7 and 11.8).
 * asn1js reads them too, a time without its `Z` wrongly and by the host's zone.
 */
function checkTimes(block: Asn1Block, library: Asn1Library): void {
  const { Constructed, GeneralizedTime, UTCTime } = library.asn1js;
  if (block instanceof Constructed) {
    for (const inner of block.valueBlock.value) checkTimes(inner, library);
  }
  if (!(block instanceof UTCTime)) return;
  const text = Buffer.from(block.valueBlock.valueHexView).toString("latin1");
  const [isoSeconds = ""] = block.toDate().toISOString().split(".");
  const digits = isoSeconds.replace(/\D/g, "");
  const isSame =
    block instanceof GeneralizedTime
      ? text.replace(/\.\d{1,9}Z$/, "Z") === `${digits}Z`
      : text === `${digits.slice(2)}Z`;
  if (!isSame) throw malformed(`${JSON.stringify(text)} is no time`);
}

let loaded: Asn1Library | undefined;

/** They take some 60 ms to load, so only whoever has a signature to read pays for them. */
function loadLibrary(): Asn1Library {
  if (loaded === undefined) {
    const require = createRequire(import.meta.url);
    loaded = { asn1js: require("asn1js"), pkijs: require("pkijs") };
  }
  return loaded;
}
