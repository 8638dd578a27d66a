import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VmguestError } from "../../../src/errors.ts";
import {
  MAX_XML_ATTRIBUTE_COUNT,
  MAX_XML_DEPTH,
  MAX_XML_ELEMENT_COUNT,
  MAX_XML_SIZE_BYTES,
  parseXml,
  type XmlElement,
} from "../../../src/package/mum/xml.ts";
import { elementXml, encodeXml, escapeXml, LAB_ENCODINGS } from "../../lab/mum.ts";

const parse = (text: string) => parseXml(encodeXml(text));
const code = (code: string, message = "") =>
  expect.objectContaining({ code, message: expect.stringContaining(message) });

describe("parseXml", () => {
  test("gives names, namespaces, attributes, children and text", () => {
    const root = parse('<a xmlns="urn:x" one="1" p:two="2" xmlns:p="urn:p">t<p:b/>e<![CDATA[<x>&]]>x</a>');
    expect(root).toEqual({
      name: "a",
      namespace: "urn:x",
      attributes: new Map([
        ["one", "1"],
        ["{urn:p}two", "2"],
      ]),
      children: [{ name: "b", namespace: "urn:p", attributes: new Map(), children: [], text: "" }],
      text: "te<x>&x",
    });
  });

  test.each(LAB_ENCODINGS)("reads %s", (encoding) => {
    expect(parseXml(encodeXml("<a b='ü€😀'>ü€😀</a>", encoding))).toMatchObject({ name: "a", text: "ü€😀" });
    expect(parseXml(encodeXml("<?xml version='1.0'?><a/>", encoding)).name).toBe("a");
  });

  test.each(["UTF-8", "utf8", "utf-16", "US-ASCII"])("takes bytes of UTF-8 declared as %s", (encoding) => {
    expect(parse(`<?xml version="1.0" encoding="${encoding}"?><a/>`).name).toBe("a");
  });

  test("tells elements apart by namespace, whatever the prefix", () => {
    const [first, second, third] = parse(
      '<r xmlns:a="urn:1" xmlns:b="urn:1" xmlns:c="urn:2"><a:e/><b:e/><c:e><d xmlns=""/></c:e></r>',
    ).children;
    expect([first?.namespace, second?.namespace, third?.namespace]).toEqual(["urn:1", "urn:1", "urn:2"]);
    expect(third?.children).toMatchObject([{ name: "d", namespace: "" }]);
  });

  test("knows the entities of XML and characters by number", () => {
    expect(parse('<a b="&lt;&gt;&amp;&quot;&apos;">&#65;&#x1F600;</a>')).toMatchObject({
      text: "A😀",
      attributes: new Map([["b", "<>&\"'"]]),
    });
  });

  test("makes one line end of all, and leaves out comments and instructions", () => {
    expect(parse("<?xml version='1.0'?>\r\n<!-- <b> --><a>1\r\n2\r3<?p x?><!--\r\n--></a>\r\n").text).toBe(
      "1\n2\n3",
    );
  });

  test.each(["__proto__", "constructor", "prototype", "hasOwnProperty", "toString", "_", "cdata"])(
    "has no trouble with the name %s",
    (name) => {
      const root = parse(`<r><${name} ${name}="1" x="2">text<${name}/></${name}></r>`);
      const [element] = root.children;
      expect(element).toMatchObject({ name, text: "text", children: [{ name }] });
      expect([...(element?.attributes ?? [])]).toEqual([
        [name, "1"],
        ["x", "2"],
      ]);
      expect(Object.hasOwn(Object.prototype, "x")).toBe(false);
      expect(({} as Record<string, unknown>)["1"]).toBeUndefined();
    },
  );

  test("reads back whatever tree is written", () => {
    const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,8}$/).filter((name) => !/^xml/i.test(name));
    const text = fc.string({ unit: "grapheme", maxLength: 12 }).map((text) => text.replaceAll(FORBIDDEN, ""));
    const element: fc.Memo<Written> = fc.memo((depth) =>
      fc.record({
        name,
        attributes: fc.dictionary(name, text, { maxKeys: 4, noNullPrototype: true }),
        text,
        children: depth <= 1 ? fc.constant([]) : fc.array(element(depth - 1), { maxLength: 3 }),
      }),
    );
    fc.assert(
      fc.property(element(4), fc.constantFrom(...LAB_ENCODINGS), (tree, encoding) => {
        expect(parseXml(encodeXml(write(tree), encoding))).toEqual(expected(tree));
      }),
    );
  });
});

/** What no XML may have, and what its writers may have trouble with: characters that are no text. */
const FORBIDDEN = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

interface Written {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
  readonly children: readonly Written[];
}

