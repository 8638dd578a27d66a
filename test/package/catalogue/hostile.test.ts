import fc from "fast-check";
import { expect, test } from "vitest";
import { VmguestError } from "../../../src/errors.ts";
import { MemorySource } from "../../../src/io/index.ts";
import { verifyPackage } from "../../../src/package/catalogue/index.ts";
import { buildGuestDisc } from "../../lab/ic-package/guest-disc.ts";
import { buildMsu, buildRollup, icPackageFileName } from "../../lab/ic-package.ts";
import { buildSignedMsi } from "../../lab/signing/index.ts";
import { labPackage, offersOf, TRUST } from "./inputs.ts";

const PACKAGE = labPackage();
const SUBJECTS: Readonly<Record<string, Uint8Array>> = {
  package: PACKAGE,
  msu: buildMsu({ cabinet: buildRollup({ packages: new Map([[icPackageFileName(), PACKAGE]]) }) }),
  disc: buildGuestDisc({ packages: { amd64: new Map([["a.cab", PACKAGE]]), x86: new Map() } }),
  msi: buildSignedMsi(),
};

test.each(Object.keys(SUBJECTS))(
  "a %s with bytes changed anywhere gives offers, findings or a typed error",
  (name) => {
    const bytes = SUBJECTS[name] ?? new Uint8Array();
    const change = fc.record({ at: fc.nat(bytes.length - 1), value: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat(bytes.length), (changes, end) => {
        const damaged = Uint8Array.from(bytes);
        for (const { at, value } of changes) damaged[at] = value;
        const cut = end % 3 === 0 ? damaged.subarray(0, end) : damaged;
        const { offers, findings } = offersOf({ file: cut });
        expect(offers.length + findings.length).toBeGreaterThan(0);
        try {
          const { verdict, isTrusted } = verifyPackage(new MemorySource(cut), { trust: TRUST });
          if (isTrusted) expect(verdict).toBe("signed-unknown-root");
        } catch (error) {
          expect(error).toBeInstanceOf(VmguestError);
        }
      }),
      { numRuns: 15 },
    );
  },
);
