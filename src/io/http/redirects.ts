// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { isLoopback, leadsHere, parseImageUrl, shownUrl } from "./image-url.ts";

/** Statuses that send a GET request on to another URL. */
export const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Storage behind a download service needs two; more are a circle or worse. */
export const REDIRECT_COUNT_MAX = 5;

/** Where an answer sends its request on to. Throws REMOTE_REDIRECT where nothing is to be read from there. */
export function nextUrl(from: URL, location: string | undefined): URL {
  if (location === undefined || !URL.canParse(location, from.href))
    throw new VmguestError("REMOTE_REDIRECT", "the server sends on, but not to a URL");
  const to = new URL(location, from);
  const shown = `"${shownUrl(to.href)}"`;
  // From this host to this host is one thing; a server elsewhere must not make us ask what listens here.
  if (leadsHere(to) && !isLoopback(from))
    throw new VmguestError("REMOTE_REDIRECT", `the server sends on to this host itself, ${shown}`);
  try {
    return parseImageUrl(to.href);
  } catch (error) {
    if (!(error instanceof VmguestError)) throw error;
    throw new VmguestError("REMOTE_REDIRECT", `the server sends on to ${shown}, but ${error.message}`);
  }
}
