// SPDX-License-Identifier: MIT
import { reportFinding } from "../audit/index.ts";
import { CODES, type Finding } from "../errors.ts";
import type { PlannedChange } from "./plan.ts";
import type { ChangeReport, RefusalReport } from "./report.ts";

/** A planned change as the report prints it. */
export function reportChange(change: PlannedChange): ChangeReport {
  const { stage, kind, reason } = change;
  const nothing = { key: null, value: null, data: null, bytes: 0 };
  switch (change.kind) {
    case "create-directory":
      return { stage, kind, path: change.path, ...nothing, reason };
    case "create-file":
    case "replace-file":
      return { stage, kind, path: change.path, ...nothing, bytes: sizeOf(change.content), reason };
    case "create-key":
      return { stage, kind, path: change.hive, ...nothing, key: change.key, reason };
    case "set-value": {
      const { hive, key, name, text, data } = change;
      return { stage, kind, path: hive, key, value: name, data: text, bytes: data.length, reason };
    }
  }
}

const sizeOf = (content: Uint8Array | { readonly sizeBytes: number }): number =>
  content instanceof Uint8Array ? content.length : content.sizeBytes;

/** A reason against writing, with its cure. */
export function reportRefusal(
  found: Finding,
  image: string,
  canBeAllowed: (code: string) => boolean,
): RefusalReport {
  return {
    ...reportFinding(found, image),
    severity: "error",
    cure: CODES[found.code].hint ?? null,
    canBeAllowed: canBeAllowed(found.code),
  };
}
