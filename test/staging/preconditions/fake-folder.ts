import { VmguestError } from "../../../src/errors.ts";
import { type ByteSource, type HostFolder, type HostListing, MemorySource } from "../../../src/io/index.ts";

/** Content of a file of the host: its bytes, a size without bytes, or that it cannot be opened. */
export type HostContent = Uint8Array | number | "locked";

/** The host's files around an image, by path; every file and folder that is asked for is noted. */
export class FakeFolder implements HostFolder {
  readonly imageName: string;
  readonly listed: string[] = [];
  readonly opened: string[] = [];
  openCount = 0;
  readonly #files: ReadonlyMap<string, HostContent>;
  readonly #unlistable: ReadonlySet<string>;

  constructor(
    imageName: string,
    files: Readonly<Record<string, HostContent>> = {},
    unlistable: readonly string[] = [],
  ) {
    this.imageName = imageName;
    this.#files = new Map(Object.entries({ [imageName]: 1, ...files }));
    this.#unlistable = new Set(unlistable);
  }

  list(path: string): HostListing {
    this.listed.push(path);
    if (this.#unlistable.has(path)) return { entries: [], isComplete: false };
    const prefix = path === "" ? "" : `${path}/`;
    const names = new Map<string, boolean>();
    for (const full of this.#files.keys()) {
      if (!full.startsWith(prefix) || (prefix === "" && full.startsWith("../"))) continue;
      const [name = "", ...below] = full.slice(prefix.length).split("/");
      names.set(name, below.length > 0);
    }
    const entries = [...names].map(([name, isFolder]) => ({ name, isFolder }));
    return { entries, isComplete: true };
  }

  open(path: string): ByteSource & Disposable {
    const content = this.#files.get(path) ?? "locked";
    if (content === "locked") throw new VmguestError("IO_OPEN", "permission denied", { image: path });
    this.opened.push(path);
    this.openCount++;
    const source: ByteSource =
      typeof content === "number"
        ? { sizeBytes: content, read: (_, length) => new DataView(new ArrayBuffer(length)) }
        : new MemorySource(content);
    return {
      sizeBytes: source.sizeBytes,
      read: (offset, length) => source.read(offset, length),
      [Symbol.dispose]: () => {
        this.openCount--;
      },
    };
  }
}
