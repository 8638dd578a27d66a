import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { readComponentManifest } from "../../../src/package/index.ts";
import { assemblyXml, elementXml, encodeXml, hashXml, identityXml } from "../../lab/mum.ts";

const read = (text: string) => readComponentManifest(encodeXml(text));
const code = (code: string, message = "") =>
  expect.objectContaining({ code, message: expect.stringContaining(message) });

const XMLDSIG = "http://www.w3.org/2000/09/xmldsig#";
const digest = (algorithm: string) => createHash(algorithm).update("vmbus").digest();
const hash = (algorithm: string) => hashXml(`${XMLDSIG}${algorithm}`, digest(algorithm).toString("base64"));
const fileXml = (content: string) => elementXml("file", { name: "vmbus.sys" }, content);
const fileOf = (content: string) => read(assemblyXml(identityXml() + fileXml(content))).files[0];

describe("readComponentManifest", () => {
  test("reads a driver, its files and their digests", () => {
    const attributes = {
      name: "VMBus.sys",
      sourceName: "vmbus.sys",
      importPath: "$(build.nttree)\\",
      destinationPath: "$(runtime.drivers)\\",
    };
    const driver = identityXml({ name: "wvmbus.inf", type: "driverUpdate" });
    const files = elementXml("file", attributes, `<infFile/>${hash("sha256")}`);
    const sha256 = { algorithm: "sha256", digest: digest("sha256").toString("hex") };
    expect(read(assemblyXml(`${driver}${files}<deployment/>`))).toMatchObject({
      identity: { name: "wvmbus.inf" },
      isDriver: true,
      isDeployment: true,
      files: [{ ...attributes, ...sha256, digests: [sha256] }],
      dependencies: [],
    });
  });

  test("reads a component without files that leads to others", () => {
    const dependency = (name: string) =>
      elementXml(
        "dependency",
        { discoverable: "no" },
        elementXml("dependentAssembly", { dependencyType: "install" }, identityXml({ name, language: "*" })),
      );
    expect(read(assemblyXml(identityXml() + dependency("A") + dependency("B")))).toMatchObject({
      isDriver: false,
      isDeployment: false,
      files: [],
      dependencies: [{ name: "A", language: "*" }, { name: "B" }],
    });
  });

  test.each(["sha1", "sha256", "sha384", "sha512"])("gives digests of %s in hexadecimal", (algorithm) => {
    expect(fileOf(hash(algorithm))).toMatchObject({ algorithm, digest: digest(algorithm).toString("hex") });
  });

  test("knows an algorithm by the end of its URI, and a value with white space around it", () => {
    const value = `\n  ${digest("sha256").toString("base64")}\n`;
    expect(fileOf(hashXml("http://www.w3.org/2001/04/xmlenc#sha256", value))?.algorithm).toBe("sha256");
  });

  test.each([
    { stated: ["sha1", "sha256"], algorithm: "sha256" },
    { stated: ["sha512", "sha1"], algorithm: "sha512" },
    { stated: ["sha1", "md5"], algorithm: "sha1" },
  ])("takes the strongest of $stated, and gives all", ({ stated, algorithm }) => {
    const file = fileOf(
      stated.map((name) => (name === "md5" ? hashXml("urn:md5", "AAAA") : hash(name))).join(""),
    );
    expect(file).toMatchObject({ algorithm, digest: digest(algorithm).toString("hex") });
    expect(file?.digests).toHaveLength(2);
  });

  test.each([
    { what: "without a digest", content: "<infFile/>", algorithm: "none" },
    { what: "with an unknown algorithm", content: hashXml("urn:crc32", "AAAAAA=="), algorithm: "urn:crc32" },
    {
      what: "whose digest is over something else",
      content: hashXml(`${XMLDSIG}sha1`, digest("sha1").toString("base64"), "urn:other"),
      algorithm: "sha1",
    },
  ])("has no digest to compare for a file $what", ({ content, algorithm }) => {
    expect(fileOf(content)).toMatchObject({ algorithm, digest: null });
  });
});

describe("a damaged component manifest", () => {
  const base64 = digest("sha256").toString("base64");

  test.each([
    { what: "a digest cut short", content: hashXml(`${XMLDSIG}sha256`, base64.slice(0, 40)) },
    { what: "one of another algorithm", content: hashXml(`${XMLDSIG}sha1`, base64) },
    { what: "one without padding", content: hashXml(`${XMLDSIG}sha256`, base64.replace("=", "")) },
    {
      what: "one that is hexadecimal",
      content: hashXml(`${XMLDSIG}sha256`, digest("sha256").toString("hex")),
    },
    { what: "letters that are no base64", content: hashXml(`${XMLDSIG}sha256`, base64.replace(/^./, "*")) },
    { what: "an empty value", content: hashXml(`${XMLDSIG}sha256`, "") },
    { what: "no value", content: hash("sha256").replace(/<dsig:DigestValue>.*<\/dsig:DigestValue>/, "") },
    { what: "no method", content: hash("sha256").replace(/<dsig:DigestMethod[^>]*>/, "") },
  ])("is MANIFEST_DIGEST with $what", ({ content }) => {
    expect(() => fileOf(content)).toThrow(code("MANIFEST_DIGEST", "vmbus.sys"));
  });

  test.each([
    { what: "a package", text: assemblyXml(`${identityXml()}<package/>`), error: "MANIFEST_NOT" },
    { what: "a file without name", text: assemblyXml(`${identityXml()}<file/>`), error: "MANIFEST_NOT" },
    { what: "another root", text: "<a/>", error: "MANIFEST_NOT" },
    { what: "no identity", text: assemblyXml("<deployment/>"), error: "MANIFEST_IDENTITY" },
    { what: "the form of a WinSxS folder", text: "DCM\u0001PA30", error: "MANIFEST_COMPRESSED" },
    { what: "half of it missing", text: assemblyXml(identityXml()).slice(0, 200), error: "XML_MALFORMED" },
  ])("is $error with $what", ({ text, error }) => {
    expect(() => read(text)).toThrow(code(error));
  });
});
