import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { packageFullName, readPackageManifest } from "../../../src/package/index.ts";
import { assemblyXml, elementXml, encodeXml, identityXml, LAB_ENCODINGS } from "../../lab/mum.ts";

const read = (text: string) => readPackageManifest(encodeXml(text));
const code = (code: string, message = "") =>
  expect.objectContaining({ code, message: expect.stringContaining(message) });

const PACKAGE = { identifier: "KB4072650", releaseType: "Update", restart: "required" };
/** A package with this content, and these attributes of the assembly. */
const packageXml = (content = "", attributes: Readonly<Record<string, string>> = {}) =>
  assemblyXml(identityXml() + elementXml("package", PACKAGE, content), attributes);

describe("readPackageManifest", () => {
  test.each(LAB_ENCODINGS)("reads what a package is, in %s", (encoding) => {
    const text = packageXml("", {
      description: "Fix for KB4072650",
      displayName: "default",
      supportInformation: "http://support.microsoft.com/?kbid=4072650",
    }).replace("utf-8", encoding.startsWith("utf-8") ? "utf-8" : "utf-16");
    expect(readPackageManifest(encodeXml(text, encoding))).toEqual({
      identity: {
        name: "Microsoft-Hyper-V-Integration-Services-Package",
        version: "6.3.9600.19456",
        architecture: "amd64",
        language: "neutral",
        publicKeyToken: "31bf3856ad364e35",
        buildType: null,
        versionScope: null,
        type: null,
      },
      description: "Fix for KB4072650",
      displayName: "default",
      supportInformation: "http://support.microsoft.com/?kbid=4072650",
      kb: "KB4072650",
      releaseType: "Update",
      restart: "required",
      applicabilityEvaluation: null,
      parents: [],
      installer: null,
      updates: [],
      extended: new Map(),
      notUnderstood: new Map(),
    });
  });

  test("reads the parents of all groups, each with what its group says", () => {
    const first = { integrate: "delegate" };
    const second = { buildCompare: "GE", revisionCompare: "GE", serviceCompare: "EQ", disposition: "detect" };
    const { parents } = read(
      packageXml(
        elementXml("parent", first, identityXml({ name: "A" }) + identityXml({ name: "B", language: "*" })) +
          elementXml("parent", second, identityXml({ name: "C", version: "6.1.7600.16385" })),
      ),
    );
    const none = {
      integrate: null,
      buildCompare: null,
      revisionCompare: null,
      serviceCompare: null,
      disposition: null,
    };
    expect(parents).toMatchObject([
      { identity: { name: "A" }, group: 0, ...none, ...first },
      { identity: { name: "B", language: "*" }, group: 0, ...none, ...first },
      { identity: { name: "C", version: "6.1.7600.16385" }, group: 1, ...none, ...second },
    ]);
  });

  test("reads drivers, components and packages that it updates", () => {
    const driver = identityXml({ name: "wvmbus.inf", type: "driverUpdate" });
    const condition = elementXml("updateDriver", { elevate: "install" }, driver);
    const { updates } = read(
      packageXml(
        elementXml(
          "update",
          { name: "Hyper-V-vmbus", displayName: "Bus", restart: "required" },
          elementXml("applicable", { disposition: "detect" }, condition) +
            elementXml(
              "driver",
              { inf: "wvmbus.inf", ranking: "force" },
              `${driver}<m:driverExtended xmlns:m="urn:schemas-microsoft-com:asm.v3" deviceInstallRequired="true"/>`,
            ),
        ) +
          elementXml(
            "update",
            { name: "Services" },
            elementXml("component", {}, identityXml({ name: "S" })),
          ) +
          elementXml(
            "update",
            {},
            elementXml("package", { integrate: "hidden" }, identityXml({ name: "P" })),
          ),
      ),
    );
    expect(updates).toMatchObject([
      {
        name: "Hyper-V-vmbus",
        displayName: "Bus",
        restart: "required",
        conditions: [
          { kind: "driver", disposition: "detect", elevate: "install", identity: { name: "wvmbus.inf" } },
        ],
        drivers: [
          {
            inf: "wvmbus.inf",
            ranking: "force",
            identity: { name: "wvmbus.inf", type: "driverUpdate" },
            requiresDeviceInstall: true,
          },
        ],
      },
      { name: "Services", drivers: [], components: [{ name: "S" }], packages: [] },
      { name: null, components: [], packages: [{ identity: { name: "P" }, integrate: "hidden" }] },
    ]);
  });

  test("tells elements apart by namespace, whatever the prefix", () => {
    const text = packageXml(elementXml("parent", {}, identityXml()))
      .replaceAll(/<(\/?)(?=\w)/g, "<$1mum2:")
      .replace("xmlns=", "xmlns:mum2=");
    expect(text).toContain("<mum2:parent>");
    expect(read(text).parents).toHaveLength(1);
    const foreign = packageXml(elementXml("parent", { xmlns: "urn:other" }, identityXml()));
    expect(read(foreign).parents).toEqual([]);
  });

  test("counts what it does not understand, and goes on", () => {
    const custom = '<m:customInformation xmlns:m="urn:other"><m:file/></m:customInformation>';
    const update = elementXml("update", {}, "<capability/><capability/><constructor/>");
    const { notUnderstood, updates } = read(packageXml(custom + update));
    expect([...notUnderstood]).toEqual([
      ["assembly/package/customInformation", 1],
      ["assembly/package/update/capability", 2],
      ["assembly/package/update/constructor", 1],
    ]);
    expect(updates).toHaveLength(1);
  });

  test.each([
    { identifier: "KB2938772", description: "", kb: "KB2938772" },
    { identifier: "kb2938772", description: "", kb: "KB2938772" },
    { identifier: "Windows Foundation", description: "Fix for KB4072650", kb: "KB4072650" },
    { identifier: "", description: "http://support.microsoft.com/?kbid=4021918", kb: "KB4021918" },
    { identifier: "Windows Foundation", description: "default", kb: null },
    { identifier: "KB12", description: "SKB4072650x", kb: null },
  ])("finds the article of $identifier, $description: $kb", ({ identifier, description, kb }) => {
    const text = assemblyXml(identityXml() + elementXml("package", { identifier }), { description });
    expect(read(text).kb).toBe(kb);
  });
});

