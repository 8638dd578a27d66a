import type { Place } from "../../src/guest/index.ts";

/** The place of a fact that was never in any image. */
export const NO_PLACE: Place = { path: "nowhere", key: null, value: null, offset: null, origin: undefined };
