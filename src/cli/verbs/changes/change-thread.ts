// SPDX-License-Identifier: MIT
import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { VmguestError, type Where } from "../../../errors.ts";
import type { CancelFlag } from "../../../io/commit/index.ts";
import type { StageActivity } from "../../../staging/index.ts";
import {
  type ChangeHooks,
  type ChangeReportOf,
  type ChangeRequest,
  performChange,
  type StagingLayer,
} from "./change-request.ts";

/** What a thread that changes an image is given. */
export interface ChangeThreadData {
  readonly request: ChangeRequest;
  /** Of the flag that stops it. */
  readonly shared: CancelFlag["shared"];
}

/** What it tells: what is going on, and at last a report or a typed error. */
export type ChangeThreadMessage =
  | { readonly kind: "activity"; readonly activity: StageActivity }
  | { readonly kind: "reads"; readonly reads: number; readonly bytesRead: number }
  | { readonly kind: "report"; readonly report: unknown }
  | {
      readonly kind: "error";
      readonly code: VmguestError["code"];
      readonly message: string;
      readonly where: Where;
    };

/** The program of the thread, where it stands beside this file: built, but not in the source. */
const PROGRAM = new URL("./change-worker.js", import.meta.url);

/**
 * Makes a change of an image on a thread of its own, so that this one hears signals meanwhile: all that writes is
 * synchronous. Throws what the change throws.
 */
export async function startChange<R extends ChangeRequest>(
  request: R,
  hooks: ChangeHooks,
  loadStaging: () => Promise<StagingLayer>,
): Promise<ChangeReportOf<R>> {
  if (!existsSync(PROGRAM)) return performChange(request, hooks, await loadStaging());
  return (await runThread(request, hooks)) as ChangeReportOf<R>;
}

async function runThread(request: ChangeRequest, hooks: ChangeHooks): Promise<unknown> {
  const workerData: ChangeThreadData = { request, shared: hooks.cancelFlag.shared };
  const worker = new Worker(PROGRAM, { workerData });
  return await new Promise((resolve, reject) => {
    worker.on("message", (message: ChangeThreadMessage) => receive(message, hooks, resolve, reject));
    worker.on("error", reject);
    worker.on("exit", () => reject(new Error("the thread that changes the image ended without a word")));
  });
}

function receive(
  message: ChangeThreadMessage,
  { stats, onActivity }: ChangeHooks,
  resolve: (report: unknown) => void,
  reject: (error: Error) => void,
): void {
  switch (message.kind) {
    case "activity":
      onActivity(message.activity);
      break;
    case "reads":
      stats.reads += message.reads;
      stats.bytesRead += message.bytesRead;
      break;
    case "report":
      resolve(message.report);
      break;
    case "error":
      reject(new VmguestError(message.code, message.message, message.where));
      break;
  }
}
