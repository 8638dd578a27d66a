// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import type { FindingList } from "./findings.ts";
import { checkMemberName } from "./member-name.ts";
import { type CabinetPart, readPart } from "./part.ts";

/**
 * Cabinets were made for floppy disks; the largest products came on a few dozen. `iCabinet` goes up or down by one from
 * part to part, so a set cannot be a ring, but it could have 65,536 parts.
 */
const PART_COUNT_MAX = 1024;

/** Finds a cabinet of a set by the file name that its neighbour calls it; the case of letters may differ. */
export type ResolvePart = (name: string) => ByteSource | undefined;

/** The cabinets of a set that are here, without a gap, in order. */
export interface SetParts {
  readonly parts: readonly CabinetPart[];
  /** Why nothing stands before the first, or after the last; undefined where the set begins or ends there. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** Opens the neighbours of a cabinet as far as they can be found; each that cannot is a finding. */
export function collectParts(
  opened: CabinetPart,
  resolvePart: ResolvePart | undefined,
  findings: FindingList,
): SetParts {
  const walk = (step: -1 | 1) => followNames(opened, step, resolvePart, findings);
  const backward = walk(-1);
  const forward = walk(1);
  return {
    parts: [...backward.parts.reverse(), opened, ...forward.parts],
    before: backward.missing,
    after: forward.missing,
  };
}

function followNames(
  opened: CabinetPart,
  step: -1 | 1,
  resolvePart: ResolvePart | undefined,
  findings: FindingList,
): { parts: CabinetPart[]; missing: string | undefined } {
  const parts: CabinetPart[] = [];
  let current = opened;
  for (;;) {
    const { previous, next } = current.header;
    const name = step < 0 ? previous : next;
    if (name === undefined) return { parts, missing: undefined };
    try {
      if (parts.length >= PART_COUNT_MAX)
        throw new VmguestError("LIMIT_EXCEEDED", `the set has more than ${PART_COUNT_MAX} cabinets`);
      current = openNeighbour(current, name, step, resolvePart);
      parts.push(current);
    } catch (error) {
      if (!(error instanceof VmguestError) || error.kind === "io") throw error;
      findings.addError(error, { path: name });
      return { parts, missing: `the cabinet ${JSON.stringify(name)} of the set is not here, or is damaged` };
    }
  }
}

function openNeighbour(
  current: CabinetPart,
  name: string,
  step: -1 | 1,
  resolvePart: ResolvePart | undefined,
): CabinetPart {
  const fault = checkMemberName(name) ?? (/[/\\]/.test(name) ? "it is a path" : null);
  if (fault !== null)
    throw new VmguestError("CAB_SET_INCOMPLETE", `no cabinet is looked for under this name: ${fault}`);
  const source = resolvePart?.(name);
  if (source === undefined)
    throw new VmguestError("CAB_SET_INCOMPLETE", "the cabinet that goes before or after is not here");
  const part = readPart(source, name);
  if (part.fault !== undefined) throw part.fault;
  const { setId, index } = part.header;
  const expected = { setId: current.header.setId, index: current.header.index + step };
  if (setId === expected.setId && index === expected.index) return part;
  const message = `it is number ${index} of set ${setId}, expected was number ${expected.index} of set ${expected.setId}`;
  throw new VmguestError("CAB_SET_MISMATCH", message);
}
