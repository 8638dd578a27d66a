// SPDX-License-Identifier: MIT
import type { FileSystem } from "../../fs/index.ts";
import { unsuitable } from "./guest-text.ts";

/** The folders above a file that do not exist yet, from the top. Throws TRIGGER_FILE_UNSUITABLE where a file is in the way. */
export function missingFolders(fs: FileSystem, path: string): string[] {
  const names = path.split("/").slice(0, -1);
  const folders = names.map((_, index) => names.slice(0, index + 1).join("/"));
  return folders.filter((folder) => {
    const found = fs.find(folder);
    if (found !== undefined && !found.isDirectory)
      throw unsuitable("it is a file, and should be a folder", { path: folder });
    return found === undefined;
  });
}
