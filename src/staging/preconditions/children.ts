// SPDX-License-Identifier: MIT
import { type ChainLink, readChain } from "../../disk/index.ts";
import { type Finding, finding, VmguestError } from "../../errors.ts";
import { type HostFolder, parseWindowsPath } from "../../io/index.ts";

/** A library of disks has one folder for each VM, and in it one for its disks. */
const DEPTH_MAX = 4;
const FOLDER_COUNT_MAX = 1000;
/** Of each some pages are read; that many take a few seconds from a share. */
const DISK_COUNT_MAX = 2000;

const DISK_NAME = /\.a?vhdx?$/i;

/** Beside the folder of the disks Hyper-V keeps the one that checkpoints were put into up to Server 2012. */
const ROOTS = ["", "../Snapshots"];

/**
 * Looks for differencing disks whose parent is the image: in its folder with all that is below, a few levels deep, and in
 * the folder of checkpoints beside it. Only the headers of disks are read. That children elsewhere cannot be seen is
 * always said.
 */
export function* checkChildren(own: ChainLink, folder: HostFolder | undefined): Generator<Finding> {
  if (folder === undefined) {
    yield finding(
      "CHILDREN_UNKNOWN",
      "checkpoints and differencing disks over the image were not looked for",
    );
    return;
  }
  const search = new ChildSearch(own, folder);
  const children = search.run();
  if (children.length > 0) {
    const message = `the image is the parent of ${children.slice(0, 3).map(quote).join(", ")}${more(children, 3)}`;
    yield finding("STAGE_HAS_CHILDREN", message);
  }
  yield finding("CHILDREN_UNKNOWN", search.limits());
}

class ChildSearch {
  readonly #own: ChainLink;
  readonly #folder: HostFolder;
  #diskCount = 0;
  #folderCount = 0;
  #isComplete = true;
  readonly #unreadable: string[] = [];

  constructor(own: ChainLink, folder: HostFolder) {
    this.#own = own;
    this.#folder = folder;
  }

  /** Paths of the children that were found. */
  run(): string[] {
    return ROOTS.flatMap((root) => [...this.#walk(root, 0)]);
  }

  /** What the search could not tell, as a sentence. */
  limits(): string {
    const looked = `${this.#diskCount} disk files in ${this.#folderCount} folders were looked at`;
    const stopped = this.#isComplete ? "" : ", but not all that are there";
    const unread = this.#unreadable;
    const unreadable =
      unread.length === 0
        ? ""
        : `; ${unread.slice(0, 3).map(quote).join(", ")}${more(unread, 3)} cannot be read`;
    return `${looked}${stopped}${unreadable}; children elsewhere cannot be seen`;
  }

  *#walk(path: string, depth: number): Generator<string> {
    if (depth > DEPTH_MAX || this.#folderCount === FOLDER_COUNT_MAX) {
      this.#isComplete = false;
      return;
    }
    this.#folderCount++;
    const { entries, isComplete } = this.#folder.list(path);
    if (!isComplete) this.#isComplete = false;
    for (const { name, isFolder } of entries) {
      const full = path === "" ? name : `${path}/${name}`;
      if (isFolder) yield* this.#walk(full, depth + 1);
      else if (DISK_NAME.test(name) && full !== this.#folder.imageName && this.#isChild(full)) yield full;
    }
  }

  #isChild(path: string): boolean {
    if (this.#diskCount === DISK_COUNT_MAX) {
      this.#isComplete = false;
      return false;
    }
    this.#diskCount++;
    try {
      using file = this.#folder.open(path);
      const [link] = readChain(file).links;
      return link?.parent !== undefined && this.#isParentOf(link, path);
    } catch (error) {
      if (!(error instanceof VmguestError) || error.code === "READ_LIMIT") throw error;
      this.#unreadable.push(path);
      return false;
    }
  }

  /** By what the child was made from, or by the place where it expects its parent. */
  #isParentOf({ format, parent }: ChainLink, path: string): boolean {
    if (format !== this.#own.format || parent === undefined) return false;
    if (this.#own.identity !== undefined && parent.identities.includes(this.#own.identity)) return true;
    const folder = path.split("/").slice(0, -1);
    return parent.names.some((name) => leadsTo(this.#folder.imageName, name, folder));
  }
}

/**
 * Whether a name that Windows wrote leads from `folder` to the image: a relative one by its way, an absolute one, which is
 * of another machine, where the child stands beside the image.
 */
function leadsTo(imageName: string, name: string, folder: readonly string[]): boolean {
  const { start, parts } = parseWindowsPath(name) ?? { start: "another", parts: [] };
  if (parts.at(-1)?.toLowerCase() !== imageName.toLowerCase()) return false;
  if (start !== "relative") return folder.length === 0;
  const way = [...folder];
  for (const part of parts.slice(0, -1)) {
    if (part === ".." && way.length > 0 && way.at(-1) !== "..") way.pop();
    else way.push(part);
  }
  return way.length === 0;
}

const more = (all: readonly unknown[], shown: number) =>
  all.length > shown ? ` and ${all.length - shown} more` : "";

/** A name for a sentence; a name of the host must not speak to the terminal. */
const quote = (name: string) => `"${name.replace(/\p{C}/gu, "\ufffd")}"`;
