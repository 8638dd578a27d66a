// SPDX-License-Identifier: MIT
import { type Code, type Finding, VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import { checkBaseBlock, isIntact, readBaseBlock } from "../base-block.ts";
import { checkHive } from "../check/index.ts";
import { BASE_BLOCK_SIZE, BaseBlock } from "../layout.ts";
import { recover } from "../recovery/recover.ts";
import { EDITED_SIZE_MAX } from "./edited-image.ts";

/** Windows NT 4.0: since then keys and values have flags, and cells no longer name the one before. */
const MINOR_VERSION_MIN = 3;

/** What may be said of a hive that is edited: nothing of it lets an edit go wrong. */
const HARMLESS: ReadonlySet<Code> = new Set([
  "REGF_CELL_UNREACHABLE",
  "REGF_FLAGS",
  "REGF_NAME_MAX",
  "REGF_VOLATILE",
]);

/** A hive that may be edited. */
export interface Admitted {
  /** The hive with its logs applied, sound and complete. */
  readonly image: ByteSource;
  readonly block: BaseBlock;
  /** Whether the file is not what the image is, because logs had to be applied. */
  readonly isRecovered: boolean;
}

/**
 * Decides whether a hive may be edited.
 *
 * All of it is checked, since an edit trusts what it does not look at: free cells must be referred to by nothing,
 * lists be in order, descriptors count all keys; unless `isChecked` says that it was. Throws REGF_NOT, REGF_VERSION, REGF_BASE_BLOCK, HIVE_EDIT_VERSION,
 * HIVE_EDIT_SIZE, HIVE_EDIT_UNRECOVERED, HIVE_EDIT_DAMAGED.
 */
export function admit(file: ByteSource, logs: readonly ByteSource[], isChecked: boolean): Admitted {
  const own = readBaseBlock(file);
  checkBaseBlock(own);
  const where = { structure: BaseBlock.structName, offset: 0 };
  if (own.minorVersion < MINOR_VERSION_MIN) {
    const message = `the version is 1.${own.minorVersion}; hives are edited from 1.${MINOR_VERSION_MIN} on`;
    throw new VmguestError("HIVE_EDIT_VERSION", message, where);
  }
  if (!isIntact(own)) {
    throw new VmguestError("HIVE_EDIT_UNRECOVERED", "the checksum of the base block is wrong", where);
  }
  const { state, image, block, findings } = recover(file, logs);
  const doubt = findings.find(({ code }) => code !== "REGF_LOG_APPLIED");
  if (doubt !== undefined || block === undefined || state === "unrecovered") {
    throw new VmguestError("HIVE_EDIT_UNRECOVERED", doubt?.message ?? "the hive is incomplete", where);
  }
  if (BASE_BLOCK_SIZE + block.binsSize > EDITED_SIZE_MAX) {
    const message = `the hive has ${BASE_BLOCK_SIZE + block.binsSize} bytes, more than ${EDITED_SIZE_MAX}`;
    throw new VmguestError("HIVE_EDIT_SIZE", message, where);
  }
  const fault = isChecked ? undefined : findFault(image);
  if (fault !== undefined) {
    const { path, ...place } = fault.where;
    const key = path === undefined ? "" : ` in the key ${path}`;
    throw new VmguestError("HIVE_EDIT_DAMAGED", `${fault.code}${key}: ${fault.message}`, place);
  }
  return { image, block, isRecovered: state === "recovered" };
}

/** The first fault of a hive that an edit could make worse. */
export function findFault(image: ByteSource): Finding | undefined {
  for (const found of checkHive(image)) if (!HARMLESS.has(found.code)) return found;
  return undefined;
}
