// SPDX-License-Identifier: MIT
import { dirname } from "node:path";
import type { Storage } from "./storage.ts";
import { translate } from "./stored-file.ts";

/** Where an image and what belongs to it stand on the host. */
export interface Places {
  /** The image file itself, whatever links lead to it: the files beside it are found by every way. */
  readonly image: string;
  readonly undo: string;
  readonly lock: string;
  readonly folder: string;
}

/** Throws IO_OPEN where the image does not exist. */
export function placesOf(storage: Storage, path: string): Places {
  const image = translate("IO_OPEN", path, () => storage.realPath(path));
  return { image, undo: `${image}.vmguest-undo`, lock: `${image}.vmguest-lock`, folder: dirname(image) };
}
