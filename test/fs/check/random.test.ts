import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeUtf16 } from "../../../src/bytes/index.ts";
import { VmguestError } from "../../../src/errors.ts";
import { checkNtfs } from "../../../src/fs/check/index.ts";
import { openNtfs } from "../../../src/fs/index.ts";
import { MemorySource } from "../../../src/io/index.ts";
import type { FileOptions } from "../../lab/ntfs/options.ts";
import { compareNames, layNtfs } from "../../lab/ntfs.ts";

const name = fc.stringMatching(/^[a-zA-Z0-9äß文]{1,12}$/);
const storage = fc.constantFrom("auto", "clusters", "fragmented", "sparse", "compressed" as const);

const file: fc.Arbitrary<FileOptions> = fc.record({
  content: fc.integer({ min: 0, max: 30_000 }).map((size) => new Uint8Array(size).fill(7, 0, size / 2)),
  storage,
});

const files = fc
  .uniqueArray(fc.tuple(fc.array(name, { maxLength: 2 }), name, file), {
    minLength: 1,
    maxLength: 25,
    selector: ([folders, own]) => [...folders, own].join("/").toLowerCase(),
  })
  .map((rows) => {
    // A file is no folder of another one.
    const folders = new Set(
      rows.flatMap(([path]) => path.map((_, index) => path.slice(0, index + 1).join("/"))),
    );
    return Object.fromEntries(
      rows
        .map(([path, own, options]) => [[...path, own].join("/"), options] as const)
        .filter(([path]) => !folders.has(path)),
    );
  });

const options = fc.record({
  clusterSizeBytes: fc.constantFrom(512, 4096, 16384),
  recordSizeBytes: fc.constantFrom(1024, 4096),
  rootFanOut: fc.integer({ min: 3, max: 20 }),
  mftPieces: fc.integer({ min: 1, max: 3 }),
  files,
});

test("what the lab lays has no finding, whatever its shape", () => {
  fc.assert(
    fc.property(options, (laid) => {
      expect([...checkNtfs(openNtfs(new MemorySource(layNtfs(laid).bytes)))]).toEqual([]);
    }),
    { numRuns: 25 },
  );
});

test("no damage makes the check throw, or find without end", () => {
  const sound = layNtfs({
    rootFanOut: 4,
    files: {
      "listed.bin": { content: new Uint8Array(60_000), storage: "fragmented", attributeList: "resident" },
      ...Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`d/${index}`, `${index}`])),
    },
  });
  const places = [
    ...Array.from({ length: sound.recordCount }, (_, index) => sound.recordOffset(index)),
    ...sound.indexBlockOffsets(""),
  ];
  const flip = fc.tuple(fc.constantFrom(...places), fc.nat(1023), fc.integer({ min: 1, max: 255 }));
  fc.assert(
    fc.property(fc.array(flip, { minLength: 1, maxLength: 8 }), (flips) => {
      const bytes = sound.bytes.slice();
      for (const [place, at, bits] of flips) bytes[place + at] = (bytes[place + at] as number) ^ bits;
      let findings = 0;
      try {
        const volume = openNtfs(new MemorySource(bytes));
        for (const found of checkNtfs(volume, { findingsPerCodeMax: 5 })) {
          findings++;
          expect(found.message).not.toBe("");
        }
      } catch (error) {
        // Only opening the volume may fail.
        expect(error).toBeInstanceOf(VmguestError);
        expect(() => openNtfs(new MemorySource(bytes))).toThrow();
      }
      expect(findings).toBeLessThan(500);
    }),
    { numRuns: 80 },
  );
});

test("stored names compare as the lab orders them", () => {
  const text = fc.string({
    maxLength: 8,
    unit: fc.constantFrom("a", "A", "b", "B", "ß", "ä", "Ä", "_", "1", "文"),
  });
  const collation = openNtfs(new MemorySource(layNtfs().bytes)).context.collation;
  const stored = (name: string) => {
    const bytes = encodeUtf16(name);
    return { view: new DataView(bytes.buffer), nameAt: 0, nameLengthUnits: name.length };
  };
  fc.assert(
    fc.property(text, text, (one, other) => {
      const order = collation.compareStored(stored(one), stored(other));
      expect(Math.sign(order)).toBe(Math.sign(compareNames(one, other)));
    }),
  );
});
