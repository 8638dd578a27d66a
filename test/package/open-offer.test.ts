import { describe, expect, test } from "vitest";
import { type ByteSource, MemorySource, readBytes } from "../../src/io/index.ts";
import { openOffer } from "../../src/package/catalogue/index.ts";
import { packFiles } from "../lab/ic-package/archive.ts";
import { buildGuestDisc } from "../lab/ic-package/guest-disc.ts";
import { buildMsu, buildRollup, icPackageFileName } from "../lab/ic-package.ts";
import { labPackage, offersOf } from "./catalogue/inputs.ts";

const NAME = icPackageFileName();
const PACKAGE = labPackage();
const ROLLUP = buildRollup({ packages: new Map([[NAME, PACKAGE]]) });
const DISC = buildGuestDisc({ packages: { amd64: new Map([[NAME, PACKAGE]]), x86: new Map() } });

const bytesOf = (source: ByteSource) => Buffer.from(readBytes(source, 0, source.sizeBytes));
const opener = (files: Readonly<Record<string, Uint8Array>>) => (path: string) =>
  new MemorySource(files[path] ?? expect.fail(`${path} was not offered`));

describe("the bytes of an offer", () => {
  test.each([
    { where: "a cabinet", file: "a.cab", bytes: PACKAGE },
    { where: "a disc", file: "vmguest.iso", bytes: DISC },
    { where: "a rollup", file: "rollup.cab", bytes: ROLLUP },
    { where: "an MSU, two packages deep", file: "a.msu", bytes: buildMsu({ cabinet: ROLLUP }) },
    {
      where: "a cabinet that stores what is in it",
      file: "many.cab",
      bytes: packFiles(new Map([["inner.cab", PACKAGE]]), "none"),
    },
    {
      where: "a self-extractor",
      file: "setup.exe",
      bytes: Buffer.concat([Buffer.from("MZ a program"), new Uint8Array(500), PACKAGE]),
    },
  ])("are found in $where again", ({ file, bytes }) => {
    const files = { [file]: bytes };
    const [offer] = offersOf(files).offers;
    const source = openOffer(offer ?? expect.fail("nothing is offered"), opener(files));
    expect(bytesOf(source).equals(PACKAGE)).toBe(true);
  });

  test.each([
    { place: ["a.cab", "other.cab"], code: "NOT_FOUND", path: "other.cab" },
    { place: ["vmguest.iso", "support/none.cab"], code: "NOT_FOUND", path: "support/none.cab" },
    { place: ["many.cab", "inner.cab", "deeper.cab"], code: "NOT_FOUND", path: "inner.cab: deeper.cab" },
    { place: ["a.txt", "cabinet-1.cab"], code: "NOT_FOUND", path: "cabinet-1.cab" },
    { place: ["a", "b", "c", "d", "e", "f"], code: "OFFER_LIMIT", path: undefined },
  ])("are not there any more: $place gives $code", ({ place, code, path }) => {
    const files = {
      "a.cab": PACKAGE,
      "vmguest.iso": DISC,
      "many.cab": packFiles(new Map([["inner.cab", PACKAGE]])),
      "a.txt": Buffer.from("no package"),
    };
    const where = path === undefined ? {} : { image: place[0], path };
    const error = expect.objectContaining({ code, where });
    expect(() => openOffer({ place }, opener(files))).toThrow(error);
  });

  test("are not unpacked where they would fill the memory", () => {
    const cabinet = Buffer.from(packFiles(new Map([["inner.cab", new Uint8Array(1000)]])));
    // The size of the only member, which its header states.
    const at = cabinet.indexOf("inner.cab\0") - 16;
    cabinet.writeUInt32LE(300 * 2 ** 20, at);
    const open = () => openOffer({ place: ["a.cab", "inner.cab"] }, () => new MemorySource(cabinet));
    expect(open).toThrow(expect.objectContaining({ code: "OFFER_LIMIT" }));
  });
});
