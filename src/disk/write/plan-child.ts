// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import { readChain } from "../open-disk.ts";
import type { DiskWritePlan } from "./disk-write.ts";
import type { FileSteps } from "./file-steps.ts";
import { requireSound } from "./soundness.ts";
import { createVhdChild } from "./vhd/create-child.ts";
import { createVhdxChild } from "./vhdx/create-child.ts";

/** What a differencing disk says of its parent. */
export interface DiskChildOptions {
  /** A GUID that nobody has used; asked twice at most. */
  readonly newGuid: () => string;
  /** Path of the parent from the folder of the child, as Windows writes it: `.\base.vhdx`. */
  readonly relativePath: string;
  /** Path of the parent on the host that will run the VM, where it is known: `D:\VMs\base.vhdx`. */
  readonly absolutePath?: string;
  /** Milliseconds since 1970; a VHD records when it was made. */
  readonly now: number;
  /**
   * When the file of the parent was last written to, in milliseconds since 1970 (`FileSource.modifiedMs`). A VHD records
   * it, and Windows may refuse a parent with another time; where left out the child says that it is not known.
   */
  readonly parentModifiedMs?: number;
}

/**
 * A new differencing disk over the disk in `parent`, in the same format and of the same size, with nothing in it yet. The
 * parent is not written to, and must never be from then on. The `file` of the plan is opened and written to like any
 * other (`planDiskWrites`), and those steps come after these.
 *
 * Throws DISK_CHILD_PARENT where there can be no child, DISK_CHILD_PATH for a path that has no room in it, and what
 * `planDiskWrites` throws for an image that is damaged.
 */
export function planChild(parent: ByteSource, options: DiskChildOptions): DiskWritePlan {
  const { properties } = readChain(parent).layers[0];
  requireSound(parent);
  for (const path of [options.relativePath, options.absolutePath ?? options.relativePath]) requirePath(path);
  if (properties.logState === "replayed") throw noChild("it was not closed properly: its log is not empty");
  switch (properties.format) {
    case "vhdx":
      return planOf(createVhdxChild(parent, options));
    case "vhd":
      return planOf(createVhdChild(parent, options));
    case "raw":
      throw noChild("a raw disk has no identity that a child could name");
  }
}

function planOf(file: FileSteps): DiskWritePlan {
  return { file, steps: file.steps, sizeBytes: file.sizeBytes, findings: [] };
}

/** Paths of Windows; the fields for their lengths have no room for more. */
const PATH_LENGTH_MAX = 2047;

function requirePath(path: string): void {
  if (path.length > 0 && path.length <= PATH_LENGTH_MAX && !/\p{Cc}/u.test(path)) return;
  throw new VmguestError("DISK_CHILD_PATH", `a path of ${path.length} characters is not allowed`);
}

function noChild(message: string): VmguestError {
  return new VmguestError("DISK_CHILD_PARENT", message);
}
