// SPDX-License-Identifier: MIT
import {
  type ChangeHooks,
  type ChangeReportOf,
  type ChangeRequest,
  performChange,
  type StagingLayer,
} from "./change-request.ts";

/** Makes a change of an image, as `performChange` does. */
export async function startChange<R extends ChangeRequest>(
  request: R,
  hooks: ChangeHooks,
  layer: StagingLayer,
): Promise<ChangeReportOf<R>> {
  return performChange(request, hooks, layer);
}
