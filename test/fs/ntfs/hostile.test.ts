import fc from "fast-check";
import { expect, test } from "vitest";
import { VmguestError } from "../../../src/errors.ts";
import { openNtfs, readNtfsState } from "../../../src/fs/index.ts";
import { MemorySource } from "../../../src/io/index.ts";
import { thrownBy } from "../../lab/ntfs/damage.ts";
import { walk } from "../../lab/ntfs/listing.ts";
import { layNtfs } from "../../lab/ntfs.ts";

const content = new Uint8Array(20 * 4096).fill(0x41);
const many = Array.from({ length: 40 }, (_, index) => [
  `Windows/long name ${index}`,
  { content: "", shortName: `LONG~${index}` },
]);
const volume = layNtfs({
  mftPieces: 3,
  mftAttributeList: "resident",
  files: {
    "Windows/System32/config/SOFTWARE": {
      content,
      storage: "fragmented",
      attributeList: "resident",
      runsPerExtent: 4,
    },
    "hiberfil.sys": new Uint8Array(5000),
    "packed.bin": { content, storage: "compressed" },
    ...Object.fromEntries(many),
  },
});

/** Everything that describes something: the boot sector, the records, the index blocks. */
const regions: [start: number, length: number][] = [
  [0, 84],
  ...Array.from({ length: volume.recordCount }, (_, index): [number, number] => [
    volume.recordOffset(index),
    1024,
  ]),
  ...volume.indexBlockOffsets("Windows").map((offset): [number, number] => [offset, 4096]),
];

/** Does with a volume what an audit does, and more; only a VmguestError may come out of it. */
function exercise(bytes: Uint8Array): void {
  expectTyped(() => {
    const opened = openNtfs(new MemorySource(bytes));
    readNtfsState(opened);
    expectTyped(() => opened.find("windows/system32/config/software")?.open().read(0, content.length));
    expectTyped(() => opened.find("packed.bin")?.open().read(50_000, 20_000));
    expectTyped(() => {
      for (const node of walk(opened.root)) expectTyped(() => [node.streams, node.sizeBytes, node.times]);
    });
  });
}

function expectTyped(work: () => unknown): void {
  const thrown = thrownBy(work);
  if (thrown !== undefined) expect(thrown).toBeInstanceOf(VmguestError);
}

test("changed bytes give the same, less, or a typed error, and never hang", () => {
  const change = fc.record({
    region: fc.nat(regions.length - 1),
    at: fc.nat(4095),
    byte: fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255)),
  });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      const bytes = volume.bytes.slice();
      for (const { region, at, byte } of changes) {
        const [start, length] = regions[region] as [number, number];
        bytes[start + (at % length)] = byte;
      }
      exercise(bytes);
    }),
    { numRuns: 200 },
  );
});

test("a volume that is cut off gives what is left, or a typed error", () => {
  fc.assert(
    fc.property(fc.nat(volume.bytes.length), (sizeBytes) => exercise(volume.bytes.subarray(0, sizeBytes))),
    { numRuns: 50 },
  );
});
