// SPDX-License-Identifier: MIT
import { finding, findingOf, VmguestError } from "../../errors.ts";
import { NameRegister, safeName } from "./names.ts";
import type { DiscChild, DiscNode, Note } from "./tree.ts";

/** A directory with a hundred thousand long names has as much as this; a whole Windows disc has less than 1 MiB. */
const DIRECTORY_SIZE_MAX = 16 * 1024 * 1024;
/** The same for all directories of one listing. */
const LISTING_SIZE_MAX = 64 * 1024 * 1024;
/** As many as a cabinet can have: whoever lists a disc holds them all in memory. One of Windows has some thousand. */
const LISTING_COUNT_MAX = 65_536;
/** Their paths, which share nothing once they are written: 256 characters for each. */
const LISTING_PATHS_SIZE_MAX = 16 * 1024 * 1024;
/** Windows has paths of 260 characters, and so 130 levels at most. */
const DEPTH_MAX = 128;

/** An entry of a directory with the name that it has in paths. */
export interface NamedChild {
  readonly name: string;
  readonly child: DiscChild;
}

/** Something found below a directory. */
export interface Found {
  readonly path: string;
  readonly node: DiscNode;
}

/**
 * The entries of a directory with names that are safe and differ: what stands in the way of a path is replaced, and a
 * name that was there before gets a number. Both are noted.
 */
export function* namedChildren(node: DiscNode, path: string, note: Note): Generator<NamedChild> {
  if (node.sizeBytes > DIRECTORY_SIZE_MAX) {
    throw new VmguestError("LIMIT_EXCEEDED", `a directory of ${node.sizeBytes} bytes is not read`, {
      structure: "directory",
      offset: node.place,
    });
  }
  const register = new NameRegister();
  for (const child of node.children()) {
    const name = register.unique(safeName(child.name));
    if (name !== child.name) {
      const message = `the name ${JSON.stringify(child.name)} was changed to ${JSON.stringify(name)}`;
      note(finding("DISC_NAME", message, { path, offset: child.offset }));
    }
    yield { name, child };
  }
}

/** A directory that is being read. */
interface OpenDirectory {
  readonly path: string;
  readonly children: Generator<NamedChild>;
}

/**
 * Everything below a directory, depth first. Damage is noted, and the listing goes on behind it; a directory that was
 * met before, that is too deep or too large is noted and left out. Behind as much as a listing may hold it ends, which
 * is noted.
 */
export function* walk(start: Found, note: Note): Generator<Found> {
  const visited = new Set([start.node.place]);
  let sizeBytes = start.node.sizeBytes;
  let count = 0;
  let pathsSize = 0;
  const stack: OpenDirectory[] = [
    { path: start.path, children: namedChildren(start.node, start.path, note) },
  ];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const found = nextOf(top, note);
    if (found === undefined) {
      stack.pop();
      continue;
    }
    if (found === "damaged") continue;
    const { path, node } = found;
    count++;
    pathsSize += path.length;
    if (count > LISTING_COUNT_MAX || pathsSize > LISTING_PATHS_SIZE_MAX) {
      const message = `more than ${LISTING_COUNT_MAX} entries, or ${LISTING_PATHS_SIZE_MAX} characters of their paths, are not listed`;
      note(finding("LIMIT_EXCEEDED", message, { structure: "directory", path }));
      return;
    }
    yield found;
    if (node.type !== "directory") continue;
    const where = { structure: "directory", offset: node.place, path };
    if (visited.has(node.place)) {
      note(finding("DISC_LOOP", "the directory is in the listing already", where));
    } else if (stack.length >= DEPTH_MAX || sizeBytes + node.sizeBytes > LISTING_SIZE_MAX) {
      const message = `more than ${DEPTH_MAX} levels or ${LISTING_SIZE_MAX} bytes of directories are not listed`;
      note(finding("LIMIT_EXCEEDED", message, where));
    } else {
      sizeBytes += node.sizeBytes;
      visited.add(node.place);
      stack.push({ path, children: namedChildren(node, path, note) });
    }
  }
}

/** The next entry, `damaged` where it cannot be read but others may follow, undefined at the end. */
function nextOf({ path, children }: OpenDirectory, note: Note): Found | "damaged" | undefined {
  const next = guard(() => children.next(), path, note);
  if (next === undefined || next.done === true) return undefined;
  const { name, child } = next.value;
  const childPath = joinPath(path, name);
  const node = guard(() => child.node(), childPath, note);
  return node === undefined ? "damaged" : { path: childPath, node };
}

function guard<T>(work: () => T, path: string, note: Note): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof VmguestError) || error.kind === "io") throw error;
    note(findingOf(error, { path }));
    return undefined;
  }
}

/** The path of an entry; that of the root is empty. */
export function joinPath(path: string, name: string): string {
  return path === "" ? name : `${path}/${name}`;
}
