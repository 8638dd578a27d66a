// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { signingQuery } from "./image-url.ts";

/** What is no name of a file in a folder, or cannot be written in a URL: half a character. */
const NO_NAME = /^\.{0,2}$|\p{Surrogate}/u;

/**
 * The URL of a file in the folder of an image or below it, by the parts of its path. A signature goes along: one for a
 * whole container of Azure covers it, and any other the server refuses.
 *
 * Throws REMOTE_PARENT where the path leads out of the folder, or where the query says which object is meant, so that the
 * path does not.
 */
export function siblingUrl(image: URL, parts: readonly string[]): URL {
  const query = signingQuery(image);
  if (query === undefined)
    throw new VmguestError("REMOTE_PARENT", "its URL names it by a query, not by a path");
  if (parts.length === 0 || parts.some((part) => NO_NAME.test(part)))
    throw new VmguestError("REMOTE_PARENT", "the parent is not in the folder of the image");
  const sibling = new URL(parts.map(encodeURIComponent).join("/"), new URL(".", image));
  sibling.search = query;
  return sibling;
}
