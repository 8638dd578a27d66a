import fc from "fast-check";
import { expect, test } from "vitest";
import { type Code, VmguestError } from "../../../../src/errors.ts";
import { openNtfs } from "../../../../src/fs/index.ts";
import { type MadeFile, NtfsWriter } from "../../../../src/fs/ntfs/write/index.ts";
import { MemorySource, Overlay, readBytes } from "../../../../src/io/index.ts";
import { contentOf, expectSound, lay, NOW, namesIn, noise } from "./volumes.ts";

/** Operations of a run; many more are worth the time now and then. */
const OPERATIONS = Number(process.env["VMGUEST_NTFS_OPERATIONS"] ?? 400);
const RUNS = Number(process.env["VMGUEST_NTFS_RUNS"] ?? 4);
/** After this many operations the volume is checked, and a new writer goes on with what the last one left. */
const OPERATIONS_PER_ROUND = Math.max(100, Math.floor(OPERATIONS / 100));

interface ModelFile {
  readonly made: MadeFile;
  bytes: Uint8Array;
}

/** What should be on the volume: files by directory and name. */
type Model = Map<string, { readonly made: MadeFile; readonly files: Map<string, ModelFile> }>;

/** Numbers from a seed. */
class Dice {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }
  next(below: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * below);
  }
  of<T>(items: readonly T[]): T | undefined {
    return items[this.next(items.length)];
  }
}

const ENDINGS = [".txt", ".CAB", "", ".a long ending", " ünïcode 文件"];

function newName(dice: Dice): string {
  const stem = `${dice.next(100_000)}`.repeat(1 + dice.next(dice.next(10) === 0 ? 30 : 4));
  return `${stem.slice(0, 200)}x${ENDINGS[dice.next(ENDINGS.length)]}`;
}

const sizeOf = (dice: Dice) => dice.next([10, 600, 5000, 60_000][dice.next(4)] ?? 1);

/** One operation, on the volume and on the model. */
function operate(writer: NtfsWriter, model: Model, dice: Dice): void {
  const directory = dice.of([...model.keys()]);
  const kind = dice.next(100);
  if (directory === undefined || kind < 4) {
    const name = `d${dice.next(1000)}`;
    if (!model.has(name))
      model.set(name, { made: writer.createDirectory(name, { time: NOW }), files: new Map() });
    return;
  }
  const { files, made } = model.get(directory) ?? expect.unreachable();
  if (kind < 6) {
    if (files.size > 0) {
      expect(() => writer.deleteDirectory(directory, made, { time: NOW })).toThrow(VmguestError);
    } else {
      writer.deleteDirectory(directory, made, { time: NOW });
      model.delete(directory);
    }
    return;
  }
  const name = dice.of([...files.keys()]);
  const file = name === undefined ? undefined : files.get(name);
  if (name === undefined || file === undefined || kind < 50) {
    const fresh = newName(dice);
    const bytes = noise(sizeOf(dice), dice.next(1000));
    if (files.has(fresh)) return;
    files.set(fresh, { made: writer.createFile(`${directory}/${fresh}`, bytes, { time: NOW }), bytes });
    return;
  }
  const path = `${directory}/${name}`;
  if (kind < 75) {
    writer.deleteFile(path, file.made, { time: NOW });
    files.delete(name);
  } else if (kind < 85) {
    const longer = new Uint8Array(file.bytes.length + sizeOf(dice));
    longer.set(file.bytes);
    writer.extend(path, longer.length, { time: NOW });
    file.bytes = longer;
  } else if (kind < 95) {
    const offset = dice.next(file.bytes.length + 1);
    const bytes = noise(dice.next(file.bytes.length - offset + 1), dice.next(1000));
    writer.overwrite(path, offset, bytes, "arming");
    file.bytes = file.bytes.slice();
    file.bytes.set(bytes, offset);
  } else {
    const bytes = noise(sizeOf(dice), dice.next(1000));
    writer.replaceContent(path, bytes, { time: NOW });
    file.bytes = bytes;
  }
}

/** Refusals that a volume may come to; they must change nothing. */
const REFUSALS: readonly Code[] = ["NTFS_WRITE_NO_SPACE", "NTFS_WRITE_RECORD_FULL", "NTFS_WRITE_MFT_FULL"];

function attempt(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof VmguestError) || !REFUSALS.includes(error.code)) throw error;
  }
}

function expectModel(bytes: Uint8Array, model: Model): void {
  expectSound(new MemorySource(bytes));
  const volume = openNtfs(new MemorySource(bytes));
  for (const [directory, { files }] of model) {
    expect(namesIn(volume, directory).toSorted()).toEqual([...files.keys()].toSorted());
    for (const [name, file] of files) {
      const content = contentOf(volume, `${directory}/${name}`);
      if (!content.equals(Buffer.from(file.bytes)))
        expect.unreachable(`${directory}/${name} has another content`);
    }
  }
}

test("whatever is done in whichever order, the volume is sound and holds what it should", {
  timeout: 3_600_000,
}, () => {
  const layout = fc.record({
    clusterSizeBytes: fc.constantFrom(512, 4096, 16_384),
    recordSizeBytes: fc.constantFrom(1024, 4096),
    indexBlockSizeBytes: fc.constantFrom(2048, 4096),
    mftPieces: fc.integer({ min: 1, max: 3 }),
  });
  fc.assert(
    fc.property(layout, fc.integer(), (laid, seed) => {
      const clusters = Math.ceil((16 * 1024 * 1024) / laid.clusterSizeBytes);
      let bytes = lay({ ...laid, spareClusters: clusters, spareRecords: 30 });
      const dice = new Dice(seed);
      const model: Model = new Map();
      for (let done = 0; done < OPERATIONS; done += OPERATIONS_PER_ROUND) {
        const overlay = new Overlay(new MemorySource(bytes));
        const writer = NtfsWriter.open(overlay);
        for (let turn = 0; turn < OPERATIONS_PER_ROUND; turn++) attempt(() => operate(writer, model, dice));
        bytes = readBytes(overlay, 0, overlay.sizeBytes).slice();
        expectModel(bytes, model);
      }
    }),
    { numRuns: RUNS },
  );
});
