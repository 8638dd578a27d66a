// SPDX-License-Identifier: MIT
import { type Finding, finding } from "../../errors.ts";
import type { Cell } from "../cells.ts";
import { SecurityNode, SIGNATURES } from "../layout.ts";
import { type HiveCells, referenceOf } from "./hive-cells.ts";

/** Descriptors that are counted; a system hive has some thousands. */
const DESCRIPTOR_COUNT_MAX = 100_000;

interface Descriptor {
  readonly cell: Cell;
  readonly node: SecurityNode;
  useCount: number;
}

/** The security descriptors that keys share, and the ring that links them all (section "Key security"). */
export class SecurityCheck {
  readonly #cells: HiveCells;
  /** By offset from the first bin; undefined where there is no descriptor, which was said once. */
  readonly #known = new Map<number, Descriptor | undefined>();

  constructor(cells: HiveCells) {
    this.#cells = cells;
  }

  /** Counts a key, at file offset `owner`, that uses the descriptor. */
  *use(offset: number, owner: number): Generator<Finding> {
    const descriptor = yield* this.#find(offset, owner);
    if (descriptor !== undefined) descriptor.useCount++;
  }

  /** Follows the ring from any descriptor in use, then compares the counts. */
  *conclude(): Generator<Finding> {
    if (this.#known.size >= DESCRIPTOR_COUNT_MAX) {
      const message = `more than ${DESCRIPTOR_COUNT_MAX} security descriptors are not checked`;
      yield finding("LIMIT_EXCEEDED", message, { structure: "security descriptor" });
      return;
    }
    const used = new Map([...this.#known].filter(([, descriptor]) => descriptor !== undefined));
    const [start] = used.values();
    const inRing = start === undefined ? new Set<number>() : yield* this.#followRing(start);
    for (const [offset, descriptor] of used) {
      if (descriptor === undefined || inRing.has(offset)) continue;
      const message = "the descriptor is in use, but not in the ring of the others";
      yield finding("REGF_SECURITY_RING", message, whereOf(descriptor.cell));
    }
    for (const descriptor of this.#known.values()) {
      if (descriptor === undefined) continue;
      const { cell, node, useCount } = descriptor;
      if (node.referenceCount === useCount) continue;
      const message = `the descriptor counts ${node.referenceCount} keys, but ${useCount} use it`;
      yield finding("REGF_SECURITY_COUNT", message, whereOf(cell));
    }
  }

  *#followRing(start: Descriptor): Generator<Finding, Set<number>> {
    const seen = new Set<number>();
    const first = referenceOf(start.cell);
    let current = start;
    for (;;) {
      const offset = referenceOf(current.cell);
      seen.add(offset);
      const { next } = current.node;
      const follower: Descriptor | undefined = yield* this.#find(next, current.cell.offset);
      if (follower === undefined || this.#known.size >= DESCRIPTOR_COUNT_MAX) {
        yield finding(
          "REGF_SECURITY_RING",
          "the ring is broken behind this descriptor",
          whereOf(current.cell),
        );
        return seen;
      }
      if (follower.node.previous !== offset) {
        const message = "the descriptor does not name the one before it in the ring";
        yield finding("REGF_SECURITY_RING", message, whereOf(follower.cell));
      }
      if (next === first) return seen;
      if (seen.has(next)) {
        const message = "the ring leads back to its middle behind this descriptor";
        yield finding("REGF_SECURITY_RING", message, whereOf(current.cell));
        return seen;
      }
      current = follower;
    }
  }

  *#find(offset: number, owner: number): Generator<Finding, Descriptor | undefined> {
    if (this.#known.has(offset) || this.#known.size >= DESCRIPTOR_COUNT_MAX) return this.#known.get(offset);
    const descriptor = yield* this.#open(offset, owner);
    this.#known.set(offset, descriptor);
    return descriptor;
  }

  *#open(offset: number, owner: number): Generator<Finding, Descriptor | undefined> {
    const cell = yield* this.#cells.claim(offset, "security descriptor", owner);
    if (cell === undefined) return undefined;
    if (cell.signature !== SIGNATURES.security || cell.sizeBytes < SecurityNode.sizeBytes) {
      yield finding("REGF_SECURITY", "the cell does not hold a security descriptor", whereOf(cell));
      return undefined;
    }
    const node = new SecurityNode(cell.read(0, SecurityNode.sizeBytes));
    const room = cell.sizeBytes - SecurityNode.sizeBytes;
    if (node.descriptorSize > room) {
      const message = `the descriptor has ${node.descriptorSize} bytes, its cell room for ${room}`;
      yield finding("REGF_SECURITY", message, whereOf(cell));
    }
    return { cell, node, useCount: 0 };
  }
}

function whereOf({ structure, offset }: Cell) {
  return { structure, offset };
}
