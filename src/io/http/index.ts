// SPDX-License-Identifier: MIT
export { type HeaderRule, headersOfEnvironment, parseHeaderFile } from "./header-rules.ts";
export { isImageUrl, parseImageUrl, shownUrl } from "./image-url.ts";
export { RemoteAccess, type RemoteAccessOptions } from "./remote-access.ts";
export { openRemoteImage } from "./remote-image.ts";
export type { RemoteRetries } from "./retries.ts";
export type { RemoteTimeouts } from "./transport.ts";
