// SPDX-License-Identifier: MIT
import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import type { BatchAuditOptions } from "../audited-image.ts";
import { canonicalJson } from "../canonical-json.ts";

/** Makes the names under which a cache keeps images: those of one image differ wherever its report might. */
export class CacheKeys {
  /** Names the tool, in 8 digits. */
  readonly tool: string;
  readonly #context: string;

  constructor(toolVersion: string, options: BatchAuditOptions) {
    this.tool = digestOf(toolVersion).slice(0, 8);
    const roots = options.parentRoots?.map(realPathOf);
    this.#context = digestOf(canonicalJson({ toolVersion, options: { ...options, parentRoots: roots } }));
  }

  /** The name of an image, in 32 digits: reports name it as the user does, and a relative path may lead anywhere. */
  of(path: string): string {
    return digestOf(`${this.#context}\0${path}\0${resolve(path)}`).slice(0, 32);
  }
}

const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");

/** A folder that is not there leads to no parent, and is named all the same. */
function realPathOf(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return resolve(folder);
  }
}
