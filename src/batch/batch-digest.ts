// SPDX-License-Identifier: MIT
import type { BatchAuditOptions } from "./audited-image.ts";
import { canonicalJson } from "./canonical-json.ts";
import type { Discovery } from "./discover.ts";
import { pathShower } from "./shown-path.ts";

/**
 * SHA-256, in hexadecimal, of what all shards of one batch must have in common: every image in the order in which it
 * was found, by the name that the report has for it, and how it is judged. Machines that see another list, or judge by
 * another policy, get another one.
 */
export async function digestBatch(
  { images, unreadable }: Discovery,
  audit: BatchAuditOptions,
): Promise<string> {
  // Most command lines name no shard, so the library waits until there is one.
  const { createHash } = await import("node:crypto");
  const shownPath = await pathShower(images);
  const hash = createHash("sha256").update(canonicalJson(audit));
  const paths = [...images.map(shownPath), ...unreadable.map(({ path }) => path)];
  for (const path of paths) hash.update(`\0${path.replaceAll("\\", "/")}`);
  return hash.digest("hex");
}
