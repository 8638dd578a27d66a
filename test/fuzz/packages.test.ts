import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { VmguestError } from "../../src/errors.ts";
import { type ByteSource, MemorySource, readBytes } from "../../src/io/index.ts";
import {
  peDigests,
  readCatalog,
  verifyCabinet,
  verifyCatalog,
} from "../../src/package/authenticode/index.ts";
import { Cabinet, findCabinets } from "../../src/package/cab/index.ts";
import { findOffers, verifyPackage } from "../../src/package/catalogue/index.ts";
import { DiscImage } from "../../src/package/iso/index.ts";
import { isCompoundFile, readMsi } from "../../src/package/msi/index.ts";
import { readComponentManifest, readPackageManifest } from "../../src/package/mum/index.ts";
import { buildIcPackage } from "../lab/ic-package.ts";
import { buildPe } from "../lab/pe.ts";
import { signPe } from "../lab/signing/index.ts";
import { FIXTURES, fixturesIn, readFixture } from "../support/fixtures.ts";
import { mutations, seededRandom } from "./mutation.ts";

/** Two minutes for all families of packages, as every run of the suite gives them. */
const SECONDS = 2 * Number(process.env["VMGUEST_FUZZ_SECONDS"] ?? 60);
const SEED = Number(process.env["VMGUEST_FUZZ_SEED"] ?? 20261122);
const LONGEST_MS = 10_000;
/** A damaged list may have 65,535 members that are all the same megabytes. */
const MEMBERS_MAX = 300;
const ENTRIES_MAX = 2_000;
const READ_MAX = 1 << 20;
const RANGES_MAX = 2_000;

/** Typed errors are what a damaged file is expected to give; anything else is a mistake of ours. */
function tolerate(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof VmguestError)) throw error;
  }
}

type Range = { readonly offset: number; readonly byteCount: number };
type Walk = (source: ByteSource) => void;

/** Remembers what a walk reads first: in a disc of megabytes, the few kilobytes that say where everything is. */
class RecordedSource implements ByteSource {
  readonly ranges: Range[] = [];
  readonly sizeBytes: number;
  readonly #inner: ByteSource;

  constructor(inner: ByteSource) {
    this.#inner = inner;
    this.sizeBytes = inner.sizeBytes;
  }

  read(offset: number, length: number): DataView {
    const view = this.#inner.read(offset, length);
    if (length > 0 && this.ranges.length < RANGES_MAX) this.ranges.push({ offset, byteCount: length });
    return view;
  }
}

const wholeOf = (source: ByteSource) => readBytes(source, 0, source.sizeBytes);

const walkCabinet: Walk = (source) => {
  tolerate(() => void [...findCabinets(source)].length);
  tolerate(() => void verifyCabinet(source));
  for (const isSalvaging of [false, true]) tolerate(() => unpack(source, isSalvaging));
};

function unpack(source: ByteSource, isSalvaging: boolean): void {
  const limits = { totalBytes: 64 << 20 };
  const cabinet = Cabinet.open(source, { isSalvaging, limits });
  let count = 0;
  for (const { chunks } of cabinet.contents(() => count++ < MEMBERS_MAX)) {
    tolerate(() => {
      for (const chunk of chunks) if (chunk.length > READ_MAX) throw new Error("a chunk is a few blocks");
    });
  }
  for (const member of cabinet.members.slice(0, 3)) tolerate(() => readSome(cabinet.open(member)));
}

function readSome(source: { sizeBytes: number; read(offset: number, length: number): unknown }): void {
  source.read(0, Math.min(source.sizeBytes, READ_MAX));
  if (source.sizeBytes > 0) source.read(source.sizeBytes - 1, 1);
}

/** Whole packages, as `package verify` and `audit --package` take them. */
const walkPackage: Walk = (source) => {
  findOffers([{ file: "offered", open: () => source }]);
  tolerate(() => void verifyPackage(source));
};

const walkDisc: Walk = (source) => {
  const disc = DiscImage.open(source);
  let count = 0;
  for (const entry of disc.list()) {
    if (++count > ENTRIES_MAX) break;
    tolerate(() => void disc.find(entry.path));
    if (!entry.isDirectory) tolerate(() => readSome(disc.open(entry)));
  }
};

