// SPDX-License-Identifier: MIT
import type { Code, Where } from "../../errors.ts";

/** What is read of each object when it is opened: a page of the cache, whose first page every reader needs. */
export const HEAD_BYTES = 32 * 1024;

/**
 * What the thread that parses an image asks of the thread that makes the requests. It waits for the answer to each
 * question before it asks the next one, or gives that one up.
 */
export type RemoteQuestion =
  | { readonly kind: "attach"; readonly signal: Int32Array }
  | ({ readonly id: number; readonly timeLeftMs: number } & (
      | { readonly kind: "open" }
      /** A file beside the image, or in a folder beside it: the parts of its path. */
      | { readonly kind: "open-sibling"; readonly parts: readonly string[] }
      | { readonly kind: "read"; readonly object: number; readonly offset: number; readonly length: number }
    ));

/** An object on a server, opened. */
export interface OpenedObject {
  /** What later questions call it. */
  readonly object: number;
  /** Its URL as it may be shown. */
  readonly path: string;
  readonly identity: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** Its first bytes. */
  readonly head: Uint8Array;
}

/** After the message is posted, `signal[0]` is counted up and whoever waits for it is woken. */
export type RemoteAnswer = { readonly id: number } & (
  | { readonly opened: OpenedObject }
  | { readonly bytes: Uint8Array }
  | { readonly error: { readonly code: Code; readonly message: string; readonly where: Where } }
);
