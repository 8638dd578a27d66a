import { Writable } from "node:stream";
import type { InputStream, SignalSource } from "../../src/cli/context.ts";
import { type Dependencies, main } from "../../src/cli/index.ts";

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly dependencies?: Partial<Dependencies>;
  /** What is typed; nobody can be asked without it. */
  readonly stdin?: InputStream;
  /** Where signals come from; none come without it. */
  readonly signals?: Required<SignalSource>;
  /** Columns of the terminal that stdout and stderr are; none unless told. */
  readonly terminal?: number;
  /** How many writes to stdout succeed before its reader is gone. */
  readonly readerStaysFor?: number;
  /** Stderr goes where nothing can be written, such as a full disk. */
  readonly isStderrFull?: boolean;
}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Stdout, byte for byte. */
  readonly bytes: Buffer;
}

/** Runs a command line inside this process. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const stdout = new Capture(options.terminal, options.readerStaysFor);
  const stderr = options.isStderrFull
    ? new Capture(options.terminal, 0, "ENOSPC")
    : new Capture(options.terminal);
  const { env = {}, stdin, signals } = options;
  const io = {
    stdout,
    stderr,
    env,
    ...(stdin === undefined ? {} : { stdin }),
    ...(signals === undefined ? {} : { on: signals.on.bind(signals), off: signals.off.bind(signals) }),
  };
  const code = await main(argv, io, options.dependencies);
  return { code, stdout: stdout.bytes.toString(), stderr: stderr.bytes.toString(), bytes: stdout.bytes };
}

class Capture extends Writable {
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  readonly #chunks: Buffer[] = [];
  readonly #failure: string;
  #writesLeft: number;

  constructor(columns: number | undefined, writeCount = Number.POSITIVE_INFINITY, failure = "EPIPE") {
    super();
    this.#failure = failure;
    this.isTTY = columns !== undefined;
    this.columns = columns;
    this.#writesLeft = writeCount;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    if (this.#writesLeft-- <= 0) {
      done(Object.assign(new Error(`write ${this.#failure}`), { code: this.#failure }));
      return;
    }
    this.#chunks.push(Buffer.from(chunk));
    done();
  }
}