const walkMsi: Walk = (source) => {
  if (isCompoundFile(source)) readMsi(source);
};

const walkManifest: Walk = (source) => {
  const bytes = wholeOf(source);
  tolerate(() => void readPackageManifest(bytes));
  tolerate(() => void readComponentManifest(bytes));
};

const walkCatalog: Walk = (source) => {
  const bytes = wholeOf(source);
  tolerate(() => void readCatalog(bytes));
  tolerate(() => void verifyCatalog(bytes));
};

const walkProgram: Walk = (source) => void peDigests(source);

const fixturesBelow = (folder: string, ending: RegExp) =>
  readdirSync(join(FIXTURES, folder), { recursive: true, encoding: "utf8" })
    .map((name) => relative(FIXTURES, join(FIXTURES, folder, name)))
    .filter((name) => ending.test(name))
    .toSorted();

interface Family {
  readonly name: string;
  readonly walk: Walk;
  readonly files: readonly (() => Uint8Array)[];
}

const family = (name: string, walk: Walk, names: readonly string[]): Family => ({
  name,
  walk,
  files: names.map((fixture) => () => readFixture(fixture)),
});

const SMALL_CABINETS = ["cab/libmspack", "cab/cabextract", "cab/gcab", "cab/libarchive"].flatMap((folder) =>
  fixturesIn(folder).filter((name) => name.endsWith(".cab")),
);
const REAL_PACKAGES = [...fixturesBelow("ic-cab", /\.cab$/), ...fixturesBelow("msu", /\.msu$/)];
const DISCS = ["iso/libcdio", "iso/libarchive", "iso/util-linux"].flatMap(fixturesIn);

const FAMILIES: readonly Family[] = [
  family("cabinets", walkCabinet, SMALL_CABINETS),
  family("real packages, unpacked", walkCabinet, REAL_PACKAGES),
  family("real packages, found and verified", walkPackage, REAL_PACKAGES),
  {
    name: "packages of the lab",
    walk: walkPackage,
    files: [() => buildIcPackage({ target: "6.x", architecture: "amd64", version: "6.3.9600.1" })],
  },
  family("images of discs", walkDisc, DISCS),
  family("MSI databases", walkMsi, fixturesIn("msi")),
  family("manifests", walkManifest, fixturesBelow("mum", /\.(mum|manifest|xml)$/)),
  family("catalogs", walkCatalog, [...fixturesIn("cat"), ...fixturesBelow("mum", /\.cat$/)]),
  { name: "programs", walk: walkProgram, files: [() => signPe(buildPe()), () => buildPe()] },
];

interface Sound {
  readonly bytes: Uint8Array;
  /** What a walk reads of it. */
  readonly ranges: readonly Range[];
}

function recordSound(bytes: Uint8Array, walk: Walk): Sound {
  const recorded = new RecordedSource(new MemorySource(bytes));
  tolerate(() => walk(recorded));
  return { bytes, ranges: recorded.ranges };
}

/** A copy with changes in what a walk reads. */
function damage(random: (below: number) => number, sound: Sound | undefined): Uint8Array {
  const damaged = new Uint8Array(sound?.bytes ?? []);
  for (const { offset, bytes } of mutations(random, sound?.ranges ?? [])) {
    if (offset < damaged.length) damaged.set(bytes.subarray(0, damaged.length - offset), offset);
  }
  return damaged;
}

describe("a damaged package gives what is in it or typed errors", () => {
  test.each(FAMILIES)("$name", ({ walk, files }) => {
    const sound = files.map((read) => recordSound(read(), walk));
    expect(sound.length).toBeGreaterThan(0);
    const random = seededRandom(SEED);
    const end = performance.now() + (SECONDS * 1000) / FAMILIES.length;
    for (let round = 0; performance.now() < end || round === 0; round++) {
      const damaged = damage(random, sound[round % sound.length]);
      const start = performance.now();
      try {
        tolerate(() => walk(new MemorySource(damaged)));
      } catch (error) {
        throw new Error(`seed ${SEED}, round ${round}: ${error}`, { cause: error });
      }
      expect(performance.now() - start, `seed ${SEED}, round ${round}`).toBeLessThan(LONGEST_MS);
    }
  });
});
