// SPDX-License-Identifier: MIT
import type { FileRecord } from "../file-record.ts";
import { NAMESPACE, RECORD } from "../layout.ts";
import type { StoredName } from "./file-name.ts";
import type { VolumeCheck } from "./volume-check.ts";

/** What no name may hold, whatever its namespace: the separator and NUL. */
const ILLEGAL_ANYWHERE = /[/\0]/;
/** What Windows refuses in names of its own namespaces; the endings only in the long ones. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are just what is looked for
const ILLEGAL_IN_WINDOWS = /[\x01-\x1f"*:<>?\\|]|[. ]$/;

/** The names of one file among themselves: their characters, and DOS names beside long ones. */
export function checkNames(check: VolumeCheck, base: FileRecord, names: readonly StoredName[]): void {
  const { recordNumber } = base;
  for (const stored of names) {
    const { name, namespace } = stored;
    if (recordNumber === RECORD.root) continue;
    const isIllegal =
      ILLEGAL_ANYWHERE.test(name) || (namespace !== NAMESPACE.posix && ILLEGAL_IN_WINDOWS.test(name));
    if (isIllegal) {
      check.addOf(
        recordNumber,
        "NTFS_NAME_ILLEGAL",
        `Windows cannot use the name ${JSON.stringify(name)}`,
        base.where(),
      );
    }
    if (namespace !== NAMESPACE.dos) continue;
    const isPaired = names.some(
      (other) => other.namespace === NAMESPACE.win32 && other.parentRecord === stored.parentRecord,
    );
    if (isPaired) continue;
    const message = `has the DOS name ${name} without a long name beside it`;
    check.addOf(recordNumber, "NTFS_NAME_PAIR", message, base.where());
  }
}
