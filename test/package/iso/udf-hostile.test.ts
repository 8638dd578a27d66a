import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AnchorDescriptor, DescriptorTag, ExtendedFileEntry } from "../../../src/package/iso/udf/layout.ts";
import type { LabFolder } from "../../lab/disc-tree.ts";
import { seal } from "../../lab/udf/parts.ts";
import { buildUdf } from "../../lab/udf.ts";
import { code, codes, exhaust, open, TREE } from "./discs.ts";

import { BLOCK, place, plain } from "./udf-changes.ts";

describe("a hostile volume", () => {
  test("with more levels than there are in a path is listed to the limit", () => {
    let tree: LabFolder = {};
    for (let level = 0; level < 200; level++) tree = { d: tree };
    const disc = open(buildUdf({ tree }).bytes);
    expect([...disc.list()]).toHaveLength(128);
    expect(codes(disc)).toEqual(["LIMIT_EXCEEDED"]);
    expect(disc.find("d/".repeat(200))?.isDirectory).toBe(true);
  });

  test.each([
    { what: "plain", udf: buildUdf({ tree: TREE, isExtended: true }) },
    { what: "metadata", udf: buildUdf({ tree: TREE, partition: "metadata" }) },
  ])("gives the same or a typed error for any changed bytes ($what)", ({ udf }) => {
    const descriptors = [
      "file set",
      "entry:",
      "entry:SUPPORT",
      "entry:LAST.TXT",
      "name:SUPPORT",
      "logical volume",
      "partition",
    ];
    const values = fc.constantFrom(0, 1, 2, 0x3f, 0x7f, 0x80, 0xc0, 0xff);
    const change = fc.tuple(
      fc.constantFrom(...descriptors),
      fc.nat(ExtendedFileEntry.sizeBytes + 40),
      values,
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), fc.boolean(), (changes, isSealed) => {
        const damaged = udf.bytes.slice();
        for (const [name, at, value] of changes) damaged[place(name, udf) + at] = value;
        // Most changes are only believed with the right checksum.
        if (isSealed)
          for (const [name] of changes)
            if (sealable(damaged, place(name, udf))) seal(damaged, place(name, udf));
        expect(exhaust(damaged)).toMatch(/^(udf|UDF_|DISC_|LIMIT_|OUT_OF|VALUE_)/);
      }),
      { numRuns: 300 },
    );
  });

  test("gives a typed error or a listing wherever it is cut", () => {
    for (let size = 33 * BLOCK; size < plain.bytes.length; size += 1023) {
      expect(exhaust(plain.bytes.subarray(0, size))).toMatch(/^(udf|DISC_|UDF_)/);
    }
  });

  test("may not have its anchor lead outside", () => {
    const bytes = plain.bytes.slice();
    for (const at of [place("anchor"), bytes.length - BLOCK]) {
      const anchor = new AnchorDescriptor(new DataView(bytes.buffer), at);
      anchor.main.block = 0xffff_ffff;
      anchor.reserve.block = 0xffff_fff0;
      seal(bytes, at);
    }
    expect(() => open(bytes)).toThrow(code("DISC_TRUNCATED"));
  });
});

/** Whether the CRC of a descriptor covers bytes that are there. */
function sealable(bytes: Uint8Array, at: number): boolean {
  const tag = new DescriptorTag(new DataView(bytes.buffer, bytes.byteOffset), at);
  return at + DescriptorTag.sizeBytes + tag.crcSizeBytes <= bytes.length;
}
