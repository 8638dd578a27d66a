import { VmguestError } from "../../src/errors.ts";
import type {
  FileStatus,
  ForeignLock,
  HostProcess,
  OpenFile,
  OpenMode,
  PlannedImage,
  Storage,
} from "../../src/io/commit/index.ts";
import { type ByteSource, CHANGE_PAGE_BYTES } from "../../src/io/index.ts";
import { FileContent, piecesOf } from "./file-content.ts";
import { randomOf } from "./random.ts";

/** What the code under test meets when the power is cut: no error of the system, and nothing to be caught. */
export class PowerCut {
  readonly message = "the power is cut";
}

/** What becomes of that which was not flushed when the power is cut. */
export interface Loss {
  /** Share of it that reaches the disk all the same: 0 none, 1 all. */
  readonly share: number;
  readonly seed: number;
  /** Pages that reach it may do so in part. */
  readonly isTorn?: boolean;
  /**
   * Of torn pages, some of the sectors of 512 bytes are written where left out; with `bytes` all up to some byte, or all
   * from it on.
   */
  readonly tearsBetween?: "sectors" | "bytes";
}

type Operation =
  | { readonly offset: number; readonly bytes: Uint8Array }
  | { readonly sizeBytes: number }
  | { readonly content: FileContent };

interface Inode {
  readonly number: number;
  /** As programs see it. */
  current: FileContent;
  /** As it is on the disk. */
  durable: FileContent;
  /** What the one has and the other may not, in order. */
  pending: Operation[];
  modifiedNs: bigint;
  linkCount: number;
}

interface NameChange {
  readonly path: string;
  readonly inode: Inode | undefined;
}

const SECTOR_BYTES = 512;

/**
 * A disk in memory that loses what was not flushed when the power is cut: any of the aligned pages of 4096 bytes that
 * were written, a length, and names that were made or removed in a folder. Any call can fail instead, and a flush that
 * fails loses as much, though reads go on showing it.
 */
export class FaultyDisk implements Storage {
  tellsOwners = true;
  /** Whether files can share their bytes, and whether one can have several names. */
  clones = true;
  linksNames = true;
  /** What was called so far, such as `write /vm.vhdx`. */
  readonly calls: string[] = [];
  /** The call before which the power is cut, from 0. */
  cutAt = Number.POSITIVE_INFINITY;
  /** Asked before every call that is made, for who wants to see the disk at that moment. */
  beforeCall: (words: string) => void = () => {};
  /** The calls that fail instead of being done. */
  fails: (call: number) => "EIO" | "ENOSPC" | undefined = () => undefined;
  /** Bytes that a read or write does at most. */
  transferBytes = Number.POSITIVE_INFINITY;
  freeSpaceBytes = Number.POSITIVE_INFINITY;
  locks: ForeignLock[] = [];
  readonly #boot: number;
  #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  #pendingNames: NameChange[] = [];
  #inodeCount = 0;

  constructor(boot = 1) {
    this.#boot = boot;
  }

  /** A file that is on the disk from the start. */
  put(path: string, base: ByteSource): void {
    const content = new FileContent(base);
    const inode = this.#makeInode(content);
    this.#names.set(path, inode);
    this.#durableNames.set(path, inode);
  }

  /** The file as an open `FileSource` would be, with the bytes that it has now. */
  planned(path: string): PlannedImage {
    const inode = this.#require(path);
    const { modifiedNs } = inode;
    return {
      identity: String(inode.number),
      ...inode.current.source(),
      checkUnchanged: () => {
        if (inode.modifiedNs !== modifiedNs) throw new VmguestError("IO_CHANGED", "written to");
      },
    };
  }

  /** All bytes of a file; undefined where there is none. */
  bytesOf(path: string): Buffer | undefined {
    return this.#names.get(path)?.current.bytes();
  }

  /** Writes as another program would, and all of it lasts. */
  overwrite(path: string, offset: number, bytes: Uint8Array): void {
    const inode = this.#require(path);
    inode.current.write(bytes, offset);
    inode.durable.write(bytes, offset);
    inode.modifiedNs++;
  }

  /** Removes a name as another program would. */
  unlink(path: string): void {
    this.#names.delete(path);
    this.#durableNames.delete(path);
  }

