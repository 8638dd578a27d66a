import { expect, test } from "vitest";
import { NtfsWriter } from "../../../../src/fs/ntfs/write/index.ts";
import { MemorySource, Overlay } from "../../../../src/io/index.ts";
import { AT, bench, contentOf, expectSound, lay, NOW, noise } from "./volumes.ts";

/** Where the clusters of a file lie: [first, count] for each run. */
function runsOf({ open }: Pick<ReturnType<typeof bench>, "open">, path: string): [number, number][] {
  const volume = open();
  const record = volume.context.mft.record(volume.require(path).recordNumber);
  const data = record.attributes.find(({ type }) => type === 0x80) ?? expect.unreachable();
  const { runCount, lcns, vcns } = data.decodeRuns(1e9);
  return Array.from({ length: runCount }, (_, run) => [
    lcns[run] ?? -1,
    (vcns[run + 1] ?? 0) - (vcns[run] ?? 0),
  ]);
}

test("a file gets its clusters in one piece where there is one", () => {
  const laid = bench();
  laid.writer.createFile("a.bin", noise(100_000), AT);
  expect(runsOf(laid, "a.bin").map(([, count]) => count)).toEqual([25]);
});

test("a file grows behind its last cluster where that is free", () => {
  const laid = bench();
  laid.writer.createFile("a.bin", noise(100_000), AT);
  laid.writer.extend("a.bin", 300_000, { time: NOW });
  expect(runsOf(laid, "a.bin")).toHaveLength(1);
  laid.writer.createFile("b.bin", noise(5000), AT);
  laid.writer.extend("a.bin", 500_000, { time: NOW });
  expect(runsOf(laid, "a.bin")).toHaveLength(2);
  expectSound(laid.overlay);
});

test("a file gets pieces where there is no room for all of it in one", () => {
  // Between the pieces of a scattered file one cluster each is free.
  const laid = bench(
    lay({
      spareClusters: 2,
      files: { "a.bin": { content: noise(60_000), storage: "fragmented" }, "d/x": "x" },
    }),
  );
  laid.writer.createFile("d/b.bin", noise(30_000), AT);
  expect(runsOf(laid, "d/b.bin").length).toBeGreaterThan(3);
  expect(contentOf(laid.open(), "d/b.bin")).toEqual(Buffer.from(noise(30_000)));
  expectSound(laid.overlay);
});

test("places that the caller prefers are taken first, others where those are full", () => {
  const bytes = lay();
  const overlay = new Overlay(new MemorySource(bytes));
  const from = bytes.length - 100 * 4096;
  const writer = NtfsWriter.open(overlay, { prefers: (offset) => offset >= from });
  writer.createFile("a.bin", noise(50 * 4096), AT);
  writer.createFile("b.bin", noise(90 * 4096), AT);
  const after = { open: bench(new Uint8Array(overlay.read(0, overlay.sizeBytes).buffer)).open };
  expect((runsOf(after, "a.bin")[0]?.[0] ?? 0) * 4096).toBeGreaterThanOrEqual(from);
  expect((runsOf(after, "b.bin")[0]?.[0] ?? 0) * 4096).toBeLessThan(from);
  expectSound(overlay);
});

test("the table of records grows by less where space is short, and not at all where there is none", () => {
  const laid = bench(lay({ spareClusters: 3, spareRecords: 0, files: { "d/x": "x" } }));
  let count = 0;
  expect(() => {
    for (; count < 200; count++) laid.writer.createFile(`d/${count}.txt`, noise(1), AT);
  }).toThrow(/FILE record is free|clusters are needed/);
  expect(count).toBeGreaterThan(4);
  expectSound(laid.overlay);
});

test.each([512, 4096, 65_536])("clusters of %d bytes serve every operation", (clusterSizeBytes) => {
  const laid = bench(lay({ clusterSizeBytes, spareClusters: 100 + Math.ceil(2_000_000 / clusterSizeBytes) }));
  laid.writer.createDirectory("d", AT);
  for (let index = 0; index < 60; index++)
    laid.writer.createFile(`d/file ${index}.bin`, noise(index * 100), AT);
  laid.writer.extend("d/file 50.bin", 150_000, { time: NOW });
  laid.writer.overwrite("d/file 50.bin", 100_000, noise(1000), "arming");
  laid.writer.replaceContent("d/file 51.bin", noise(70_000), { time: NOW });
  laid.writer.replaceContent("d/file 59.bin", noise(7), { time: NOW });
  expect(contentOf(laid.open(), "d/file 50.bin").subarray(100_000, 101_000)).toEqual(
    Buffer.from(noise(1000)),
  );
  expect(contentOf(laid.open(), "d/file 51.bin")).toEqual(Buffer.from(noise(70_000)));
  expect(contentOf(laid.open(), "d/file 59.bin")).toEqual(Buffer.from(noise(7)));
  expectSound(laid.overlay);
});