describe("a file that is no package manifest", () => {
  test.each([
    { what: "another root", text: "<unattend/>", message: "the root is unattend" },
    { what: "no namespace", text: packageXml().replace(/ xmlns="[^"]*"/, ""), message: 'namespace ""' },
    { what: "a component", text: assemblyXml(identityXml()), message: "no package" },
    {
      what: "two packages",
      text: assemblyXml(`${identityXml()}<package/><package/>`),
      message: "more than one",
    },
  ])("is MANIFEST_NOT with $what", ({ text, message }) => {
    expect(() => read(text)).toThrow(code("MANIFEST_NOT", message));
  });

  test.each(["DCM\u0001PA30", "DCS\u0001", "PA30", "PA31"])(
    "is MANIFEST_COMPRESSED where it begins with %s",
    (begin) => {
      const bytes = new Uint8Array(Buffer.from(`${begin}\u0000\u00ff\u0000`, "latin1"));
      expect(() => readPackageManifest(bytes)).toThrow(code("MANIFEST_COMPRESSED"));
    },
  );

  test.each([
    { what: "no identity", identity: "", message: "no identity" },
    { what: "two identities", identity: identityXml() + identityXml(), message: "more than one identity" },
    { what: "no name", identity: identityXml({ name: undefined }), message: "has no name" },
    { what: "an empty name", identity: identityXml({ name: "" }), message: "has no name" },
    { what: "no version", identity: identityXml({ version: undefined }), message: "has no version" },
    { what: "no language", identity: identityXml({ language: undefined }), message: "has no language" },
    {
      what: "no processor",
      identity: identityXml({ processorArchitecture: undefined }),
      message: "has no processorArchitecture",
    },
    { what: "three numbers", identity: identityXml({ version: "6.3.9600" }), message: 'version "6.3.9600"' },
    { what: "five numbers", identity: identityXml({ version: "6.3.9600.1.1" }), message: "not a.b.c.d" },
    {
      what: "65536 in the version",
      identity: identityXml({ version: "6.3.9600.65536" }),
      message: "not a.b.c.d",
    },
    {
      what: "a sign in the version",
      identity: identityXml({ version: "6.3.-9600.1" }),
      message: "not a.b.c.d",
    },
    { what: "an empty number", identity: identityXml({ version: "6.3..1" }), message: "not a.b.c.d" },
    { what: "a short token", identity: identityXml({ publicKeyToken: "31bf" }), message: 'token "31bf"' },
    {
      what: "a token that is no number",
      identity: identityXml({ publicKeyToken: "31bf3856ad364e3x" }),
      message: "16",
    },
    { what: "no token", identity: identityXml({ publicKeyToken: undefined }), message: "no publicKeyToken" },
  ])("is MANIFEST_IDENTITY with $what", ({ identity, message }) => {
    expect(() => read(assemblyXml(`${identity}<package/>`))).toThrow(code("MANIFEST_IDENTITY", message));
  });

  test.each([
    { what: "a parent", content: elementXml("parent", {}, identityXml({ version: "6" })) },
    {
      what: "a component",
      content: `<update><component>${identityXml({ version: "6" })}</component></update>`,
    },
    { what: "a driver without one", content: "<update><driver inf='a.inf'/></update>" },
    { what: "the installer", content: "<installerAssembly name='x'/>" },
  ])("is MANIFEST_IDENTITY where that of $what is damaged", ({ content }) => {
    expect(() => read(packageXml(content))).toThrow(code("MANIFEST_IDENTITY"));
  });
});

describe("packageFullName", () => {
  const { identity } = read(packageXml());

  test.each([
    {
      identity,
      name: "Microsoft-Hyper-V-Integration-Services-Package~31bf3856ad364e35~amd64~~6.3.9600.19456",
    },
    {
      identity: { ...identity, name: "Lang", language: "en-US", architecture: "x86" },
      name: "Lang~31bf3856ad364e35~x86~en-US~6.3.9600.19456",
    },
  ])("gives $name", ({ identity, name }) => {
    expect(packageFullName(identity)).toBe(name);
  });

  test("reads versions and tokens back as they were written, tokens in lower case", () => {
    const number = fc.nat(0xffff);
    const token = fc.stringMatching(/^[0-9a-fA-F]{16}$/);
    fc.assert(
      fc.property(fc.tuple(number, number, number, number), token, (numbers, publicKeyToken) => {
        const version = numbers.join(".");
        const text = assemblyXml(`${identityXml({ version, publicKeyToken })}<package/>`);
        expect(read(text).identity).toMatchObject({ version, publicKeyToken: publicKeyToken.toLowerCase() });
      }),
    );
  });
});