  /** The file as it is now, for parsers to read. */
  sourceOf(path: string): ByteSource {
    return this.#require(path).current.source();
  }

  /** The same for a file whenever it has the same bytes, of those that began as the same; undefined where there is none. */
  fingerprintOf(path: string): string | undefined {
    return this.#names.get(path)?.current.fingerprint();
  }

  /** The same for disks with the same files, of those that began with the same ones. */
  fingerprint(): string {
    const names = [...this.#names].sort(([a], [b]) => (a < b ? -1 : 1));
    return names.map(([path, { current }]) => `${path} ${current.fingerprint()}`).join("\n");
  }

  /** The disk after the power was cut and has come back; this one stays as it is. */
  afterCut(loss: Loss): FaultyDisk {
    const random = randomOf(loss.seed);
    const disk = new FaultyDisk(this.#boot + 1);
    disk.#inodeCount = this.#inodeCount;
    const names = new Map(this.#durableNames);
    const stopped = new Set<string>();
    for (const { path, inode } of this.#pendingNames) {
      if (stopped.has(path) || random() >= loss.share) stopped.add(path);
      else if (inode === undefined) names.delete(path);
      else names.set(path, inode);
    }
    for (const [path, inode] of names) {
      const content = inode.durable.copy();
      for (const operation of inode.pending) persist(content, operation, loss, random);
      const copy = { ...inode, current: content, durable: content.copy(), pending: [] };
      disk.#names.set(path, copy);
      disk.#durableNames.set(path, copy);
    }
    return disk;
  }

  realPath(path: string): string {
    this.#call("realPath", path);
    const isFolder = [...this.#names.keys()].some((name) => name.startsWith(`${path}/`));
    if (!isFolder) this.#require(path);
    return path;
  }

  statusOf(path: string): FileStatus | undefined {
    this.#call("statusOf", path);
    const inode = this.#names.get(path);
    return inode === undefined ? undefined : statusOf(inode);
  }

  open(path: string, mode: OpenMode): OpenFile {
    this.#call(mode === "create" ? "create" : "open", path);
    if (mode !== "create") return this.#file(path, this.#require(path));
    if (this.#names.has(path)) throw systemError("EEXIST");
    const inode = this.#makeInode(new FileContent());
    this.#names.set(path, inode);
    this.#pendingNames.push({ path, inode });
    return this.#file(path, inode);
  }

  remove(path: string): void {
    this.#call("remove", path);
    this.#require(path).linkCount--;
    this.#names.delete(path);
    this.#pendingNames.push({ path, inode: undefined });
  }

  giveName(path: string, name: string): void {
    this.#call("giveName", path);
    const inode = this.#require(path);
    if (this.#names.has(name)) throw systemError("EEXIST");
    this.#names.set(name, inode);
    this.#pendingNames.push({ path: name, inode });
    if (this.linksNames) inode.linkCount++;
    else {
      this.#names.delete(path);
      this.#pendingNames.push({ path, inode: undefined });
    }
  }

  clone(path: string, copy: string): boolean {
    this.#call("clone", path);
    if (!this.clones) return false;
    if (this.#names.has(copy)) throw systemError("EEXIST");
    const inode = this.#makeInode(new FileContent());
    const { current } = this.#require(path);
    const content = current.copy();
    inode.current.become(content);
    inode.pending.push({ content });
    this.#names.set(copy, inode);
    this.#pendingNames.push({ path: copy, inode });
    return true;
  }

  flushFolder(path: string): void {
    const failure = this.#failureOf("flushFolder", path);
    const random = randomOf(this.calls.length);
    for (const { path: name, inode } of this.#pendingNames) {
      if (failure !== undefined && random() < 0.5) continue;
      if (inode === undefined) this.#durableNames.delete(name);
      else this.#durableNames.set(name, inode);
    }
    this.#pendingNames = [];
    if (failure !== undefined) throw systemError(failure);
  }

  freeBytes(folder: string): number {
    this.#call("freeBytes", folder);
    return this.freeSpaceBytes;
  }

  self(): HostProcess {
    return { host: "lab", pid: 1000 + this.#boot, started: `boot ${this.#boot}` };
  }

  isRunning({ host, started }: HostProcess): boolean | undefined {
    return host === "lab" ? started === `boot ${this.#boot}` : undefined;
  }

  #makeInode(content: FileContent): Inode {
    const number = ++this.#inodeCount;
    const [current, durable] = [content, content.copy()];
    return { number, current, durable, pending: [], modifiedNs: 1_000_000n, linkCount: 1 };
  }

  #require(path: string): Inode {
    return this.#names.get(path) ?? throwSystemError("ENOENT");
  }

  #file(path: string, inode: Inode): OpenFile {
    const change = (operation: Operation) => {
      perform(inode.current, operation);
      inode.pending.push(operation);
      inode.modifiedNs++;
    };
    return {
      status: () => {
        this.#call("status", path);
        return statusOf(inode);
      },
      read: (target, offset) => {
        this.#call("read", path);
        return inode.current.read(target.subarray(0, this.transferBytes), offset);
      },
      write: (bytes, offset) => {
        this.#call("write", path);
        const part = bytes.slice(0, this.transferBytes);
        for (const { from, to } of piecesOf(offset, part.length)) {
          change({ offset: from, bytes: part.subarray(from - offset, to - offset) });
        }
        return part.length;
      },
      truncate: (sizeBytes) => {
        this.#call("truncate", path);
        change({ sizeBytes });
      },
      flush: () => {
        const failure = this.#failureOf("flush", path);
        const loss = { share: failure === undefined ? 1 : 0.5, seed: this.calls.length };
        const random = randomOf(loss.seed);
        for (const operation of inode.pending) persist(inode.durable, operation, loss, random);
        inode.pending = [];
        if (failure !== undefined) throw systemError(failure);
      },
      close: () => this.#call("close", path),
      locks: () => {
        this.#call("locks", path);
        return this.locks;
      },
    };
  }

  #call(what: string, path: string): void {
    const failure = this.#failureOf(what, path);
    if (failure !== undefined) throw systemError(failure);
  }

  /** Counts a call, which may be the one that the power is cut at; after that there is no other. */
  #failureOf(what: string, path: string): "EIO" | "ENOSPC" | undefined {
    const call = this.calls.length;
    if (call >= this.cutAt) throw new PowerCut();
    this.beforeCall(`${what} ${path}`);
    this.calls.push(`${what} ${path}`);
    return this.fails(call);
  }
}

function statusOf(inode: Inode): FileStatus {
  const { sizeBytes } = inode.current;
  const { number, modifiedNs, linkCount } = inode;
  return { isFile: true, identity: String(number), sizeBytes, modifiedNs, linkCount, mode: 0o600, owner: 0 };
}

function perform(content: FileContent, operation: Operation): void {
  if ("sizeBytes" in operation) content.truncate(operation.sizeBytes);
  else if ("content" in operation) content.become(operation.content);
  else content.write(operation.bytes, operation.offset);
}

/** Does an operation on what is on the disk, or does not, or does a part of it. */
function persist(content: FileContent, operation: Operation, loss: Loss, random: () => number): void {
  if (random() >= loss.share) return;
  if (!("bytes" in operation) || loss.isTorn !== true) perform(content, operation);
  else if (loss.tearsBetween === "bytes") writeEnd(content, operation, random);
  else writeSectors(content, operation, random);
}

/** Writes some of the sectors. */
function writeSectors(
  content: FileContent,
  { offset, bytes }: { readonly offset: number; readonly bytes: Uint8Array },
  random: () => number,
): void {
  const page = Math.floor(offset / CHANGE_PAGE_BYTES) * CHANGE_PAGE_BYTES;
  for (let sector = page; sector < page + CHANGE_PAGE_BYTES; sector += SECTOR_BYTES) {
    const from = Math.max(offset, sector);
    const to = Math.min(offset + bytes.length, sector + SECTOR_BYTES);
    if (from < to && random() < 0.5) content.write(bytes.subarray(from - offset, to - offset), from);
  }
}

/** Writes the begin or the end, to any byte. */
function writeEnd(
  content: FileContent,
  { offset, bytes }: { readonly offset: number; readonly bytes: Uint8Array },
  random: () => number,
): void {
  const at = Math.floor(random() * (bytes.length + 1));
  if (random() < 0.5) content.write(bytes.subarray(0, at), offset);
  else content.write(bytes.subarray(at), offset + at);
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: as asked for`), { code });
}

function throwSystemError(code: string): never {
  throw systemError(code);
}
