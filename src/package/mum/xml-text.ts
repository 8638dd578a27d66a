// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";

type Encoding = "utf-8" | "utf-16le" | "utf-16be";

interface Opening {
  readonly encoding: Encoding;
  readonly bytes: readonly number[];
}

/** Byte order marks, then what `<?` or `<a` looks like without one (XML 1.0, appendix F). */
const OPENINGS: readonly Opening[] = [
  { encoding: "utf-8", bytes: [0xef, 0xbb, 0xbf] },
  { encoding: "utf-16le", bytes: [0xff, 0xfe] },
  { encoding: "utf-16be", bytes: [0xfe, 0xff] },
  { encoding: "utf-16le", bytes: [0x3c, 0x00] },
  { encoding: "utf-16be", bytes: [0x00, 0x3c] },
];

/** What a declaration may say; it is the bytes that decide among them. */
const DECLARED = /^(utf-?8|utf-?16(le|be)?|us-ascii|ucs-2|unicode)$/i;
const DECLARATION = /^<\?xml\s[^>]{0,200}?\bencoding\s{0,8}=\s{0,8}["']([^"'>]{0,40})["']/;

/** Characters that no XML 1.0 document may have (production 2, `Char`); lone surrogates do not come out of a decoder. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

/**
 * The text of an XML file: UTF-8 or UTF-16 of either order, with a byte order mark or without, its line ends made one
 * (XML 1.0, 2.11). Throws XML_ENCODING where the bytes are not what they claim, XML_MALFORMED for characters that XML
 * does not have.
 */
export function decodeXml(bytes: Uint8Array): string {
  const encoding = OPENINGS.find((opening) =>
    opening.bytes.every((byte, at) => bytes[at] === byte),
  )?.encoding;
  const text = decode(bytes, encoding ?? "utf-8");
  const declared = DECLARATION.exec(text)?.[1];
  if (declared !== undefined && !DECLARED.test(declared)) {
    throw new VmguestError("XML_ENCODING", `the encoding is declared as ${JSON.stringify(declared)}`, {
      structure: "XML declaration",
    });
  }
  const forbidden = FORBIDDEN.exec(text);
  if (forbidden !== null) {
    const unit = text.charCodeAt(forbidden.index).toString(16);
    throw new VmguestError("XML_MALFORMED", `character 0x${unit} is not allowed`, { structure: "XML" });
  }
  return text.includes("\r") ? text.replaceAll(/\r\n?/g, "\n") : text;
}

function decode(bytes: Uint8Array, encoding: Encoding): string {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new VmguestError("XML_ENCODING", `the bytes are not ${encoding.toUpperCase()}`, {}, { cause });
  }
}
