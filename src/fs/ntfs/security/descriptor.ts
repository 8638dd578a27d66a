// SPDX-License-Identifier: MIT
import { locate, VmguestError, type Where } from "../../../errors.ts";
import { AceHeader, AclHeader, SECURITY_CONTROL, SecurityDescriptorHeader, SidHeader } from "./layout.ts";

/** MS-DTYP 2.4.2.2. */
const SUB_AUTHORITY_COUNT_MAX = 15;
/** Entries whose SID stands right behind the mask: allowed, denied, audit, and the label of integrity. */
const PLAIN_ENTRY_TYPES: readonly number[] = [0, 1, 2, 0x11];

/** Who may do what, or may not. */
export interface AccessEntry {
  /** 0 allows, 1 denies; any other has its number as in MS-DTYP 2.4.4.1. */
  readonly type: number;
  /** How it is inherited: the ACE_FLAGS of MS-DTYP 2.4.4.1. */
  readonly flags: number;
  /** Rights as in MS-DTYP 2.4.3. */
  readonly mask: number;
  /** `S-1-5-18`; undefined for types that keep it elsewhere. */
  readonly sid: string | undefined;
}

/** Who a file belongs to, and who may do what to it. */
export interface SecurityDescriptor {
  readonly owner: string | undefined;
  readonly group: string | undefined;
  /** Bits of the descriptor's control word. */
  readonly control: number;
  /** In the order in which Windows asks them; null where there is no list, which lets everyone do everything. */
  readonly access: readonly AccessEntry[] | null;
}

/**
 * Reads a self-relative security descriptor. `where` is its place, for errors; throws NTFS_SECURITY where something in it
 * does not fit.
 */
export function parseSecurityDescriptor(view: DataView, where: Where): SecurityDescriptor {
  return locate(where, () => {
    checkRoom(view, 0, SecurityDescriptorHeader.sizeBytes, "header");
    const { revision, control, ownerOffset, groupOffset, daclOffset } = new SecurityDescriptorHeader(view);
    if (revision !== 1) throw damage(`the descriptor has revision ${revision}`);
    const sidAt = (at: number) => (at === 0 ? undefined : readSid(view, at));
    const hasDacl = (control & SECURITY_CONTROL.hasDacl) !== 0 && daclOffset !== 0;
    return {
      owner: sidAt(ownerOffset),
      group: sidAt(groupOffset),
      control,
      access: hasDacl ? readAcl(view, daclOffset) : null,
    };
  });
}

/** The entries lie one after the other inside the list, each at least 8 bytes long, which bounds the loop. */
function readAcl(view: DataView, at: number): AccessEntry[] {
  checkRoom(view, at, AclHeader.sizeBytes, "list");
  const { size, entryCount } = new AclHeader(view, at);
  checkRoom(view, at, Math.max(size, AclHeader.sizeBytes), "list");
  const list = new DataView(view.buffer, view.byteOffset + at, size);
  const entries: AccessEntry[] = [];
  let entryAt: number = AclHeader.sizeBytes;
  for (let index = 0; index < entryCount; index++) {
    checkRoom(list, entryAt, AceHeader.sizeBytes, "entry");
    const { type, flags, mask, size: entrySize } = new AceHeader(list, entryAt);
    checkRoom(list, entryAt, Math.max(entrySize, AceHeader.sizeBytes), "entry");
    const entry = new DataView(list.buffer, list.byteOffset + entryAt, entrySize);
    const sid = PLAIN_ENTRY_TYPES.includes(type) ? readSid(entry, AceHeader.sizeBytes) : undefined;
    entries.push({ type, flags, mask, sid });
    entryAt += entrySize;
  }
  return entries;
}

function readSid(view: DataView, at: number): string {
  checkRoom(view, at, SidHeader.sizeBytes, "SID");
  const { revision, subAuthorityCount } = new SidHeader(view, at);
  if (revision !== 1 || subAuthorityCount > SUB_AUTHORITY_COUNT_MAX) {
    throw damage(`a SID has revision ${revision} and ${subAuthorityCount} sub-authorities`);
  }
  checkRoom(view, at, SidHeader.sizeBytes + subAuthorityCount * 4, "SID");
  const authority = view.getUint16(at + 2) * 2 ** 32 + view.getUint32(at + 4);
  const parts = Array.from({ length: subAuthorityCount }, (_, index) =>
    view.getUint32(at + SidHeader.sizeBytes + index * 4, true),
  );
  return ["S", revision, authority, ...parts].join("-");
}

function checkRoom(view: DataView, at: number, length: number, what: string): void {
  if (at + length <= view.byteLength) return;
  throw damage(`a ${what} of ${length} bytes at 0x${at.toString(16)} does not fit ${view.byteLength} bytes`);
}

function damage(message: string): VmguestError {
  return new VmguestError("NTFS_SECURITY", message);
}
