// SPDX-License-Identifier: MIT
import type { BatchImage } from "./audited-image.ts";

/** An image of a batch and where it is read from. */
export interface PlannedImage extends BatchImage {
  /** The path, or the whole URL: what lets anybody read it is no part of `path`. */
  readonly source: string;
}
