// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";

/** The version of this package; its package.json is two folders up, from src/cli as from dist/bin. */
export function readVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return JSON.parse(text).version;
}
