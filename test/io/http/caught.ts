import { expect } from "vitest";
import { VmguestError } from "../../../src/errors.ts";

/** The typed error that `work` throws. */
export function caught(work: () => unknown): VmguestError {
  try {
    work();
  } catch (error) {
    if (error instanceof VmguestError) return error;
    throw error;
  }
  return expect.fail("nothing was thrown");
}
