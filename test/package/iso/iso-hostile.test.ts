import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ByteSource, checkRange } from "../../../src/io/index.ts";
import { DiscImage } from "../../../src/package/index.ts";
import { RECORD_FLAGS, VolumeDescriptor } from "../../../src/package/iso/iso9660/layout.ts";
import { flatten } from "../../lab/disc-tree.ts";
import { buildIso, isoRecord } from "../../lab/iso9660.ts";
import { code, codes, exhaust, open, paths, TREE } from "./discs.ts";

import { PRIMARY, plain, ROOT, SECTOR, withRecord } from "./iso-changes.ts";

/** A disc of sectors that are made as they are read: as large as one likes, and with nothing in it twice. */
class MadeDisc implements ByteSource {
  readonly sizeBytes = 2 ** 42;
  readonly #directory: (sector: number) => Uint8Array;
  readonly #head: Uint8Array;
  reads = 0;

  constructor(rootSizeBytes: number, directory: (sector: number) => Uint8Array) {
    this.#directory = directory;
    const { bytes } = buildIso({ tree: {} });
    const at = PRIMARY + VolumeDescriptor.offsetOf.root;
    bytes.set(isoRecord({ ...SELF, block: 100, sizeBytes: rootSizeBytes }), at);
    this.#head = bytes.subarray(0, 18 * SECTOR);
  }

  read(offset: number, length: number): DataView {
    checkRange("the disc", this.sizeBytes, offset, length);
    this.reads++;
    const bytes = new Uint8Array(SECTOR);
    const inHead = this.#head.subarray(offset, offset + length);
    bytes.set(offset < this.#head.length ? inHead.subarray(0, SECTOR) : this.#directory(offset / SECTOR));
    return new DataView(bytes.buffer, 0, length);
  }
}

const SELF = { name: Uint8Array.of(0), flags: RECORD_FLAGS.directory };
const self = isoRecord({ ...SELF, block: 0, sizeBytes: SECTOR });
const folder = (name: string, block: number, sizeBytes: number) =>
  isoRecord({ name: Buffer.from(name), flags: RECORD_FLAGS.directory, block, sizeBytes });

describe("a hostile disc", () => {
  test("with a directory in itself is listed once", () => {
    const disc = open(withRecord("SUPPORT/NONE", { block: ROOT / SECTOR }));
    expect(paths(disc)).toEqual(flatten(TREE).map(([path]) => path));
    expect(disc.findings).toMatchObject([{ code: "DISC_LOOP", where: { path: "SUPPORT/NONE" } }]);
    // Going round on purpose is another matter, and ends with the path.
    expect(disc.find("SUPPORT/NONE/SUPPORT/NONE/LAST.TXT")?.sizeBytes).toBe(7);
  });

  test("without a last level is listed to the limit, and found to any depth", () => {
    const deep = new MadeDisc(SECTOR, (sector) => Buffer.concat([self, folder("D", sector + 1, SECTOR)]));
    const disc = DiscImage.open(deep);
    expect([...disc.list()]).toHaveLength(128);
    expect(codes(disc)).toEqual(["LIMIT_EXCEEDED"]);
    expect(disc.find("D/".repeat(3000))?.path).toHaveLength(5999);
  });

  test("with directories that branch without end is listed as far as one likes, depth first", () => {
    const next = (sector: number) => 1000 + ((sector * 2) % 2 ** 27);
    const bushy = new MadeDisc(SECTOR, (sector) =>
      Buffer.concat([self, folder("A", next(sector), SECTOR), folder("B", next(sector) + 1, SECTOR)]),
    );
    const disc = DiscImage.open(bushy);
    let count = 0;
    for (const _ of disc.list()) if (++count === 2000) break;
    expect(count).toBe(2000);
    expect(bushy.reads).toBeLessThan(2100);
  });

  test("with a directory of 4 GiB is refused before it is read", () => {
    const huge = new MadeDisc(0xffff_f800, () => self);
    expect(() => DiscImage.open(huge)).toThrow(code("LIMIT_EXCEEDED"));
    expect(huge.reads).toBeLessThan(20);
  });

  test("with many large directories that say nothing is read as far as a listing may", () => {
    const large = 15 * 2 ** 20;
    const root = Buffer.concat([
      self,
      ...Array.from({ length: 40 }, (_, index) => folder(`D${index}`, 1000 + index, large)),
    ]);
    const made = new MadeDisc(SECTOR, (sector) => (sector === 100 ? root : self));
    const disc = DiscImage.open(made);
    expect([...disc.list()]).toHaveLength(40);
    expect(disc.findings.map(({ code }) => code)).toEqual(Array.from({ length: 36 }, () => "LIMIT_EXCEEDED"));
    expect(made.reads).toBeLessThan((5 * large) / SECTOR);
  });

  test("with damage everywhere has a hundred findings", () => {
    const root = Buffer.concat([
      self,
      ...Array.from({ length: 45 }, (_, index) => folder(`D${index}`, 1000 + index, 6 * SECTOR)),
    ]);
    const bad = Buffer.concat([self, ...Array.from({ length: 45 }, () => folder("/", 1, SECTOR))]);
    const disc = DiscImage.open(new MadeDisc(SECTOR, (sector) => (sector === 100 ? root : bad)));
    let count = 0;
    for (const _ of disc.list()) if (++count > 5000) break;
    expect(disc.findings).toHaveLength(100);
  });

  test("gives the same or a typed error for any changed bytes", () => {
    const { bytes } = buildIso({ tree: TREE, joliet: true, rockRidge: true });
    const { bytes: rockRidge } = buildIso({ tree: TREE, rockRidge: true });
    for (const image of [bytes, rockRidge]) {
      const start = PRIMARY;
      fc.assert(
        fc.property(
          fc.array(
            fc.tuple(fc.nat(image.length - start - 1), fc.constantFrom(0, 1, 2, 34, 0x7f, 0x80, 0xfe, 0xff)),
            {
              maxLength: 8,
            },
          ),
          (changes) => {
            const damaged = image.slice();
            for (const [at, value] of changes) damaged[start + at] = value;
            expect(exhaust(damaged)).toMatch(/^(joliet|iso9660|rock-ridge|ISO_|DISC_|LIMIT_)/);
          },
        ),
        { numRuns: 150 },
      );
    }
  });

  test("gives a typed error or a listing wherever it is cut", () => {
    for (let size = 0; size < plain.bytes.length; size += 511) {
      expect(exhaust(plain.bytes.subarray(0, size))).toMatch(/^(iso9660|DISC_|ISO_)/);
    }
  });
});
