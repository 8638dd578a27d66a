// SPDX-License-Identifier: MIT
import { type Code, VmguestError, type Where } from "../../errors.ts";

/** Codes of what a proof of change can fail with. */
export type ProofCode = Extract<Code, `STAGE_PROOF_${string}`>;

/** The error that ends a proof. */
export function proofError(code: ProofCode, message: string, where: Where = {}): VmguestError {
  return new VmguestError(code, message, where);
}

/** Runs a part of a proof; where the result can not even be read, that is what the proof fails with. */
export function proving<T>(where: Where, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof VmguestError)) throw error;
    if (error.code.startsWith("STAGE_PROOF_") || error.kind === "io") throw error;
    const message = `${error.message} [${error.code}]`;
    throw new VmguestError("STAGE_PROOF_UNREADABLE", message, { ...where, ...error.where }, { cause: error });
  }
}

/** Whether two pieces of bytes are the same. */
export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

export function bytesOf({ buffer, byteOffset, byteLength }: DataView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

export function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
