// SPDX-License-Identifier: MIT
export { type Proof, type ProofRequest, proveChanges } from "./prove-changes.ts";
export type { VolumeRange } from "./volume-state.ts";
