import { describe, expect, test } from "vitest";
import { MemorySource } from "../../../src/io/index.ts";
import { verifyPackage } from "../../../src/package/catalogue/index.ts";
import { buildCabinetSet, SIGNATURE_ROOM } from "../../lab/cab.ts";
import { FEW_COMPONENTS, icPackageFiles } from "../../lab/ic-package.ts";
import { signCabinet } from "../../lab/signing/index.ts";
import { offersOf, TRUST } from "./inputs.ts";

/** A package that goes on in a second cabinet; each is signed. */
const PARTS = new Map(
  [
    ...buildCabinetSet(
      [
        {
          members: [...icPackageFiles({ components: FEW_COMPONENTS })].map(([name, bytes]) => {
            return { name: name.replaceAll("/", "\\"), bytes };
          }),
        },
      ],
      {
        cuts: [{ folder: 0, block: 1, byte: 0 }],
        edit: (cabinet) => ({ ...cabinet, headerReserve: SIGNATURE_ROOM }),
      },
    ),
  ].map(([name, bytes]) => [name, signCabinet(bytes)]),
);
const FIRST = PARTS.get("part1.cab") ?? expect.fail("no first part");

const resolvePart = (name: string) => {
  const bytes = PARTS.get(name);
  return bytes === undefined ? undefined : new MemorySource(bytes);
};

describe("a package that is a set of cabinets", () => {
  test("is read with the parts that are found, and is not trusted: one signature does not cover the others", () => {
    const verified = verifyPackage(new MemorySource(FIRST), { trust: TRUST, resolvePart });
    expect(verified.problems).toEqual([]);
    expect(verified.members.every(({ sha256 }) => sha256 !== null)).toBe(true);
    expect(verified).toMatchObject({ verdict: "signed-unknown-root", isTrusted: false });
    expect(verified.signature.isTrusted).toBe(true);
    expect(verified.reasons[0]).toMatch(/^it is one cabinet of a set/);
  });

  test("is not trusted without them either", () => {
    const verified = verifyPackage(new MemorySource(FIRST), { trust: TRUST });
    expect(verified.isTrusted).toBe(false);
    expect(verified.problems.map(({ code }) => code)).toContain("CAB_SET_INCOMPLETE");
    expect(verified.reasons[0]).toMatch(/^it is one cabinet of a set/);
  });

  test("is not offered as one that is trusted", () => {
    const { offers } = offersOf({ "part1.cab": FIRST });
    expect(offers).toHaveLength(1);
    expect(offers[0]?.signature).toMatchObject({ verdict: "signed-unknown-root", isTrusted: false });
    expect(offers[0]?.signature.reasons[0]).toMatch(/^it is one cabinet of a set/);
  });
});
