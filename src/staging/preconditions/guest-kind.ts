// SPDX-License-Identifier: MIT
import type { GuestReport } from "../../audit/index.ts";
import { type Finding, finding } from "../../errors.ts";

/** Whether guests of this sort take their integration services from a CAB at all; the first reason why not. */
export function* checkKindOfGuest({ os }: GuestReport): Generator<Finding> {
  const name = os.name ?? os.id;
  const major = Number(os.version?.split(".")[0] ?? Number.NaN);
  if (os.installationType === "Nano Server") {
    yield finding("STAGE_NANO", `the guest is ${name}, installed as Nano Server`);
  } else if (Number.isNaN(major)) {
    yield finding("OS_UNKNOWN", "the guest does not say which Windows it is");
  } else if (major < 6) {
    yield finding("STAGE_NO_CBS", `the guest is ${name} (NT ${os.version})`);
  } else if (major > 6) {
    yield finding("STAGE_BUILT_IN", `the guest is ${name} (NT ${os.version})`);
  }
}
