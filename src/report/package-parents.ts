// SPDX-License-Identifier: MIT
import type { ParentPackage } from "../package/mum/index.ts";

/** Parts of Windows that packages name as their parents, and who has them; an edition is said with its name. */
const OWNERS: readonly (readonly [part: RegExp, nt: string, owner: string])[] = [
  [/^Microsoft-Windows-(\w+)Edition$/i, "6.0", "Windows Vista"],
  [/^Microsoft-Windows-(?:Foundation|ServerCore)-Package$/i, "6.0", "Windows Server 2008"],
  [/^Microsoft-Windows-(?:Foundation|ServerCore)-Package$/i, "6.1", "Windows 7 and Server 2008 R2"],
  [/^Microsoft-Hyper-V-Guest-Integration-Drivers-Package$/i, "6.2", "Windows 8 and Server 2012"],
  [/^Microsoft-Hyper-V-Guest-Integration-Drivers-Package$/i, "6.3", "Windows 8.1 and Server 2012 R2"],
  [/^Microsoft-Hyper-V-WinPE-Drivers-Package$/i, "6.2", "Windows PE 4"],
  [/^Microsoft-Hyper-V-WinPE-Drivers-Package$/i, "6.3", "Windows PE 5"],
];

interface Served {
  readonly owner: string;
  readonly editions: Set<string>;
  readonly version: string;
}

/** Whom a package serves in words, each once: `Windows 7 and Server 2008 R2, from 6.1.7600.16385`. */
export function describeParents(parents: readonly ParentPackage[]): string[] {
  const served = new Map<string, Served>();
  for (const { identity } of parents) {
    const { owner, edition } = ownerOf(identity);
    const key = `${owner}, from ${identity.version}`;
    const known = served.get(key) ?? { owner, editions: new Set(), version: identity.version };
    if (edition !== undefined) known.editions.add(edition);
    served.set(key, known);
  }
  return [...served.values()].map(({ owner, editions, version }) => {
    const whom = editions.size === 0 ? owner : `${owner} ${[...editions].join(", ")}`;
    return `${whom}, from ${version}`;
  });
}

function ownerOf({ name, version }: ParentPackage["identity"]): {
  owner: string;
  edition: string | undefined;
} {
  const nt = version.split(".").slice(0, 2).join(".");
  for (const [part, ofNt, owner] of OWNERS) {
    const match = ofNt === nt ? part.exec(name) : null;
    if (match !== null) return { owner, edition: match[1] };
  }
  return { owner: `what has ${name}`, edition: undefined };
}
