// SPDX-License-Identifier: MIT
import { type Code, type Finding, finding } from "../errors.ts";
import type { Verdict } from "../policy/index.ts";

type Objection = Verdict["passedOver"][number];

/** What keeps a package from a guest and has a cure of its own, the nearest to being staged first. */
const CURABLE: readonly (readonly [Code, ReadonlySet<Objection["because"]>])[] = [
  ["SHA2_MISSING", new Set(["sha2"])],
  ["STAGE_PACKAGE_UNTRUSTED", new Set(["signature"])],
  ["STAGE_PACKAGE_UNFIT", new Set(["sort", "guest", "system", "architecture", "parent", "version"])],
];

/** Why none of the packages that were offered is staged, as the code whose cure helps most. */
export function whyUndecided({ action, passedOver, reasons }: Verdict): Finding {
  if (action === "refuse") {
    for (const [code, words] of CURABLE) {
      const objection = passedOver.find(({ because }) => words.has(because));
      if (objection !== undefined) return finding(code, `${objection.place.join(": ")}: ${objection.reason}`);
    }
  }
  return finding("STAGE_NOT_DECIDED", reasons.join("; "));
}
