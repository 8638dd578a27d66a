// SPDX-License-Identifier: MIT
import type { ByteSource } from "../../io/index.ts";
import { Cabinet, type ResolvePart } from "../cab/index.ts";

/** A cabinet, and whether it goes on in others. */
export interface CabinetOfSet {
  readonly cabinet: Cabinet;
  /** Whether it names a cabinet before or after it, be that there or not. */
  readonly isPartOfSet: boolean;
}

/** Why a cabinet of a set is not relied on. */
export const SET_NOT_COVERED =
  "it is one cabinet of a set, whose others have signatures of their own, which this one does not cover";

/** Opens a cabinet with those of its set that `resolvePart` finds. */
export function openCabinetOfSet(source: ByteSource, resolvePart?: ResolvePart): CabinetOfSet {
  let isAsked = false;
  const cabinet = Cabinet.open(source, {
    resolvePart: (name) => {
      isAsked = true;
      return resolvePart?.(name);
    },
  });
  // Under a name that leads away no cabinet is asked for at all.
  const isPartOfSet = isAsked || cabinet.findings.some(({ code }) => code === "CAB_SET_INCOMPLETE");
  return { cabinet, isPartOfSet };
}
