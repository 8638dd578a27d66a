import { createHash } from "node:crypto";
import type { ByteSource } from "../../../src/io/index.ts";
import { MemorySource } from "../../../src/io/index.ts";
import type { Cabinet, CabMember } from "../../../src/package/cab/index.ts";

/** Name and digest of everything that a cabinet gives, in the order in which it does. */
export function readAll(cabinet: Cabinet, wanted?: (member: CabMember) => boolean): string[] {
  return Array.from(cabinet.contents(wanted), ({ member, chunks }) => {
    const hash = createHash("md5");
    for (const chunk of chunks) hash.update(chunk);
    return `${member.name} ${hash.digest("hex")}`;
  });
}

/** The same for bytes that are known. */
export function nameAndDigest(name: string, bytes: Uint8Array = new Uint8Array(0)): string {
  return `${name.replaceAll("\\", "/")} ${createHash("md5").update(bytes).digest("hex")}`;
}

/** The same for each member as `open` gives it. */
export function openAll(cabinet: Cabinet): string[] {
  return cabinet.members.map((member) => nameAndDigest(member.name, bytesOf(cabinet.open(member))));
}

/** The bytes of a source. */
export function bytesOf(source: ByteSource): Buffer {
  const view = source.read(0, source.sizeBytes);
  return Buffer.from(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
}

/** Finds the cabinets of a set by their name, whatever the case of its letters. */
export function resolverOf(parts: ReadonlyMap<string, Uint8Array>): (name: string) => ByteSource | undefined {
  const byName = new Map([...parts].map(([name, bytes]) => [name.toLowerCase(), bytes]));
  return (name) => {
    const bytes = byName.get(name.toLowerCase());
    return bytes === undefined ? undefined : new MemorySource(bytes);
  };
}
