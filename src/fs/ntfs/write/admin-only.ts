// SPDX-License-Identifier: MIT
import type { SecurityDescriptor } from "../security/descriptor.ts";

const SYSTEM = "S-1-5-18";
const ADMINISTRATORS = "S-1-5-32-544";
const TRUSTED_INSTALLER = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464";
/** Stand for the owner: of what inherits the entry, and of the file itself (MS-DTYP 2.4.2.4). */
const CREATOR_OWNER = "S-1-3-0";
const OWNER_RIGHTS = "S-1-3-4";

const OWNERS: readonly (string | undefined)[] = [SYSTEM, ADMINISTRATORS, TRUSTED_INSTALLER];
const MAY_WRITE: readonly (string | undefined)[] = [...OWNERS, CREATOR_OWNER, OWNER_RIGHTS];

const ACCESS_ALLOWED = 0;
/** Types that never allow anything: denied, audit, the label of integrity. */
const HARMLESS_TYPES: readonly number[] = [1, 2, 0x11];
/**
 * Rights by which a file can be changed, replaced or made one's own (MS-DTYP 2.4.3): write, append, write attributes and
 * extended attributes, delete it or what is in it, change its permissions or owner, and the generic ones for all that.
 */
const CHANGES = 0x2 | 0x4 | 0x10 | 0x40 | 0x100 | 0x1_0000 | 0x4_0000 | 0x8_0000 | 0x1000_0000 | 0x4000_0000;

/**
 * Whether nobody but administrators and Windows itself can change what has this descriptor. What a start of the guest is
 * to run as SYSTEM must not be for others to replace.
 */
export function isAdminOnly({ owner, access }: SecurityDescriptor): boolean {
  if (!OWNERS.includes(owner) || access === null) return false;
  return access.every(({ type, mask, sid }) => {
    if (HARMLESS_TYPES.includes(type)) return true;
    const changes = (mask & CHANGES) !== 0;
    return !changes || (type === ACCESS_ALLOWED && MAY_WRITE.includes(sid));
  });
}
