// SPDX-License-Identifier: MIT
import type { ByteSource } from "../../../io/index.ts";
import { Cabinet, type CabMember, isCabinet } from "../../../package/cab/index.ts";
import type { PackageEntry } from "../../../report/index.ts";
import type { EntryContent, FindPart, OpenedPackage, OpenPackageOptions } from "./opened-package.ts";

export { isCabinet };

/** What every MSU holds beside the update itself: what Windows Update asks to find out whether it applies. */
const MSU_MEMBER = /^wsusscan\.cab$/i;

/** A cabinet, or an MSU, which is one. */
export function openCabinet(
  source: ByteSource,
  resolvePart: FindPart,
  options: OpenPackageOptions,
): OpenedPackage {
  const cabinet = Cabinet.open(source, { resolvePart, ...options });
  const memberOf = new Map(cabinet.members.map((member) => [describeMember(member), member]));
  const entryOf = new Map([...memberOf].map(([entry, member]) => [member, entry]));
  return {
    kind: cabinet.members.some(({ name }) => MSU_MEMBER.test(name)) ? "msu" : "cab",
    disc: null,
    msi: null,
    entries: [...memberOf.keys()],
    findings: cabinet.findings,
    open: (entry) => cabinet.open(knownIn(memberOf, entry)),
    *contents(isWanted): Generator<EntryContent> {
      for (const { member, chunks } of cabinet.contents((member) => isWanted(knownIn(entryOf, member)))) {
        yield { entry: knownIn(entryOf, member), chunks };
      }
    },
  };
}

function describeMember(member: CabMember): PackageEntry {
  const { name, sizeBytes, modified, attributes, compression, unsafe } = member;
  return { path: name, isDirectory: false, sizeBytes, modified, attributes, compression, unsafe };
}

function knownIn<K, V>(map: ReadonlyMap<K, V>, key: K): V {
  const value = map.get(key);
  if (value === undefined) throw new Error("the entry is from another package");
  return value;
}
