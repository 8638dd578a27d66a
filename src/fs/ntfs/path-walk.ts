// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { FileNameCollation } from "./collation.ts";
import { isLinkTag, type LinkTarget } from "./link-target.ts";
import type { NtfsNode } from "./ntfs-node.ts";
import { describeReparseTag, isNameSurrogate } from "./reparse.ts";

/** The longest name NTFS can store; asking for a longer one is asking for nothing. */
const NAME_UNITS_MAX = 255;
/** Windows follows 63 links in a path. No guest needs more than a few, and every one may cost a few reads. */
const LINK_COUNT_MAX = 16;
/** What absolute targets begin with: the root of the names of drives and volumes. */
const ABSOLUTE_PREFIX = "\\??\\";

/** What a walk needs to know of its volume. */
export interface WalkOptions {
  readonly root: NtfsNode;
  readonly collation: FileNameCollation;
  /** What the guest calls the volume: `C:`, `Volume{...}`. An absolute target must begin with one of them. */
  names(): readonly string[];
  /** Whether a link at the end of the path is followed too. */
  readonly followsLast: boolean;
}

/** Goes up, in the target of a link. A path that a user gave has no such step. */
const UP = Symbol("..");
type Step = string | typeof UP;

/**
 * The file or directory at `path`, through junctions and symbolic links, or undefined where there is none.
 *
 * A link is followed as Windows follows it, but inside the volume only: NTFS_LINK_OUTSIDE, NTFS_LINK_LOOP and NTFS_LINK
 * tell why one was not. Where another kind of link stands in the way, it is NTFS_REPARSE.
 */
export function walkPath(path: string, options: WalkOptions): NtfsNode | undefined {
  const { root, followsLast } = options;
  // The folders above the node that was reached, the root first; links have been replaced by what they lead to.
  const trail: NtfsNode[] = [];
  const steps: Step[] = stepsOf(path, /[/\\]/).reverse();
  let node = root;
  let linkCount = 0;
  for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
    if (step === UP) {
      const above = trail.pop();
      if (above === undefined) throw outside(node, "a target goes up from the root of the volume");
      node = above;
      continue;
    }
    if (!node.isDirectory || step.length > NAME_UNITS_MAX) return undefined;
    const child = node.child(step);
    if (child === undefined) return undefined;
    const isLast = steps.length === 0;
    const target = isLast && !followsLast ? undefined : linkOf(child, isLast);
    if (target === undefined) {
      trail.push(node);
      node = child;
      continue;
    }
    if (++linkCount > LINK_COUNT_MAX) {
      const message = `the path leads through more than ${LINK_COUNT_MAX} links`;
      throw new VmguestError("NTFS_LINK_LOOP", message, { path: child.path });
    }
    const { steps: targetSteps, fromRoot } = stepsOfTarget(target, child, options);
    steps.push(...targetSteps.reverse());
    if (fromRoot) {
      node = root;
      trail.length = 0;
    }
  }
  return node;
}

/** The target of a node that is a link, or undefined where the path may go on through the node itself. */
function linkOf(node: NtfsNode, isLast: boolean): LinkTarget | undefined {
  const tag = node.reparseTag;
  if (isLinkTag(tag)) return node.linkTarget;
  if (tag !== undefined && !isLast && isNameSurrogate(tag)) {
    const message = `the path leads through a reparse point: ${describeReparseTag(tag)}`;
    throw new VmguestError("NTFS_REPARSE", message, { path: node.path });
  }
  return undefined;
}

function stepsOfTarget(
  { target, isRelative }: LinkTarget,
  link: NtfsNode,
  { collation, names }: WalkOptions,
): { steps: Step[]; fromRoot: boolean } {
  if (isRelative) return { steps: targetSteps(target), fromRoot: target.startsWith("\\") };
  if (!target.startsWith(ABSOLUTE_PREFIX)) throw outside(link, `leads to ${target}`);
  const [name = "", ...rest] = target.slice(ABSOLUTE_PREFIX.length).split("\\");
  if (!names().some((own) => collation.equalsFolded(own, name))) throw outside(link, `leads to ${target}`);
  return { steps: targetSteps(rest.join("\\")), fromRoot: true };
}

function targetSteps(target: string): Step[] {
  return stepsOf(target, /\\/).map((name) => (name === ".." ? UP : name));
}

function stepsOf(path: string, separator: RegExp): string[] {
  return path.split(separator).filter((name) => name !== "" && name !== ".");
}

function outside(node: NtfsNode, message: string): VmguestError {
  return new VmguestError("NTFS_LINK_OUTSIDE", message, { path: node.path });
}
