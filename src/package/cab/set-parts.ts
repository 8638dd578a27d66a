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
/** Members and folders of a whole set: four times what one cabinet can have, and some 200 MiB of memory. */
const ENTRY_COUNT_MAX = 4 * 2 * 65_535;

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
  const walk = new SetWalk(opened, resolvePart, findings);
  const backward = walk.follow(-1);
  const forward = walk.follow(1);
  return {
    parts: [...backward.parts.reverse(), opened, ...forward.parts],
    before: backward.missing,
    after: forward.missing,
  };
}

/** Goes from cabinet to cabinet by the names that they give each other. */
class SetWalk {
  readonly #opened: CabinetPart;
  readonly #resolvePart: ResolvePart | undefined;
  readonly #findings: FindingList;
  #entryCount: number;

  constructor(opened: CabinetPart, resolvePart: ResolvePart | undefined, findings: FindingList) {
    this.#opened = opened;
    this.#resolvePart = resolvePart;
    this.#findings = findings;
    this.#entryCount = entriesOf(opened);
  }

  /** The cabinets before (-1) or after (1) the one that was opened, the nearest first. */
  follow(step: -1 | 1): { parts: CabinetPart[]; missing: string | undefined } {
    const parts: CabinetPart[] = [];
    let current = this.#opened;
    for (;;) {
      const { previous, next } = current.header;
      const name = step < 0 ? previous : next;
      if (name === undefined) return { parts, missing: undefined };
      try {
        if (parts.length >= PART_COUNT_MAX)
          throw new VmguestError("LIMIT_EXCEEDED", `the set has more than ${PART_COUNT_MAX} cabinets`);
        current = openNeighbour(current, name, step, this.#resolvePart);
        this.#count(current);
        parts.push(current);
      } catch (error) {
        if (!(error instanceof VmguestError) || error.kind === "io") throw error;
        this.#findings.addError(error, { path: name });
        return {
          parts,
          missing: `the cabinet ${JSON.stringify(name)} of the set is not here, or cannot be read`,
        };
      }
    }
  }

  #count(part: CabinetPart): void {
    this.#entryCount += entriesOf(part);
    if (this.#entryCount > ENTRY_COUNT_MAX)
      throw new VmguestError(
        "LIMIT_EXCEEDED",
        `the set has more than ${ENTRY_COUNT_MAX} members and folders`,
      );
  }
}

const entriesOf = ({ files, folders }: CabinetPart) => files.length + folders.length;

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
