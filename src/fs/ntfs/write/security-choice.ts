// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";
import { AttributeSet } from "../attribute.ts";
import { ATTRIBUTE, StandardInformation, StandardInformationTail } from "../layout.ts";
import { isAdminOnly } from "./admin-only.ts";
import type { Directory } from "./directory.ts";
import { FIRST_FILE_RECORD } from "./record-table.ts";
import { referenceOf } from "./tree-node.ts";
import type { Workspace } from "./workspace.ts";

/** Entries of a directory that are looked at for permissions to share. */
const SIBLINGS_MAX = 256;

/**
 * Finds permissions for new files among those that the volume has: making new ones would mean to change $Secure.
 *
 * Taken are those of a file beside the new one (for a directory, of a directory), else those of the directory that it is
 * put in, and of the metadata files last; but only where no one but administrators could write with them.
 */
export class SecurityChoice {
  readonly #space: Workspace;
  readonly #verdicts = new Map<number, boolean>();
  /** Choices made already, by directory and kind. */
  readonly #chosen = new Map<string, number>();

  constructor(space: Workspace) {
    this.#space = space;
  }

  /** Throws NTFS_WRITE_SECURITY. */
  forNew(parent: Directory, isDirectory: boolean, path: string): number {
    const key = `${parent.recordNumber}:${isDirectory}`;
    const known = this.#chosen.get(key);
    if (known !== undefined) return known;
    for (const recordNumber of this.#candidates(parent, isDirectory)) {
      const securityId = this.#securityIdOf(recordNumber);
      if (securityId === undefined || !this.#isAdminOnly(securityId)) continue;
      this.#chosen.set(key, securityId);
      return securityId;
    }
    const message = "nothing in its directory has permissions that only administrators can write with";
    throw new VmguestError("NTFS_WRITE_SECURITY", message, { path });
  }

  /** The permissions of the file that the caller names; throws NTFS_WRITE_SECURITY where others could write with them. */
  like(recordNumber: number, path: string): number {
    const securityId = this.#securityIdOf(recordNumber);
    if (securityId !== undefined && this.#isAdminOnly(securityId)) return securityId;
    const message = "its permissions are its own, or let others than administrators write";
    throw new VmguestError("NTFS_WRITE_SECURITY", message, { path });
  }

  *#candidates(parent: Directory, isDirectory: boolean): Generator<number, undefined> {
    const siblings = parent.names.first(SIBLINGS_MAX).map((entry) => referenceOf(entry).recordNumber);
    for (const recordNumber of siblings) {
      if (recordNumber >= FIRST_FILE_RECORD && this.#isDirectory(recordNumber) === isDirectory)
        yield recordNumber;
    }
    yield parent.recordNumber;
    yield* siblings.filter((recordNumber) => recordNumber < FIRST_FILE_RECORD);
  }

  #isDirectory(recordNumber: number): boolean | undefined {
    return this.#attempt(() => {
      const record = this.#space.records.record(recordNumber);
      return record.isInUse && record.isBase ? record.isDirectory : undefined;
    });
  }

  #securityIdOf(recordNumber: number): number | undefined {
    return this.#attempt(() => {
      const { records, context } = this.#space;
      const record = records.record(recordNumber);
      if (!record.isInUse || !record.isBase) return undefined;
      const attributes = new AttributeSet(record, records, context.space);
      // One of its own counts instead of the shared one.
      if (attributes.find(ATTRIBUTE.securityDescriptor) !== undefined) return undefined;
      const { value } = attributes.require(ATTRIBUTE.standardInformation).first;
      if (value.byteLength < StandardInformation.sizeBytes + StandardInformationTail.sizeBytes)
        return undefined;
      return new StandardInformationTail(value, StandardInformation.sizeBytes).securityId;
    });
  }

  #isAdminOnly(securityId: number): boolean {
    let verdict = this.#verdicts.get(securityId);
    if (verdict === undefined) {
      verdict = this.#attempt(() => isAdminOnly(this.#space.context.security.find(securityId))) ?? false;
      this.#verdicts.set(securityId, verdict);
    }
    return verdict;
  }

  /** What damage hides is no candidate. */
  #attempt<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof VmguestError)) throw error;
      return undefined;
    }
  }
}
