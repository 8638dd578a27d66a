import { expect } from "vitest";
import { type Edited, faultsOf, linesOf, randomNumbers, withChanges } from "./edits.ts";

/** What may be found while an edit is half written: space that is lost, and descriptors that seem to be used more. */
const isHarmless = (fault: string): boolean => {
  if (/^REGF_(CELL_UNREACHABLE|LOG_APPLIED)/.test(fault)) return true;
  const [, counted, used] =
    /^REGF_SECURITY_COUNT: the descriptor counts (\d+) keys, but (\d+)/.exec(fault) ?? [];
  return Number(counted) > Number(used);
};

interface WrittenEdit {
  /** The hive file and its logs as they are. */
  readonly bytes: Uint8Array;
  readonly logs: readonly Uint8Array[];
  readonly edited: Edited;
}

/** Every state that an interrupted write may leave: steps in their order, of the last one any of its pages. */
function* interrupted({ bytes, edited }: WrittenEdit, random: (limit: number) => number) {
  const { edit } = edited;
  let file = withChanges(bytes, [], edit.sizeBytes);
  for (const { name, changes } of edit.steps) {
    yield { name, isWhole: true, file };
    for (let round = 0; round < Math.min(2 ** changes.length, 5); round++) {
      yield {
        name,
        isWhole: false,
        file: withChanges(
          file,
          changes.filter(() => random(2) === 0),
        ),
      };
    }
    file = withChanges(file, changes);
  }
  yield { name: "end", isWhole: true, file };
}

/** Fails where one of those states has a fault that was not there, or is neither before nor after the edit. */
export function expectSoundThroughout(state: WrittenEdit, seed = 1): void {
  const { bytes, logs, edited } = state;
  const known = new Set(faultsOf(bytes, logs));
  const before = linesOf(bytes, logs);
  const after = linesOf(edited.bytes, logs);
  for (const { name, isWhole, file } of interrupted(state, randomNumbers(seed))) {
    if (!isWhole && !edited.edit.isSoundThroughout) continue;
    expect(
      faultsOf(file, logs).filter((fault) => !known.has(fault) && !isHarmless(fault)),
      name,
    ).toEqual([]);
    const lines = linesOf(file, logs);
    if (name === "end" || name === "release" || name === "seal") expect(lines, name).toEqual(after);
    else if (name !== "link" || isWhole) expect(lines, name).toEqual(before);
  }
}
