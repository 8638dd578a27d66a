// SPDX-License-Identifier: MIT
import { Parser } from "xml2js";
import { VmguestError } from "../../errors.ts";
import { decodeXml } from "./xml-text.ts";

/** One element of an XML file. Names are without prefixes: what a prefix stands for is in the namespace. */
export interface XmlElement {
  readonly name: string;
  /** URI of the namespace, or the empty string. */
  readonly namespace: string;
  /** Attributes by name; those with a prefix of their own by `{namespace}name`. Declarations of prefixes are left out. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Elements directly below this one, in order. */
  readonly children: readonly XmlElement[];
  /** Text directly inside this element, CDATA included and white space as it stands. */
  readonly text: string;
}

/** The largest manifest of an update has some hundred kilobytes. */
export const MAX_XML_SIZE_BYTES = 4 * 1024 * 1024;
/** Manifests nest about ten deep; readers may recurse this far. */
export const MAX_XML_DEPTH = 64;
/** Ten times what the largest manifest has; bounds the memory that four megabytes of `<a/>` would take. */
export const MAX_XML_ELEMENT_COUNT = 100_000;
/** A manifest has some ten attributes in an element. */
export const MAX_XML_ATTRIBUTE_COUNT = 256;

interface OpenElement extends XmlElement {
  readonly attributes: Map<string, string>;
  readonly children: XmlElement[];
  text: string;
}

/** A name as sax splits it. `uri` comes out of an object with a prototype, so it may be anything. */
interface SaxName {
  readonly name: string;
  readonly prefix: string;
  readonly local: string;
  readonly uri: unknown;
}

/** The parser inside xml2js (sax): it calls these as it goes, and what they throw ends it. */
interface SaxParser {
  readonly line: number;
  readonly column: number;
  ENTITIES: Readonly<Record<string, string>>;
  /** Attributes of the start tag that is being read; they are told of when it ends. */
  attribList: unknown[];
  onopentagstart: () => void;
  onattribute: (attribute: SaxName & { readonly value: string }) => void;
  onopentag: (element: SaxName) => void;
  onclosetag: () => void;
  ontext: (text: string) => void;
  oncdata: (text: string) => void;
  ondoctype: () => void;
  onsgmldeclaration: () => void;
  onerror: (error: Error) => void;
  onend: () => void;
  write(text: string): SaxParser;
  close(): void;
}

/** The entities of XML itself; xml2js would take the two hundred of HTML as well. */
const XML_ENTITIES: Readonly<Record<string, string>> = Object.assign(Object.create(null), {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
});

/**
 * Parses an XML file, which may be hostile, into a tree of our own.
 *
 * xml2js would build objects whose keys the file chooses, and would drop repeated attributes and `__proto__`. So only
 * the parser inside it is used, and {@link TreeBuilder} listens to that: names become map keys and never properties,
 * limits apply while the file is read, and the first fault ends it. Document types and declarations are refused, so
 * there is nothing that could be expanded or fetched.
 *
 * Throws XML_ENCODING, XML_MALFORMED, XML_DECLARATIONS or LIMIT_EXCEEDED.
 */
export function parseXml(bytes: Uint8Array): XmlElement {
  if (bytes.length > MAX_XML_SIZE_BYTES) {
    throw limit(`the file has ${bytes.length} bytes, more than ${MAX_XML_SIZE_BYTES}`);
  }
  const text = decodeXml(bytes);
  const parser = createSaxParser();
  const builder = new TreeBuilder(parser);
  // Without an `async` option this runs to the end or to the first error, and leaves nothing for later.
  parser.write(text).close();
  return builder.root;
}

function createSaxParser(): SaxParser {
  // The types of xml2js leave out the parser that it is made of.
  const { saxParser } = new Parser({ strict: true, xmlns: true }) as unknown as { saxParser: SaxParser };
  saxParser.ENTITIES = XML_ENTITIES;
  saxParser.attribList = new AttributeList();
  return saxParser;
}

/**
 * Attributes and declarations of one start tag, no more than may be. sax tells of them when the tag ends, and goes through
 * all before each: a tag of megabytes would take minutes.
 */
class AttributeList extends Array<unknown> {
  override push(...items: unknown[]): number {
    if (this.length >= 2 * MAX_XML_ATTRIBUTE_COUNT) throw tooManyAttributes();
    return super.push(...items);
  }
}

