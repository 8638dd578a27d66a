// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { openDisk } from "../../src/disk/index.ts";
import { planDiskWrites } from "../../src/disk/write/index.ts";
import { commitChanges, inspectUndo, rollbackChanges } from "../../src/io/commit/index.ts";
import { Overlay, readBytes } from "../../src/io/index.ts";
import { VhdxImage } from "../lab/vhdx.ts";
import { ID, IMAGE } from "./change-lab.ts";
import { cutAtEveryCall, FaultyDisk, losses } from "./index.ts";

const MIB = 1024 * 1024;
/** Payload in a block that does not exist yet, a record that names it, and what makes the guest use it. */
const PAYLOAD = { offset: 2 * MIB + 8192, bytes: new Uint8Array(20_000).fill(0xaa) };
const RECORD = { offset: 4096, bytes: new Uint8Array(100).fill(0xbb) };
const TRIGGER = { offset: 16 * 4096, bytes: new Uint8Array(10).fill(0xcc) };

const image = new VhdxImage({
  virtualSizeBytes: 3 * MIB,
  blocks: new Map([[0, new Uint8Array(MIB).fill(0x11)]]),
});
const original = Buffer.from(readBytes(image, 0, image.sizeBytes));

function makeDisk(): FaultyDisk {
  const disk = new FaultyDisk();
  disk.put(IMAGE, image);
  return disk;
}

function commit(storage: FaultyDisk): void {
  const planned = storage.planned(IMAGE);
  const virtual = openDisk(planned);
  const overlay = new Overlay(virtual);
  overlay.write(PAYLOAD.offset, PAYLOAD.bytes, "data");
  overlay.write(RECORD.offset, RECORD.bytes, "records");
  overlay.write(TRIGGER.offset, TRIGGER.bytes, "arming");
  let count = 0;
  const newGuid = () => `00000000-0000-4000-8000-${String(++count).padStart(12, "0")}`;
  const { steps, sizeBytes } = planDiskWrites(planned, virtual, overlay.changes(), { newGuid });
  commitChanges(IMAGE, { image: planned, steps, sizeBytes, id: ID }, { storage });
}

/** Whether the disk in the image has all of a change. */
function has(disk: FaultyDisk, { offset, bytes }: typeof RECORD): boolean {
  const found = readBytes(openDisk(disk.sourceOf(IMAGE)), offset, bytes.length);
  return Buffer.compare(found, bytes) === 0;
}

test("a VHDX whose commit is cut anywhere opens, has no trigger without its payload, and rolls back", () => {
  const states = new Set<string>();
  const diskCount = cutAtEveryCall(makeDisk, commit, losses(4), (disk, { words }) => {
    const [payload, record, trigger] = [PAYLOAD, RECORD, TRIGGER].map((change) => has(disk, change));
    if (record) expect(payload, words).toBe(true);
    if (trigger) expect(record, words).toBe(true);
    const { state } = inspectUndo(IMAGE, { storage: disk });
    states.add(`${state} ${[payload, record, trigger].filter(Boolean).length}`);
    if (state === "committed") expect(trigger, words).toBe(true);
    if (state !== "none") rollbackChanges(IMAGE, { storage: disk, replaceStaleLock: true });
    expect(disk.bytesOf(IMAGE)?.equals(original), words).toBe(true);
  });
  expect(diskCount).toBeGreaterThan(25);
  expect([...states].sort()).toEqual([
    "committed 3",
    "incomplete 0",
    "interrupted 0",
    "interrupted 1",
    "interrupted 2",
    "interrupted 3",
    "none 0",
  ]);
});
