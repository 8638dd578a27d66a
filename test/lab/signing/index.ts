export * from "./authenticode.ts";
export * from "./cabinet.ts";
export * from "./catalog.ts";
export * from "./certificates.ts";
export * from "./cms.ts";
export * from "./identifiers.ts";
export * from "./pe.ts";
export * from "./timestamp.ts";
