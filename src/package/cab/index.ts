// SPDX-License-Identifier: MIT
export type { BlockDecoder } from "./block-decoder.ts";
export { Cabinet, type CabinetOptions } from "./cabinet.ts";
export type { MemberContent } from "./contents.ts";
export { findCabinets } from "./find-cabinets.ts";
export { isCabinet } from "./header.ts";
export type { ExtractLimits } from "./limits.ts";
export type { CabAttribute, CabCompression, CabMember } from "./member.ts";
export { checkMemberName } from "./member-name.ts";
export type { ResolvePart } from "./set-parts.ts";
export type { SignaturePlace } from "./signature-place.ts";
