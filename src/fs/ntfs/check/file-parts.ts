// SPDX-License-Identifier: MIT
import { attributeEntries } from "../attribute-list.ts";
import type { AttributeRecord } from "../attribute-record.ts";
import type { FileRecord } from "../file-record.ts";
import { ATTRIBUTE } from "../layout.ts";
import { addAbout } from "./record-form.ts";
import { RECORD_STATE } from "./record-table.ts";
import type { VolumeCheck } from "./volume-check.ts";

/** All attributes of a file, from its base record and its extension records. */
export interface FileParts {
  readonly attributes: readonly AttributeRecord[];
  /** Whether none is missing. */
  readonly isWhole: boolean;
}

/** Gathers the attributes of a file; for one with an attribute list, that list is checked against the records. */
export function gatherParts(check: VolumeCheck, base: FileRecord): FileParts {
  const { attributes } = base;
  if (attributes.every(({ type }) => type !== ATTRIBUTE.attributeList)) return { attributes, isWhole: true };
  const { mft, space } = check.context;
  const entries = check.attempt(() => attributeEntries(base, mft, space), base.recordNumber);
  const listed = new Map<string, AttributeRecord>();
  const records = new Map<number, FileRecord>([[base.recordNumber, base]]);
  let isWhole = entries !== undefined;
  for (const entry of entries ?? []) {
    const attribute = check.attempt(() => entry.load(), base.recordNumber);
    if (attribute === undefined) {
      isWhole = false;
      continue;
    }
    records.set(attribute.record.recordNumber, attribute.record);
    listed.set(keyOf(attribute), attribute);
  }
  const unlisted: AttributeRecord[] = [];
  for (const record of records.values()) {
    check.records.mark(record.recordNumber, RECORD_STATE.listed);
    if (isWhole) unlisted.push(...record.attributes.filter((one) => isMissing(one, listed)));
  }
  for (const attribute of unlisted) {
    addAbout(check, "NTFS_ATTRIBUTE_UNLISTED", attribute, "is not in the attribute list of its file");
  }
  return { attributes: [...listed.values(), ...unlisted], isWhole };
}

/** Every attribute in the records of a file must be in its list, but the list itself. */
function isMissing(attribute: AttributeRecord, listed: ReadonlyMap<string, AttributeRecord>): boolean {
  return attribute.type !== ATTRIBUTE.attributeList && !listed.has(keyOf(attribute));
}

function keyOf({ record, at }: AttributeRecord): string {
  return `${record.recordNumber}:${at}`;
}