/** Takes over all events of a parser and builds the tree from them. */
class TreeBuilder {
  readonly #parser: SaxParser;
  readonly #open: OpenElement[] = [];
  #root: OpenElement | undefined;
  #elementCount = 0;
  /** Of the element whose start tag is being read. */
  #attributes = new Map<string, string>();
  #declarations = new Set<string>();

  constructor(parser: SaxParser) {
    this.#parser = parser;
    parser.onopentagstart = () => this.#beginElement();
    parser.onattribute = (attribute) => this.#addAttribute(attribute);
    parser.onopentag = (name) => this.#openElement(name);
    parser.onclosetag = () => void this.#open.pop();
    parser.ontext = (text) => this.#addText(text);
    parser.oncdata = (text) => this.#addText(text);
    parser.ondoctype = () => this.#refuseDeclaration();
    parser.onsgmldeclaration = () => this.#refuseDeclaration();
    parser.onerror = (error) => {
      throw this.#malformed(error.message.replace(/\n.*/s, ""));
    };
    parser.onend = () => undefined;
  }

  get root(): XmlElement {
    if (this.#root === undefined) throw this.#malformed("there is no element");
    return this.#root;
  }

  #beginElement(): void {
    if (this.#root !== undefined && this.#open.length === 0) {
      throw this.#malformed("there is an element after the root");
    }
    if (this.#open.length >= MAX_XML_DEPTH) throw limit(`elements nest more than ${MAX_XML_DEPTH} deep`);
    this.#elementCount += 1;
    if (this.#elementCount > MAX_XML_ELEMENT_COUNT)
      throw limit(`more than ${MAX_XML_ELEMENT_COUNT} elements`);
    this.#attributes = new Map();
    this.#declarations = new Set();
  }

  #addAttribute(attribute: SaxName & { readonly value: string }): void {
    const { name, local, value } = attribute;
    const isDeclaration = name === "xmlns" || name.startsWith("xmlns:");
    const namespace = isDeclaration ? "" : this.#namespaceOf(attribute);
    const key = isDeclaration ? name : namespace === "" ? local : `{${namespace}}${local}`;
    const known = isDeclaration ? this.#declarations : this.#attributes;
    if (known.has(key)) throw this.#malformed(`attribute ${name} is there twice`);
    if (known.size >= MAX_XML_ATTRIBUTE_COUNT) throw tooManyAttributes();
    if (isDeclaration) this.#declarations.add(key);
    else this.#attributes.set(key, value);
  }

  #openElement(name: SaxName): void {
    const namespace = this.#namespaceOf(name);
    const element = { name: name.local, namespace, attributes: this.#attributes, children: [], text: "" };
    this.#open.at(-1)?.children.push(element);
    this.#root ??= element;
    this.#open.push(element);
  }

  #namespaceOf({ name, prefix, local, uri }: SaxName): string {
    // sax takes `a:b:c` for `a:b`, and finds prefixes such as `constructor` in the prototype of its table.
    if (local === "" || name !== (prefix === "" ? local : `${prefix}:${local}`)) {
      throw this.#malformed(`${name} is not a name`);
    }
    if (typeof uri !== "string") throw this.#malformed(`prefix ${prefix} stands for nothing`);
    return uri;
  }

  #addText(text: string): void {
    const element = this.#open.at(-1);
    if (element !== undefined) element.text += text;
    else if (text.trim() !== "") throw this.#malformed("there is text outside of the root element");
  }

  #refuseDeclaration(): never {
    const message = `a declaration ends at ${this.#place()}`;
    throw new VmguestError("XML_DECLARATIONS", message, { structure: "XML" });
  }

  #malformed(message: string): VmguestError {
    return new VmguestError("XML_MALFORMED", `${message} (${this.#place()})`, { structure: "XML" });
  }

  #place(): string {
    return `line ${this.#parser.line + 1}, column ${this.#parser.column}`;
  }
}

function tooManyAttributes(): VmguestError {
  return limit(`an element has more than ${MAX_XML_ATTRIBUTE_COUNT} attributes`);
}

function limit(message: string): VmguestError {
  return new VmguestError("LIMIT_EXCEEDED", message, { structure: "XML" });
}
