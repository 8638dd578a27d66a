// SPDX-License-Identifier: MIT
import { type CodeEntry, io, unsupported, usage } from "./entry.ts";

const SERVE_OTHERWISE =
  "Serve it with range support (nginx, Apache, S3, Azure Blob have it), or audit a copy on this host.";

/** Images that are read from a web server. */
export const REMOTE_CODES = {
  REMOTE_URL: usage(
    "a URL cannot be taken for that of an image",
    "Credentials go into a file for --header-file or into VMGUEST_HTTP_AUTHORIZATION, never into the URL.",
  ),
  REMOTE_SCHEME: usage(
    "a URL is neither https, nor http on this host",
    "Use https: over http anybody on the way could change what the audit sees.",
  ),
  REMOTE_HEADERS: usage(
    "the headers for web servers are not written as they have to be",
    "Write one `Name: value` a line, and `[https://host]` above those for one server only.",
  ),
  REMOTE_NO_RANGES: unsupported(
    "the server sends the whole object where a part is asked for",
    SERVE_OTHERWISE,
  ),
  REMOTE_NO_VERSION: unsupported(
    "the server gives an object neither ETag nor Last-Modified, so that a change of it would not be seen",
    SERVE_OTHERWISE,
  ),
  REMOTE_RANGE_WRONG: io(
    "the server sent something else than the part that was asked for",
    "Look at what stands between: a proxy may rewrite ranges or compress answers.",
  ),
  REMOTE_PROTOCOL: io("what the server sent is no HTTP", "Check host and port of the URL."),
  REMOTE_CHANGED: io(
    "the object on the server changed while it was being read",
    "Run the command again when nothing writes to it any more.",
  ),
  REMOTE_STALLED: io(
    "the server did not answer in time",
    "Try again, or with less at once: fewer --jobs ask less of a server.",
  ),
  REMOTE_UNREACHABLE: io(
    "no connection to the server could be made or kept",
    "Check name, port, network and, where there is one, the proxy (HTTPS_PROXY, NO_PROXY).",
  ),
  REMOTE_TLS: io(
    "the server could not prove who it is",
    "Check the certificate; NODE_EXTRA_CA_CERTS names a file of further authorities to be trusted.",
  ),
  REMOTE_UNAUTHORIZED: io(
    "the server asks for credentials (401)",
    "Give credentials in a file for --header-file or in VMGUEST_HTTP_AUTHORIZATION.",
  ),
  REMOTE_FORBIDDEN: io(
    "the server does not allow the object to be read (403)",
    "A presigned URL may have run out: make a new one. Else check what the credentials allow.",
  ),
  REMOTE_NOT_FOUND: io("the server has no such object (404, 410)", "Check the URL."),
  REMOTE_STATUS: io("the server answered with an error", "Try again later, or look at the server's own log."),
  REMOTE_REDIRECT: io(
    "the server sends on to where no image is read from",
    "Name the URL at which the image really is.",
  ),
  REMOTE_PARENT: unsupported(
    "the parent of a differencing disk on a server cannot be looked for there",
    "Copy the parents into a folder and name it with --parent-root.",
  ),
} as const satisfies Record<string, CodeEntry>;
