// SPDX-License-Identifier: MIT
import { randomUUID } from "node:crypto";
import type { CancelFlag } from "../../../io/commit/index.ts";
import type { ReadStats } from "../../../io/index.ts";
import type {
  ImageChangeOptions,
  PlanReport,
  RollbackImageOptions,
  RollbackReport,
  ServiceEdit,
  StageActivity,
  StageReport,
  StagingOptions,
  WriteOptions,
} from "../../../staging/index.ts";
import { HostFiles } from "../packages/host-files.ts";

/** What the commands take from the layer that changes images. */
export type StagingLayer = Pick<
  typeof import("../../../staging/index.ts"),
  "editServices" | "planServices" | "planStaging" | "rollbackImage" | "stageImage"
>;

/** What of options can be told to another thread: everything but what is done here and now. */
type Told<O> = Omit<
  O,
  "storage" | "stats" | "budget" | "newGuid" | "openFile" | "isCancelled" | "onActivity"
>;

/** What is asked of an image; where it is to be written, and over what, makes a difference to what is refused. */
type Target = Pick<WriteOptions, "target" | "replaces">;

export type StagingRequest = { readonly path: string; readonly options: Told<StagingOptions> & Target };
export type ServicesRequest = {
  readonly path: string;
  readonly edits: readonly ServiceEdit[];
  readonly options: Told<ImageChangeOptions> & Target;
};

/** A change of one image, as plain data. */
export type ChangeRequest =
  | ({ readonly verb: "stage"; readonly write: Told<WriteOptions> } & StagingRequest)
  | ({ readonly verb: "services"; readonly write: Told<WriteOptions> } & ServicesRequest)
  | { readonly verb: "rollback"; readonly path: string; readonly options: Told<RollbackImageOptions> };

export type ChangeReportOf<R extends ChangeRequest> = R["verb"] extends "rollback"
  ? RollbackReport
  : StageReport;

/** What a change asks and tells while it is made. */
export interface ChangeHooks {
  readonly stats: ReadStats;
  /** Set by somebody else, on whatever thread, once the change is to stop. */
  readonly cancelFlag: CancelFlag;
  readonly onActivity: (activity: StageActivity) => void;
}

/** Makes a change; who calls it decides where. */
export type StartChange = <R extends ChangeRequest>(
  request: R,
  hooks: ChangeHooks,
) => Promise<ChangeReportOf<R>>;

/** What `stage` would do to an image. */
export function planStage(
  { path, options }: StagingRequest,
  stats: ReadStats,
  layer: StagingLayer,
): PlanReport {
  using files = new HostFiles(stats);
  return layer.planStaging(path, { ...options, ...own(stats), openFile: (file) => files.open(file) });
}

/** What `services enable|disable` would do to an image. */
export function planEdits(
  { path, edits, options }: ServicesRequest,
  stats: ReadStats,
  layer: StagingLayer,
): PlanReport {
  return layer.planServices(path, edits, { ...options, ...own(stats) });
}

/** Makes a change on this thread: nothing else happens on it meanwhile. */
export function performChange<R extends ChangeRequest>(
  request: R,
  hooks: ChangeHooks,
  layer: StagingLayer,
): ChangeReportOf<R> {
  return perform(request, hooks, layer) as ChangeReportOf<R>;
}

function perform(
  request: ChangeRequest,
  { stats, cancelFlag, onActivity }: ChangeHooks,
  layer: StagingLayer,
): StageReport | RollbackReport {
  const { path } = request;
  if (request.verb === "rollback") return layer.rollbackImage(path, request.options);
  const write = { ...request.write, ...own(stats), isCancelled: cancelFlag.isCancelled, onActivity };
  if (request.verb === "services")
    return layer.editServices(path, request.edits, { ...request.options, ...write });
  using files = new HostFiles(stats);
  return layer.stageImage(path, {
    ...request.options,
    ...write,
    openFile: (file) => files.open(file),
  });
}

function own(stats: ReadStats) {
  return { stats, newGuid: () => randomUUID() };
}
