// SPDX-License-Identifier: MIT
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import {
  CancelFlag,
  commitChanges,
  NodeStorage,
  type OpenFile,
  type OpenMode,
} from "../../../src/io/commit/index.ts";
import { FileSource } from "../../../src/io/index.ts";

/**
 * Commits a change on a worker thread while this one waits for SIGINT:
 * `program.mjs <image> <write of the image that says so, and lasts until the signal has come>`. The last message is the outcome.
 */
interface Job {
  readonly image: string;
  readonly tellAt: number;
  readonly shared: SharedArrayBuffer;
}

const PAGE_BYTES = 4096;
const STEP_COUNT = 5;
const WRITES_PER_STEP = 4;
/** The write at which the signal is asked for lasts until it has come, or for so many turns of a tenth of a second. */
const TURN_COUNT = 300;
const TURN_MS = 100;

function startWorker(): void {
  const [, , image = "", tellAt = "0"] = process.argv;
  const flag = new CancelFlag();
  process.on("SIGINT", () => flag.cancel());
  const job: Job = { image, tellAt: Number(tellAt), shared: flag.shared };
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: job });
  worker.on("message", (message) => process.send?.(message));
  worker.on("exit", () => process.disconnect());
}

function work({ image, tellAt, shared }: Job): void {
  using source = FileSource.open(image);
  const steps = Array.from({ length: STEP_COUNT }, (_, step) =>
    Array.from({ length: WRITES_PER_STEP }, (_, index) => ({
      offset: (step * WRITES_PER_STEP + index) * 2 * PAGE_BYTES,
      bytes: new Uint8Array(PAGE_BYTES).fill(1 + step),
    })),
  );
  const plan = {
    image: source,
    steps,
    sizeBytes: source.sizeBytes,
    id: "11111111-2222-3333-4444-555555555555",
  };
  const flag = new CancelFlag(shared);
  const storage = new SlowStorage(image, tellAt, flag);
  const { outcome } = commitChanges(image, plan, { storage, isCancelled: flag.isCancelled });
  parentPort?.postMessage(outcome);
}

/** The host's files, with an image of which one write takes its time. */
class SlowStorage extends NodeStorage {
  readonly #image: string;
  readonly #tellAt: number;
  readonly #flag: CancelFlag;
  #writeCount = 0;

  constructor(image: string, tellAt: number, flag: CancelFlag) {
    super();
    this.#image = image;
    this.#tellAt = tellAt;
    this.#flag = flag;
  }

  override open(path: string, mode: OpenMode): OpenFile {
    const file = super.open(path, mode);
    if (path !== this.#image || mode !== "write") return file;
    return {
      status: () => file.status(),
      locks: () => file.locks(),
      close: () => file.close(),
      read: (target, offset) => file.read(target, offset),
      truncate: (sizeBytes) => file.truncate(sizeBytes),
      flush: () => file.flush(),
      write: (bytes, offset) => {
        if (this.#writeCount++ === this.#tellAt) this.#waitForSignal();
        return file.write(bytes, offset);
      },
    };
  }

  #waitForSignal(): void {
    parentPort?.postMessage("writing");
    const word = new Int32Array(new SharedArrayBuffer(4));
    for (let turn = 0; turn < TURN_COUNT && !this.#flag.isCancelled(); turn++) {
      Atomics.wait(word, 0, 0, TURN_MS);
    }
  }
}

if (isMainThread) startWorker();
else work(workerData as Job);
