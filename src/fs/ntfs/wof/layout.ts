// SPDX-License-Identifier: MIT
import { type Struct, struct, u32 } from "../../../bytes/index.ts";

/*
 * What the Windows Overlay Filter (WOF) keeps in a reparse point (MS-FSCC 2.1.2, wdm.h WOF_EXTERNAL_INFO and
 * FILE_PROVIDER_EXTERNAL_INFO). Section names are those of docs/formats/wof.md.
 */

const wofReparse = {
  version: u32(0x00, "1"),
  provider: u32(0x04, "WOF_PROVIDER"),
};
/** Follows the header of the reparse point at 0x08; what comes next is the provider's own. */
export const WofReparse = struct("WOF reparse data", 8, wofReparse);
export type WofReparse = Struct<typeof wofReparse>;

export const WOF_PROVIDER = { wim: 1, file: 2 } as const;

const wofFileProvider = {
  version: u32(0x00, "1"),
  algorithm: u32(0x04, "how the chunks are compressed, see below"),
};
/** Follows {@link WofReparse} at 0x10 where the provider is the file itself. */
export const WofFileProvider = struct("WOF file provider data", 8, wofFileProvider);
export type WofFileProvider = Struct<typeof wofFileProvider>;
