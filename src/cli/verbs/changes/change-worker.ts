// SPDX-License-Identifier: MIT
import { parentPort, workerData } from "node:worker_threads";
import { VmguestError } from "../../../errors.ts";
import { CancelFlag } from "../../../io/commit/index.ts";
import { ReadStats } from "../../../io/index.ts";
import {
  editServices,
  planServices,
  planStaging,
  rollbackImage,
  stageImage,
} from "../../../staging/index.ts";
import { performChange } from "./change-request.ts";
import type { ChangeThreadData, ChangeThreadMessage } from "./change-thread.ts";

// The program of the thread that change-thread.ts starts: makes one change of one image, and ends.

const { request, shared }: ChangeThreadData = workerData;

const tell = (message: ChangeThreadMessage) => parentPort?.postMessage(message);

const stats = new ReadStats();
try {
  const report = performChange(
    request,
    {
      stats,
      cancelFlag: new CancelFlag(shared),
      onActivity: (activity) => tell({ kind: "activity", activity }),
    },
    { editServices, planServices, planStaging, rollbackImage, stageImage },
  );
  tellReads();
  tell({ kind: "report", report });
} catch (error) {
  // Anything else ends the thread, which hands it on as it is.
  if (!(error instanceof VmguestError)) throw error;
  const { code, message, where } = error;
  tellReads();
  tell({ kind: "error", code, message, where });
}

function tellReads(): void {
  tell({ kind: "reads", reads: stats.reads, bytesRead: stats.bytesRead });
}
