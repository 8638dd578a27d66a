import fc from "fast-check";
import { expect, test } from "vitest";
import { CODES, VmguestError } from "../../../src/errors.ts";
import { checkImagePreconditions, checkPreconditions } from "../../../src/staging/preconditions/index.ts";
import { CONTAINERS, layGpt } from "../../lab/guest-image.ts";
import { FakeFolder } from "./fake-folder.ts";
import { discard, imageOf, tryTargetIn, volumeOf, WISH } from "./targets.ts";

const MIB = 1024 * 1024;
const volume = volumeOf();
const disk = layGpt([volume]);
const wish = { ...WISH, hostFolder: new FakeFolder("image") };

/** A volume with one byte of its used parts changed: findings or a typed error, whatever it is. */
test("a changed byte leads to findings or a typed error", () => {
  const used = fc.oneof(fc.nat(MIB / 2), fc.integer({ min: 0, max: volume.length - 1 }));
  fc.assert(
    fc.property(used, fc.integer({ min: 1, max: 255 }), (at, change) => {
      const bytes = disk.slice();
      bytes[MIB + at] = (bytes[MIB + at] ?? 0) ^ change;
      const image = imageOf(CONTAINERS.raw(bytes));
      try {
        const target = tryTargetIn(image);
        const { refusals, warnings } =
          target === undefined ? checkImagePreconditions(image, wish) : checkPreconditions(target, wish);
        expect([...refusals, ...warnings].every(({ code }) => code in CODES)).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(VmguestError);
      } finally {
        discard(image);
      }
    }),
    { numRuns: 25 },
  );
});
