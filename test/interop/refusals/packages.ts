import { MemorySource } from "../../../src/io/index.ts";
import { findOffers } from "../../../src/package/index.ts";
import type { StagingOptions } from "../../../src/staging/index.ts";
import { buildIcPackage, FEW_COMPONENTS, type LabIcPackage } from "../../lab/ic-package.ts";
import { THROW_AWAY } from "../../lab/signing/index.ts";

const trust = { roots: [THROW_AWAY.root.certificate] };

/** A small package that every guest of its kind takes, whether it knows SHA-2 or not. */
const build = (update: LabIcPackage = {}) =>
  buildIcPackage({ signing: { digest: "sha1" }, components: FEW_COMPONENTS.slice(0, 1), ...update });
const plain = build();

/** What stages a package of the lab; lab volumes are too small for an installation. */
export function optionsOf(update?: LabIcPackage): StagingOptions {
  const cabinet = update === undefined ? plain : build(update);
  const openFile = () => new MemorySource(cabinet);
  let count = 0;
  return {
    host: "ws2012r2",
    toolVersion: "1.2.3",
    newGuid: () => `00000000-0000-4000-8000-${String(++count).padStart(12, "0")}`,
    now: new Date("2024-05-06T07:08:09Z"),
    allowed: new Set(["STAGE_SPACE"]),
    offered: findOffers([{ file: "offered.cab", open: openFile }], { trust }).offers,
    openFile,
    trust,
  };
}
