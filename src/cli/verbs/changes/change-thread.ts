// SPDX-License-Identifier: MIT
import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { VmguestError, type Where } from "../../../errors.ts";
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
  /** One number that both threads see: not 0 once the change is to stop. */
  readonly stopFlag: Int32Array;
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

/** How often the thread that makes no change looks whether it is to stop. */
const POLL_MS = 20;

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
  const stopFlag = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const workerData: ChangeThreadData = { request, stopFlag };
  const worker = new Worker(PROGRAM, { workerData });
  const poll = setInterval(() => {
    if (hooks.isCancelled()) Atomics.store(stopFlag, 0, 1);
  }, POLL_MS);
  try {
    return await new Promise((resolve, reject) => {
      worker.on("message", (message: ChangeThreadMessage) => receive(message, hooks, resolve, reject));
      worker.on("error", reject);
      worker.on("exit", () => reject(new Error("the thread that changes the image ended without a word")));
    });
  } finally {
    clearInterval(poll);
  }
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
