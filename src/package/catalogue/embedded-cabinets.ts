// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import { findCabinets } from "../cab/index.ts";

/** Self-extractors hold one or two; a file may be full of cabinets of 60 bytes each. */
const CABINET_COUNT_MAX = 1000;

/**
 * The cabinets inside a file of another kind, such as a self-extractor. They have no names, and are numbered:
 * `cabinet-1.cab` stays what it is as long as the file does. Throws LIMIT_EXCEEDED behind the thousandth.
 */
export function* embeddedCabinets(source: ByteSource): Generator<[name: string, cabinet: ByteSource]> {
  let count = 0;
  for (const cabinet of findCabinets(source)) {
    count++;
    if (count > CABINET_COUNT_MAX)
      throw new VmguestError("LIMIT_EXCEEDED", `the file holds more than ${CABINET_COUNT_MAX} cabinets`);
    yield [`cabinet-${count}.cab`, cabinet];
  }
}

/** The error for a file that is no package and holds none. */
export function unknownPackage({ sizeBytes }: ByteSource): VmguestError {
  const message = "the file is neither cabinet nor MSI nor image of a disc, and no cabinet is inside of it";
  return new VmguestError("PACKAGE_UNKNOWN", sizeBytes === 0 ? "the file is empty" : message);
}
