// SPDX-License-Identifier: MIT
export { checkNothingNew } from "./nothing-new.ts";
export { type Proof, type ProofRequest, proveChanges } from "./prove-changes.ts";
export type { VolumeRange } from "./volume-state.ts";
