// SPDX-License-Identifier: MIT
import { isRemote } from "./remote-path.ts";

/** How reports name the image at a path or URL. */
export async function pathShower(paths: readonly string[]): Promise<(path: string) => string> {
  if (!paths.some(isRemote)) return (path) => path;
  const { shownUrl } = await import("../io/http/index.ts");
  return (path) => (isRemote(path) ? shownUrl(path) : path);
}
