// SPDX-License-Identifier: MIT
import { locate, VmguestError } from "../../errors.ts";
import { isLoopback } from "./image-url.ts";

/** A header that goes with requests, a credential most often. */
export interface HeaderRule {
  /** The only server that gets it, as `URL.origin`; undefined for every server that an image is named on. */
  readonly origin: string | undefined;
  /** In lower case. */
  readonly name: string;
  readonly value: string;
}

/** What a request is made of is not for users to say: it would undo the checks of the answers. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  "accept-encoding",
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-authorization",
  "range",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Characters of a header's name (RFC 9110, section 5.1), and of a value: nothing that could end the line. */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Nobody needs more, and a server would refuse them. */
const RULE_COUNT_MAX = 1000;

/**
 * Headers as a file for `--header-file` has them: `Name: value` lines, for all servers until a line `[https://host]`
 * says for which one. Empty lines and those that begin with `#` count for nothing.
 *
 * Throws REMOTE_HEADERS, which names the line but does not quote it: it may be a secret.
 */
export function parseHeaderFile(text: string): HeaderRule[] {
  const rules: HeaderRule[] = [];
  let origin: string | undefined;
  for (const [index, whole] of text.split(/\r?\n/).entries()) {
    const line = whole.trim();
    if (line === "" || line.startsWith("#")) continue;
    const section = /^\[(.*)\]$/.exec(line)?.[1];
    if (section === undefined) rules.push(parseLine(line, origin, index + 1));
    else origin = parseOrigin(section, index + 1);
    if (rules.length > RULE_COUNT_MAX)
      throw wrong(index + 1, `there are more than ${RULE_COUNT_MAX} headers`);
  }
  return rules;
}

/**
 * The headers that the environment gives: VMGUEST_HTTP_HEADERS has the text of a header file, and
 * VMGUEST_HTTP_AUTHORIZATION the value of the header Authorization for all servers. Throws REMOTE_HEADERS, which names the
 * variable.
 */
export function headersOfEnvironment(env: Readonly<Record<string, string | undefined>>): HeaderRule[] {
  const authorization = env["VMGUEST_HTTP_AUTHORIZATION"];
  const text = env["VMGUEST_HTTP_HEADERS"];
  const from = (variable: string, parse: () => HeaderRule[]) => locate({ image: variable }, parse);
  return [
    ...(text === undefined ? [] : from("VMGUEST_HTTP_HEADERS", () => parseHeaderFile(text))),
    ...(authorization === undefined
      ? []
      : from("VMGUEST_HTTP_AUTHORIZATION", () => [
          parseLine(`authorization: ${authorization}`, undefined, 1),
        ])),
  ];
}

/** The headers for a request to `url`: those for its server over those for all, later ones over earlier ones. */
export function headersFor(rules: readonly HeaderRule[], url: URL): Record<string, string> {
  const headers: Record<string, string> = {};
  // What is secret stays on this host or goes encrypted.
  if (url.protocol !== "https:" && !isLoopback(url)) return headers;
  const general = rules.filter(({ origin }) => origin === undefined);
  const special = rules.filter(({ origin }) => origin === url.origin);
  for (const { name, value } of [...general, ...special]) headers[name] = value;
  return headers;
}

function parseLine(line: string, origin: string | undefined, number: number): HeaderRule {
  const colon = line.indexOf(":");
  const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
  const value = line.slice(colon + 1).trim();
  if (!NAME.test(name)) throw wrong(number, "there is no name of a header before a colon");
  if (!VALUE.test(value))
    throw wrong(number, `the value of "${name}" has characters that no header may have`);
  if (OWN_HEADERS.has(name) || name.startsWith("if-"))
    throw wrong(number, `"${name}" is not for users to set`);
  return { origin, name, value };
}

function parseOrigin(text: string, number: number): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isWhole = url !== undefined && `${url.origin}/` === url.href;
  if (isWhole && (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url))))
    return url.origin;
  throw wrong(number, "a section is named by scheme and host alone, [https://host]");
}

function wrong(line: number, message: string): VmguestError {
  return new VmguestError("REMOTE_HEADERS", `line ${line}: ${message}`);
}
