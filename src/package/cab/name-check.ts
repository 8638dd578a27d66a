// SPDX-License-Identifier: MIT
import type { FindingList } from "./findings.ts";
import { checkMemberName } from "./member-name.ts";
import { nameKey } from "./names.ts";
import { type CabinetPart, type FileRecord, whereOfFile } from "./part.ts";

/** Judges names one by one, also against those that came before. */
export class NameCheck {
  readonly #findings: FindingList;
  readonly #seen = new Map<string, string>();

  constructor(findings: FindingList) {
    this.#findings = findings;
  }

  /** Why the name must not be used on the host; `name` is that of `file` in `part`, with `/`. */
  check(file: FileRecord, part: CabinetPart, name: string): string | null {
    const where = whereOfFile(file, part);
    if (!file.isNameSound)
      this.#findings.add("CAB_NAME_ENCODING", `${JSON.stringify(name)} was not UTF-8`, where);
    const unsafe = checkMemberName(name) ?? this.#checkCollision(name);
    if (unsafe !== null) this.#findings.add("CAB_NAME_UNSAFE", `${JSON.stringify(name)}: ${unsafe}`, where);
    return unsafe;
  }

  #checkCollision(name: string): string | null {
    const key = nameKey(name);
    const other = this.#seen.get(key);
    if (other !== undefined) return `it would take the place of ${JSON.stringify(other)}`;
    this.#seen.set(key, name);
    return null;
  }
}
