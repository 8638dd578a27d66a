import { VmguestError } from "../../src/errors.ts";
import type { DirectoryEntry, FileNode, FileSystem } from "../../src/fs/index.ts";
import { type ByteSource, MemorySource } from "../../src/io/index.ts";

/** Content of a file: its bytes, where they come from, or the error that opening it throws. */
export type FakeContent = Uint8Array | ByteSource | VmguestError;

const NO_TIMES = { created: 0n, modified: 0n, changed: 0n, accessed: 0n };

/**
 * A file system that is a table from paths to contents. A path ending with `/` is an empty folder, or, with an error
 * for its content, a folder that cannot be looked into.
 */
export class FakeFileSystem implements FileSystem {
  readonly kind = "ntfs";
  readonly label = undefined;
  readonly findings = [];
  readonly root: FileNode;
  /** Paths asked for, in order; a test counts with it what was looked at. */
  readonly asked: string[] = [];
  readonly #nodes = new Map<string, FakeNode>();

  constructor(files: Readonly<Record<string, FakeContent>>) {
    this.root = this.#add(new FakeNode("", undefined));
    for (const [path, content] of Object.entries(files)) {
      const isFolder = path.endsWith("/");
      const names = path.split("/").filter((name) => name !== "");
      for (let depth = 1; depth <= names.length; depth++) {
        const isLast = depth === names.length;
        const part = names.slice(0, depth).join("/");
        const node = new FakeNode(part, isLast && !isFolder ? content : undefined);
        if (isLast && isFolder && content instanceof VmguestError) node.fault = content;
        this.#addOnce(node);
      }
    }
  }

  find(path: string): FileNode | undefined {
    this.asked.push(path);
    const names = path.split(/[\\/]/).filter((name) => name !== "");
    for (let depth = 1; depth < names.length; depth++) {
      const { fault } = this.#nodes.get(keyOf(names.slice(0, depth).join("/"))) ?? {};
      if (fault !== undefined) throw fault;
    }
    return this.#nodes.get(keyOf(names.join("/")));
  }

  require(path: string): FileNode {
    const node = this.find(path);
    if (node !== undefined) return node;
    throw new VmguestError("NOT_FOUND", "no such file", { path });
  }

  #addOnce(node: FakeNode): void {
    if (this.#nodes.has(keyOf(node.path))) return;
    const parent = this.#nodes.get(keyOf(node.path.slice(0, Math.max(0, node.path.lastIndexOf("/")))));
    parent?.children.push(this.#add(node));
  }

  #add(node: FakeNode): FakeNode {
    this.#nodes.set(keyOf(node.path), node);
    return node;
  }
}

const keyOf = (path: string) => path.toUpperCase();

class FakeNode implements FileNode {
  readonly path: string;
  readonly times = NO_TIMES;
  readonly streams = [];
  readonly children: FakeNode[] = [];
  /** What looking into the folder throws. */
  fault: VmguestError | undefined;
  readonly #content: FakeContent | undefined;

  constructor(path: string, content: FakeContent | undefined) {
    this.path = path;
    this.#content = content;
  }

  get isDirectory(): boolean {
    return this.#content === undefined;
  }

  get attributes(): number {
    return this.isDirectory ? 0x10 : 0x20;
  }

  get sizeBytes(): number {
    if (this.#content === undefined || this.#content instanceof VmguestError) return 0;
    return this.#content instanceof Uint8Array ? this.#content.byteLength : this.#content.sizeBytes;
  }

  open(): ByteSource {
    if (this.#content === undefined) throw new VmguestError("NTFS_IS_A_DIRECTORY", "it is a folder");
    if (this.#content instanceof VmguestError) throw this.#content;
    return this.#content instanceof Uint8Array ? new MemorySource(this.#content) : this.#content;
  }

  *list(): Iterable<DirectoryEntry> {
    if (!this.isDirectory) throw new VmguestError("NTFS_NOT_A_DIRECTORY", "it is a file");
    for (const child of this.children) {
      const name = child.path.slice(child.path.lastIndexOf("/") + 1);
      yield { name, shortName: undefined, isDirectory: child.isDirectory, open: () => child };
    }
  }
}
