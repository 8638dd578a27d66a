// SPDX-License-Identifier: MIT
import { createHash } from "node:crypto";
import { VmguestError } from "../../errors.ts";

/**
 * Whether a path of a command line is the URL of an image, rather than a file of this host. It may stand behind white
 * space or a quotation mark, where it is none that can be read, but one that may be shown as little.
 */
export function isImageUrl(text: string): boolean {
  return /^[\s"'<(]*https?:\/\//i.test(text);
}

/**
 * The URL of an image, without fragment. Throws REMOTE_URL for what is none or holds a user name or password, and
 * REMOTE_SCHEME unless it is https, or http on this host.
 */
export function parseImageUrl(text: string): URL {
  const image = shownUrl(text);
  if (!URL.canParse(text)) throw new VmguestError("REMOTE_URL", "it is no URL", { image });
  const url = new URL(text);
  url.hash = "";
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url))) {
    const message = `the scheme must be https, or http for this host, and is ${url.protocol.slice(0, -1)}`;
    throw new VmguestError("REMOTE_SCHEME", message, { image });
  }
  if (url.username !== "" || url.password !== "") {
    throw new VmguestError("REMOTE_URL", "it holds a user name or password", { image });
  }
  return url;
}

/** Whether a URL leads to this host, whatever its name server says: only names and addresses that always do. */
export function isLoopback({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/** `localhost` with all that may stand before and behind it, and addresses that systems take for themselves. */
const HERE =
  /^((.+\.)?localhost\.?|(127|0)\.\d+\.\d+\.\d+|\[::1?\]|\[::ffff:(0|7f[0-9a-f]{2}):[0-9a-f]{1,4}\])$/;

/**
 * Whether a URL leads to this host however that is spelled: more than {@link isLoopback} relies on, for what must not
 * lead here. A name that its name server says is here cannot be told.
 */
export function leadsHere({ hostname }: URL): boolean {
  return HERE.test(hostname);
}

/** Parameters that say which version of an object is meant: S3, Azure Blob, Google Cloud Storage. No secrets. */
const VERSION_PARAMETERS: ReadonlySet<string> = new Set(["versionid", "snapshot", "generation"]);

/**
 * Parameters of a presigned URL: S3 (both ways of signing), Google Cloud Storage, Azure SAS, CloudFront. They say who
 * may read and until when, not what.
 */
const SIGNING_PARAMETER =
  /^(x-(amz|goog)-.*|awsaccesskeyid|googleaccessid|signature|expires|key-pair-id|policy|sig|se|st|sp|sv|sr|si|sip|spr|ss|srt|sks|skoid|sktid|skt|ske|skv|saoid|suoid|scid|sdd|ses)$/i;

/** The query of a URL that {@link shownUrl} gave. */
const FINGERPRINT = /^\?~[0-9a-f]{8}$/;

/**
 * A URL as reports, errors and logs have it: without user name, password, fragment and query, in which presigned URLs
 * hold what lets anybody read the object. Of the query stay only the parameters that name a version of the object; in
 * the place of others that do not belong to a signature stands `~` with the first 32 bits of their SHA-256, so that two
 * images that differ in nothing else can be told apart. The shown URL of a shown URL is the same.
 */
export function shownUrl(text: string): string {
  if (!URL.canParse(text)) return shownText(text);
  const url = new URL(text);
  url.username = "";
  url.password = "";
  url.hash = "";
  if (!FINGERPRINT.test(url.search)) url.search = shownQuery(url.searchParams);
  return url.href;
}

/** Of what is no URL nobody can tell where a password in it ends. */
function shownText(text: string): string {
  return text.includes("@") ? text.replace(/\/\/.*$/s, "//...") : text.replace(/[?#].*$/s, "");
}

function shownQuery(parameters: URLSearchParams): string {
  const version = new URLSearchParams();
  const others = new URLSearchParams();
  for (const [name, value] of parameters) {
    if (VERSION_PARAMETERS.has(name.toLowerCase())) version.append(name, value);
    else if (!SIGNING_PARAMETER.test(name)) others.append(name, value);
  }
  if (others.size === 0) return version.toString();
  // The version is hashed too: its parameters would otherwise stand beside something that is no parameter.
  const all = `${version}&${others}`;
  return `~${createHash("sha256").update(all).digest("hex").slice(0, 8)}`;
}

/** The same for two URLs that differ only in how they are signed. It may hold what {@link shownUrl} hides. */
export function objectKey(url: URL): string {
  const bare = new URL(url);
  for (const name of [...bare.searchParams.keys()]) {
    if (SIGNING_PARAMETER.test(name)) bare.searchParams.delete(name);
  }
  return bare.href;
}

/** The query of a URL that is signed at most; undefined where its query says which object is meant. */
export function signingQuery(url: URL): string | undefined {
  const isSigning = [...url.searchParams.keys()].every((name) => SIGNING_PARAMETER.test(name));
  return isSigning ? url.search : undefined;
}
