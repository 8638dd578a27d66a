import { parentPort, workerData } from "node:worker_threads";
import { auditImage } from "../../../src/audit/index.ts";
import { VmguestError } from "../../../src/errors.ts";
import { openRemoteImage } from "../../../src/io/http/index.ts";
import { type ImageFile, ReadBudget, ReadStats, readBytes } from "../../../src/io/index.ts";
import type { ParserAnswer, ParserRequest, ParserStart } from "./parser-thread.ts";

// The thread that parses an image of a web server, in the place of those of a pool.

const { url, port, limits, parentRoots } = workerData as ParserStart;
const stats = new ReadStats();
const meter = { now: () => performance.now(), memoryBytes: () => 0 };
const budget = limits === undefined ? {} : { budget: new ReadBudget(limits, meter) };
let file: ImageFile | undefined;

function perform(request: ParserRequest): unknown {
  if (request.kind === "audit") {
    const openImageFile = (path: string, options: object) => openRemoteImage(path, port, options);
    const roots = parentRoots === undefined ? {} : { parentRoots };
    return auditImage(url, { host: "ws2012r2", openImageFile, stats, ...budget, ...roots });
  }
  file ??= openRemoteImage(url, port, { stats, ...budget });
  if (request.kind === "read") return readBytes(file, request.offset, request.length).slice();
  if (request.kind === "check") return file.checkUnchanged();
  const { path, identity, sizeBytes, modifiedMs } = file;
  return { path, identity, sizeBytes, modifiedMs, origin: file.originOf(0, 0) };
}

function answer(request: ParserRequest): ParserAnswer {
  const { reads, bytesRead } = stats;
  try {
    const result = perform(request);
    return { result, reads: stats.reads - reads, bytesRead: stats.bytesRead - bytesRead };
  } catch (error) {
    if (!(error instanceof VmguestError)) throw error;
    const { code, message, where } = error;
    return {
      error: { code, message, where },
      reads: stats.reads - reads,
      bytesRead: stats.bytesRead - bytesRead,
    };
  }
}

parentPort?.on("message", (request: ParserRequest) => parentPort?.postMessage(answer(request)));
