import { describe, expect, test } from "vitest";
import { CUT_GUESTS } from "../staging/power-cut/guests.ts";
import { ALLOWED } from "../staging/power-cut/judge.ts";
import { proveStaging } from "../staging/power-cut/prove-staging.ts";
import { prepare } from "../staging/power-cut/stagings.ts";

describe("wherever the power is cut, nothing but space is lost, and there are a way back and a way on", () => {
  const found = new Set<string>();

  test.each(Object.values(CUT_GUESTS))("$what", (guest) => {
    const staging = prepare(guest);
    const { images, disks, tornDisks, states, faults } = proveStaging(staging, {
      seedCount: 8,
      tornSeedCount: 3,
    });
    const pages = staging.plan.steps.flat().reduce((sum, { bytes }) => sum + bytes.length / 4096, 0);
    // At the least one for each page on its way to the undo file, to the image, back and on.
    expect(disks).toBeGreaterThan(4 * pages);
    expect(tornDisks).toBeGreaterThan(2 * pages);
    expect(images).toBeGreaterThan(staging.plan.steps.length);
    expect(states).toEqual("services" in guest ? ["none"] : ["none", "staged", "staged-broken"]);
    for (const code of faults) found.add(code);
  });

  test("what is allowed to be found is found somewhere", () => {
    expect([...found].sort()).toEqual(Object.keys(ALLOWED).sort());
  });
});
