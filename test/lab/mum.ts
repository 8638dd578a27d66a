import { encodeUtf16 } from "../../src/bytes/index.ts";

/** Attributes of an identity that differ from those of a Microsoft component. */
export type LabIdentity = Readonly<Record<string, string | undefined>>;

const IDENTITY = {
  name: "Microsoft-Hyper-V-Integration-Services-Package",
  version: "6.3.9600.19456",
  processorArchitecture: "amd64",
  language: "neutral",
  publicKeyToken: "31bf3856ad364e35",
};

/** `<assemblyIdentity .../>`; an attribute that is undefined is left out. */
export function identityXml(identity: LabIdentity = {}): string {
  return elementXml("assemblyIdentity", { ...IDENTITY, ...identity });
}

/** An element with these attributes, in order, and this content. */
export function elementXml(
  name: string,
  attributes: Readonly<Record<string, string | undefined>>,
  content = "",
): string {
  const pairs = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escapeXml(value ?? "")}"`);
  return content === "" ? `<${name}${pairs.join("")}/>` : `<${name}${pairs.join("")}>${content}</${name}>`;
}

/** An assembly manifest with this content. */
export function assemblyXml(content: string, attributes: Readonly<Record<string, string>> = {}): string {
  const declared = { xmlns: "urn:schemas-microsoft-com:asm.v3", manifestVersion: "1.0", ...attributes };
  return `<?xml version="1.0" encoding="utf-8"?>\n${elementXml("assembly", declared, content)}\n`;
}

/** A digest as component manifests state it, one `hash` element. */
export function hashXml(
  method: string,
  value: string,
  transform = "urn:schemas-microsoft-com:HashTransforms.Identity",
) {
  const namespaces = {
    "xmlns:asmv2": "urn:schemas-microsoft-com:asm.v2",
    "xmlns:dsig": "http://www.w3.org/2000/09/xmldsig#",
  };
  const transforms = elementXml(
    "dsig:Transforms",
    {},
    elementXml("dsig:Transform", { Algorithm: transform }),
  );
  const algorithm = elementXml("dsig:DigestMethod", { Algorithm: method });
  return elementXml(
    "asmv2:hash",
    namespaces,
    `${transforms}${algorithm}<dsig:DigestValue>${value}</dsig:DigestValue>`,
  );
}

export type LabEncoding =
  | "utf-8"
  | "utf-8 with BOM"
  | "utf-16le"
  | "utf-16le with BOM"
  | "utf-16be"
  | "utf-16be with BOM";

export const LAB_ENCODINGS: readonly LabEncoding[] = [
  "utf-8",
  "utf-8 with BOM",
  "utf-16le",
  "utf-16le with BOM",
  "utf-16be",
  "utf-16be with BOM",
];

/** The bytes of a text. */
export function encodeXml(text: string, encoding: LabEncoding = "utf-8"): Uint8Array {
  const marked = encoding.endsWith("with BOM") ? `\ufeff${text}` : text;
  if (encoding.startsWith("utf-8")) return new TextEncoder().encode(marked);
  const bytes = encodeUtf16(marked);
  return encoding.startsWith("utf-16le") ? bytes : new Uint8Array(Buffer.from(bytes).swap16());
}

export function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("\t", "&#9;")
    .replaceAll("\n", "&#10;")
    .replaceAll("\r", "&#13;");
}
