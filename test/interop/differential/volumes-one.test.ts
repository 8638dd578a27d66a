// SPDX-License-Identifier: MIT
import { VOLUME_PLANS } from "./plan.ts";
import { testVolumes } from "./volume-tests.ts";

// Half of the volumes, so that the two halves are tested side by side.
testVolumes(VOLUME_PLANS.filter(({ seed }) => Math.floor(seed / 12) % 2 === 0));