const write = ({ name, attributes, text, children }: Written): string =>
  elementXml(name, attributes, `${escapeXml(text)}${children.map(write).join("")}`);

const expected = ({ name, attributes, text, children }: Written): XmlElement => ({
  name,
  namespace: "",
  attributes: new Map(Object.entries(attributes)),
  children: children.map(expected),
  text,
});

describe("XML that is not to be trusted", () => {
  const LAUGHS = `<?xml version="1.0"?>
    <!DOCTYPE lolz [<!ENTITY lol "lol">${Array.from({ length: 9 }, (_, index) => `<!ENTITY lol${index + 1} "${`&lol${index === 0 ? "" : index};`.repeat(10)}">`).join("")}]>
    <lolz>&lol9;</lolz>`;

  test.each([
    { what: "a billion laughs", text: LAUGHS },
    { what: "an external entity", text: '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>' },
    { what: "an external DTD", text: '<!DOCTYPE a SYSTEM "http://example.invalid/a.dtd"><a/>' },
    { what: "a public DTD in small letters", text: '<!doctype html PUBLIC "-//W3C//DTD" "x"><a/>' },
    { what: "a declaration without a DTD", text: "<a><!ENTITY e></a>" },
    { what: "a notation", text: "<a><!NOTATION n></a>" },
  ])("is XML_DECLARATIONS with $what", ({ text }) => {
    expect(() => parse(text)).toThrow(code("XML_DECLARATIONS"));
  });

  test.each([
    { what: "nothing", text: "", message: "no element" },
    { what: "white space", text: " \n", message: "no element" },
    { what: "text alone", text: "hello", message: "Non-whitespace" },
    { what: "an element that does not end", text: "<a><b></b>", message: "Unclosed" },
    { what: "a tag that does not end", text: "<a", message: "Unexpected end" },
    { what: "an end tag of another", text: "<a><b></a></b>", message: "Unexpected close tag" },
    { what: "an end tag too many", text: "<a></a></a>", message: "Unmatched closing tag" },
    { what: "a second root", text: "<a/><b/>", message: "after the root" },
    { what: "text after the root", text: "<a/>x", message: "outside of root" },
    { what: "CDATA after the root", text: "<a/><![CDATA[x]]>", message: "outside of the root" },
    { what: "an attribute twice", text: "<a b='1' b='2'/>", message: "b is there twice" },
    {
      what: "__proto__ twice",
      text: "<a __proto__='1' __proto__='2'/>",
      message: "__proto__ is there twice",
    },
    {
      what: "an attribute twice by two prefixes",
      text: "<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>",
      message: "q:b is there twice",
    },
    {
      what: "a declared prefix twice",
      text: "<a xmlns:p='u' xmlns:p='v'/>",
      message: "xmlns:p is there twice",
    },
    { what: "a declaration with quotes and no DTD", text: '<a><!ENTITY e "x"></a>', message: "Unclosed" },
    { what: "an attribute without value", text: "<a b>", message: "without value" },
    { what: "an attribute without value at the end", text: "<a b/>", message: "Invalid attribute name" },
    { what: "an attribute without quotes", text: "<a b=1/>", message: "Unquoted" },
    { what: "attributes without space", text: "<a b='1'c='2'/>", message: "No whitespace" },
    { what: "an entity of HTML", text: "<a>&nbsp;</a>", message: "Invalid character entity" },
    { what: "an entity nobody declared", text: "<a b='&e;'/>", message: "Invalid character entity" },
    {
      what: "an entity named as a property",
      text: "<a>&constructor;</a>",
      message: "Invalid character entity",
    },
    { what: "a number of no character", text: "<a>&#0;</a>", message: "Invalid character entity" },
    { what: "a number beyond Unicode", text: "<a>&#x110000;</a>", message: "Invalid character entity" },
    { what: "a lone surrogate by number", text: "<a>&#xD800;</a>", message: "Invalid character entity" },
    { what: "a bare ampersand", text: "<a>fish & chips</a>", message: "Invalid character in entity" },
    { what: "a prefix nobody declared", text: "<p:a/>", message: "Unbound namespace prefix" },
    { what: "a prefix named as a property", text: "<constructor:a/>", message: "stands for nothing" },
    { what: "such a prefix of an attribute", text: "<a toString:b='1'/>", message: "stands for nothing" },
    {
      what: "__proto__ as a prefix",
      text: "<__proto__:a xmlns:__proto__='u'/>",
      message: "stands for nothing",
    },
    { what: "two colons in a name", text: "<a:b:c xmlns:a='u'/>", message: "a:b:c is not a name" },
    { what: "a colon at the end of a name", text: "<a xmlns:p='u'><p:/></a>", message: "p: is not a name" },
    { what: "a NUL", text: "<a>\0</a>", message: "character 0x0" },
    { what: "NULs after the root", text: "<a/>\0\0", message: "character 0x0" },
    { what: "a control character", text: "<a b='\u0001'/>", message: "character 0x1" },
  ])("is XML_MALFORMED with $what", ({ text, message }) => {
    expect(() => parse(text)).toThrow(code("XML_MALFORMED", message));
  });

  test("says where the fault is", () => {
    expect(() => parse("<a>\n  <b c='1'\n     c='2'/></a>")).toThrow(
      code("XML_MALFORMED", "line 3, column 12"),
    );
  });

  test.each([
    { what: "bytes that are not UTF-8", bytes: Uint8Array.of(0x3c, 0x61, 0xff, 0x2f, 0x3e) },
    { what: "UTF-16 of an odd size", bytes: Uint8Array.of(0xff, 0xfe, 0x3c) },
    { what: "a lone surrogate in UTF-16", bytes: encodeXml("<a>\ud800</a>", "utf-16le with BOM") },
    { what: "Latin-1 by declaration", bytes: encodeXml('<?xml version="1.0" encoding="iso-8859-1"?><a/>') },
    { what: "UTF-32", bytes: new Uint8Array(Buffer.from("<\0\0\0a\0\0\0/\0\0\0>\0\0", "latin1")) },
  ])("is XML_ENCODING with $what", ({ bytes }) => {
    expect(() => parseXml(bytes)).toThrow(code("XML_ENCODING"));
  });

  const nested = (depth: number) => `${"<a>".repeat(depth)}${"</a>".repeat(depth)}`;

  test.each([
    { what: "a file of more than 4 MiB", text: `<a>${" ".repeat(MAX_XML_SIZE_BYTES)}</a>`, message: "bytes" },
    { what: "one level too many", text: nested(MAX_XML_DEPTH + 1), message: "64 deep" },
    { what: "a hundred thousand levels", text: nested(100_000), message: "64 deep" },
    {
      what: "a hundred thousand levels that never end",
      text: "<a>".repeat(100_000),
      message: "64 deep",
    },
    {
      what: "too many elements",
      text: `<a>${"<b/>".repeat(MAX_XML_ELEMENT_COUNT)}</a>`,
      message: "100000 elements",
    },
    {
      what: "too many attributes",
      text: `<a ${Array.from({ length: MAX_XML_ATTRIBUTE_COUNT + 1 }, (_, index) => `a${index}=""`).join(" ")}/>`,
      message: "256 attributes",
    },
    {
      what: "too many prefixes",
      text: `<a ${Array.from({ length: MAX_XML_ATTRIBUTE_COUNT + 1 }, (_, index) => `xmlns:a${index}="u"`).join(" ")}/>`,
      message: "256 attributes",
    },
  ])("is LIMIT_EXCEEDED with $what", ({ text, message }) => {
    expect(() => parse(text)).toThrow(code("LIMIT_EXCEEDED", message));
  });

  test("may be as deep and as large as the limits say", () => {
    expect(parse(nested(MAX_XML_DEPTH)).name).toBe("a");
    const size = MAX_XML_SIZE_BYTES - "<a></a>".length;
    expect(parse(`<a>${"x".repeat(size)}</a>`).text).toHaveLength(size);
  });

  test("is a tree or a typed error, whatever the bytes", () => {
    const pieces = [
      "<",
      ">",
      "/",
      "a",
      "b:",
      "=",
      '"',
      "'",
      "&",
      ";",
      "#x",
      "!",
      "[",
      "]",
      "--",
      "CDATA",
      "?xml",
      " ",
    ];
    const piece = fc.constantFrom(...pieces, "<a>", "</a>", "<b c='d'>", "xmlns", "DOCTYPE", "\ufeff", "ü");
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 40 }),
        fc.constantFrom(...LAB_ENCODINGS),
        (parts, encoding) => {
          try {
            expect(parseXml(encodeXml(parts.join(""), encoding))).toHaveProperty("attributes");
          } catch (error) {
            expect(error).toBeInstanceOf(VmguestError);
            expect((error as VmguestError).code).toMatch(/^XML_/);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  test("leaves nothing behind that is thrown later", async () => {
    const late: unknown[] = [];
    const listen = (error: unknown) => late.push(error);
    process.on("uncaughtException", listen).on("unhandledRejection", listen);
    for (const text of ["<a", "<a><b></a>", LAUGHS, nested(1000)])
      expect(() => parse(text)).toThrow(VmguestError);
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    process.off("uncaughtException", listen).off("unhandledRejection", listen);
    expect(late).toEqual([]);
  });
});
