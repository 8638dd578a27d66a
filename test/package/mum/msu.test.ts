import { describe, expect, test } from "vitest";
import { readMsuInstallations, readMsuProperties } from "../../../src/package/index.ts";
import { encodeXml, identityXml } from "../../lab/mum.ts";

const properties = (...lines: string[]) => readMsuProperties(encodeXml(lines.join("\r\n")));
const code = (code: string, message = "") =>
  expect.objectContaining({ code, message: expect.stringContaining(message) });

describe("readMsuProperties", () => {
  test("gives what the lines say", () => {
    const lines = [
      'ApplicabilityInfo="Windows 7.0 Client SP1;Windows 7.0 Server SP1;"',
      'Applies to="Windows 6.1"',
      'Build Date="2012/11/03"',
      'KB Article Number="2780124"',
      'Language="ALL"',
      'Package Type="Hotfix"',
      'Processor Architecture="amd64"',
      'Support Link="http://support.microsoft.com?kbid=2780124"',
      "",
    ];
    const read = properties(...lines);
    expect(read).toMatchObject({
      kb: "KB2780124",
      architecture: "amd64",
      appliesTo: "Windows 6.1",
      applicability: ["Windows 7.0 Client SP1", "Windows 7.0 Server SP1"],
      packageType: "Hotfix",
      buildDate: "2012/11/03",
      language: "ALL",
    });
    expect(read.properties.get("Support Link")).toBe("http://support.microsoft.com?kbid=2780124");
  });

  test.each([
    { what: "nothing", lines: [] },
    { what: "an article that is no number", lines: ['KB Article Number="x"'] },
    { what: "names of properties of objects", lines: ['__proto__="1"', 'constructor="2"'] },
  ])("has nulls for $what", ({ lines }) => {
    expect(properties(...lines)).toMatchObject({ kb: null, architecture: null, applicability: [] });
  });

  test.each(["no property", "Name=value", 'Name="value', '="value"', 'a"b="c" d'])(
    "is MSU_PROPERTIES with %s",
    (line) => {
      expect(() => properties('Language="ALL"', line)).toThrow(code("MSU_PROPERTIES"));
    },
  );

  test("is LIMIT_EXCEEDED with more than 64 KiB", () => {
    expect(() => properties(`A="${"x".repeat(65_536)}"`)).toThrow(code("LIMIT_EXCEEDED"));
  });
});

describe("readMsuInstallations", () => {
  const unattend = (content: string) =>
    readMsuInstallations(
      encodeXml(
        `<unattend xmlns="urn:schemas-microsoft-com:unattend"><servicing>${content}</servicing></unattend>`,
      ),
    );

  test("gives the cabinet and its identity", () => {
    const source = '<source location="%configsetroot%\\Windows6.1-KB2780124-x64.CAB" />';
    expect(unattend(`<package action="install">${identityXml()}${source}</package>`)).toMatchObject([
      { action: "install", identity: { architecture: "amd64" }, cabinet: "Windows6.1-KB2780124-x64.CAB" },
    ]);
  });

  test("has no cabinet where no source is named, and no package where there is none", () => {
    expect(unattend(`<package>${identityXml()}</package>`)).toMatchObject([{ action: null, cabinet: null }]);
    expect(unattend("")).toEqual([]);
  });

  test("is MANIFEST_NOT or MANIFEST_IDENTITY for anything else", () => {
    expect(() => readMsuInstallations(encodeXml("<unattend/>"))).toThrow(code("MANIFEST_NOT"));
    expect(() => unattend("<package/>")).toThrow(code("MANIFEST_IDENTITY"));
  });
});
