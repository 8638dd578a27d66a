// SPDX-License-Identifier: MIT
import {
  type BigIntStats,
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  statfsSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { fileIdentity } from "../file-source.ts";
import { isProcessRunning, ownProcess, readLocks } from "./host-processes.ts";
import type { FileStatus, ForeignLock, HostProcess, OpenFile, OpenMode, Storage } from "./storage.ts";

/** Windows has no O_NOFOLLOW, and makes links only for administrators. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
const FLAGS: Record<OpenMode, number> = {
  // O_NONBLOCK: a named pipe with the right name must not stop the run before fstat can refuse it.
  read: constants.O_RDONLY | NO_FOLLOW | (constants.O_NONBLOCK ?? 0),
  write: constants.O_RDWR | NO_FOLLOW,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW,
};

const OWNER_ONLY = 0o600;

/** How hosts say that they have no such thing as links, or shared bytes; EISDIR is what FAT gives on Windows. */
const NOT_SUPPORTED = new Set([
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EINVAL",
  "EXDEV",
  "ENOTTY",
  "EISDIR",
]);

/** The files of the host, through node:fs. */
export class NodeStorage implements Storage {
  /** Windows has lists of permissions instead, which Node does not read. */
  readonly tellsOwners: boolean = process.platform !== "win32";

  realPath(path: string): string {
    return realpathSync.native(path);
  }

  statusOf(path: string): FileStatus | undefined {
    const status = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return status === undefined ? undefined : toFileStatus(status);
  }

  open(path: string, mode: OpenMode): OpenFile {
    return new NodeFile(openSync(path, FLAGS[mode], OWNER_ONLY));
  }

  remove(path: string): void {
    unlinkSync(path);
  }

  giveName(path: string, name: string): void {
    if (isSupported(() => linkSync(path, name))) return;
    // The call that would refuse to overwrite (renameat2) is none of Node's: the look comes right before.
    if (this.statusOf(name) !== undefined) throw Object.assign(new Error("it exists"), { code: "EEXIST" });
    renameSync(path, name);
  }

  clone(path: string, copy: string): boolean {
    const flags = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE;
    if (!isSupported(() => copyFileSync(path, copy, flags))) return false;
    chmodSync(copy, OWNER_ONLY);
    return true;
  }

  flushFolder(path: string): void {
    // Windows opens no folders, and keeps names in a journal of its own.
    if (process.platform === "win32") return;
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      fsyncSync(descriptor);
    } catch (error) {
      // Some network file systems know no such flush: they have names on the server when the call returns.
      if ((error as NodeJS.ErrnoException).code !== "EINVAL") throw error;
    } finally {
      closeSync(descriptor);
    }
  }

  freeBytes(folder: string): number {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  }

  self(): HostProcess {
    return ownProcess();
  }

  isRunning(process: HostProcess): boolean | undefined {
    return isProcessRunning(process);
  }
}

class NodeFile implements OpenFile {
  readonly #descriptor: number;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  status(): FileStatus {
    return toFileStatus(fstatSync(this.#descriptor, { bigint: true }));
  }

  read(target: Uint8Array, offset: number): number {
    return readSync(this.#descriptor, target, 0, target.length, offset);
  }

  write(bytes: Uint8Array, offset: number): number {
    return writeSync(this.#descriptor, bytes, 0, bytes.length, offset);
  }

  truncate(sizeBytes: number): void {
    ftruncateSync(this.#descriptor, sizeBytes);
  }

  flush(): void {
    fdatasyncSync(this.#descriptor);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  locks(): readonly ForeignLock[] {
    return readLocks(fstatSync(this.#descriptor, { bigint: true }));
  }
}

/** Runs a call that not every host can do; false where this one cannot. */
function isSupported(call: () => void): boolean {
  try {
    call();
    return true;
  } catch (error) {
    if (NOT_SUPPORTED.has((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}

function toFileStatus(status: BigIntStats): FileStatus {
  return {
    isFile: status.isFile(),
    identity: fileIdentity(status),
    sizeBytes: Number(status.size),
    modifiedNs: status.mtimeNs,
    linkCount: Number(status.nlink),
    mode: Number(status.mode) & 0o777,
    owner: Number(status.uid),
  };
}
