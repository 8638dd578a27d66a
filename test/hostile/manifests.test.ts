// SPDX-License-Identifier: MIT
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { buildCabinet } from "../lab/cab.ts";
import { labFile } from "../lab/disc-tree.ts";
import { buildIcPackage, type LabIcPackage } from "../lab/ic-package.ts";
import { buildIso } from "../lab/iso9660.ts";
import { LAB_PROPERTIES } from "../lab/msi.ts";
import { assemblyXml, elementXml, encodeXml, identityXml } from "../lab/mum.ts";
import { buildCertificate, buildSignedMsi, EKU, pemOf } from "../lab/signing/index.ts";
import {
  goodFile,
  guestImage,
  ONE_COMPONENT,
  outcomesOf,
  rootFile,
  runHarmless,
  runJob,
  write,
} from "./package-jobs.ts";

const SMALL: LabIcPackage = { components: ONE_COMPONENT };

/** A package that is signed, and whose manifest is this one. */
const packageWith = (manifest: string | Uint8Array, name = "update.mum") =>
  buildIcPackage({
    ...SMALL,
    beforeCatalog: (files) => {
      const key = [...files.keys()].find((key) => key.endsWith(name)) ?? expect.fail(`no ${name}`);
      files.set(key, typeof manifest === "string" ? Buffer.from(manifest) : manifest);
    },
  });

const LAUGHS = Array.from(
  { length: 30 },
  (_, level) => `<!ENTITY l${level + 1} "${`&l${level};`.repeat(10)}">`,
);
const nested = (depth: number) => `${"<a>".repeat(depth)}${"</a>".repeat(depth)}`;
const packageXml = (content: string, attributes: Record<string, string> = {}) =>
  assemblyXml(`${identityXml()}${elementXml("package", { identifier: "KB12345", ...attributes }, content)}`);
const parents = (count: number) =>
  elementXml(
    "parent",
    { integrate: "delegate" },
    identityXml({ name: "Parent", version: "6.1.7600.16385" }).repeat(count),
  );

// H44
describe("a package whose manifest", () => {
  test.each<{ what: string; manifest: string | Uint8Array; code: string }>([
    {
      what: "laughs a billion times",
      manifest: `<!DOCTYPE a [<!ENTITY l0 "ha">${LAUGHS.join("")}]><a>&l30;</a>`,
      code: "XML_DECLARATIONS",
    },
    {
      what: "is to include a file of the host",
      manifest: '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
      code: "XML_DECLARATIONS",
    },
    {
      what: "is to fetch its grammar",
      manifest: '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>',
      code: "XML_DECLARATIONS",
    },
    { what: "has 100,000 levels", manifest: nested(100_000), code: "LIMIT_EXCEEDED" },
    { what: "has 100,000 levels and no end", manifest: "<a>".repeat(100_000), code: "LIMIT_EXCEEDED" },
    {
      what: "has 200,000 elements",
      manifest: `<a>${"<b/>".repeat(200_000)}</a>`,
      code: "LIMIT_EXCEEDED",
    },
    {
      what: "has 100,000 attributes",
      manifest: elementXml(
        "a",
        Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`b${at}`, ""])),
      ),
      code: "LIMIT_EXCEEDED",
    },
    { what: "has 33 MiB", manifest: new Uint8Array(33 * 2 ** 20), code: "OFFER_LIMIT" },
    { what: "is no text", manifest: Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 0x10), code: "XML_ENCODING" },
    { what: "is that of a web page", manifest: "<html/>", code: "MANIFEST_NOT" },
    { what: "is empty", manifest: "", code: "XML_MALFORMED" },
    {
      what: "is compressed as a difference",
      manifest: "DCM\u0001PA30 and so on",
      code: "MANIFEST_COMPRESSED",
    },
    { what: "has no identity", manifest: assemblyXml(elementXml("package", {})), code: "MANIFEST_IDENTITY" },
    {
      what: "has a version of five numbers",
      manifest: assemblyXml(identityXml({ version: "1.2.3.4.5" })),
      code: "MANIFEST_IDENTITY",
    },
    { what: "has 100,000 parents", manifest: packageXml(parents(100_000)), code: "LIMIT_EXCEEDED" },
  ])("$what is no package: $code", async ({ manifest, code }) => {
    const outcomes = await outcomesOf(packageWith(manifest), ["show", "verify"]);
    expect(outcomes).toMatchObject({ show: `3 ${code}`, verify: expect.stringContaining(code) });
  });

  test.each(["utf-16le", "utf-16be", "utf-16le with BOM"] as const)(
    "is %s is read all the same",
    async (encoding) => {
      const text = packageXml(parents(1)).replace("utf-8", "utf-16");
      const path = write("utf16.cab", packageWith(encodeXml(text, encoding)));
      const { report, outcome } = await runJob(["show", path, "--trust-root", rootFile()]);
      expect(outcome).toBe("0");
      expect(report).toMatchObject({
        packages: [{ identity: { version: "6.3.9600.19456" }, kb: "KB12345" }],
      });
    },
  );

  test("uses names of JavaScript is read like any other, and changes no object", async () => {
    const names = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"];
    const evil = names
      .map((name) => elementXml(name, { polluted: "yes", [name]: "yes" }, elementXml(name, {})))
      .join("");
    const path = write(
      "names.cab",
      packageWith(packageXml(`${evil}${parents(1)}`, { ["__proto__"]: "x", constructor: "y" })),
    );
    const { report, outcome } = await runJob(["show", path, "--trust-root", rootFile()]);
    expect(outcome).toBe("0");
    expect(report).toMatchObject({
      packages: [{ kb: "KB12345", parents: [{ identity: { name: "Parent" } }] }],
    });
    expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain("polluted");
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
  });
});

describe("a package with a component whose manifest", () => {
  test.each<{ what: string; manifest: string; outcome: string }>([
    {
      what: "laughs a billion times",
      manifest: `<!DOCTYPE a [<!ENTITY l0 "ha">${LAUGHS.join("")}]><a>&l30;</a>`,
      outcome: "1 PACKAGE_FILE_UNNAMED XML_DECLARATIONS",
    },
    {
      what: "has 100,000 levels",
      manifest: nested(100_000),
      outcome: "1 LIMIT_EXCEEDED PACKAGE_FILE_UNNAMED",
    },
    {
      what: "names a file above its folder",
      manifest: assemblyXml(`${identityXml()}${elementXml("file", { name: "../../update.mum" })}`),
      outcome: "1 PACKAGE_FILE_MISSING PACKAGE_FILE_UNNAMED",
    },
    {
      what: "names a file as JavaScript names things",
      manifest: assemblyXml(`${identityXml()}${elementXml("file", { name: "__proto__" })}`),
      outcome: "1 PACKAGE_FILE_MISSING PACKAGE_FILE_UNNAMED",
    },
  ])("$what: $outcome", async ({ manifest, outcome }) => {
    expect(await outcomesOf(packageWith(manifest, ".manifest"), ["show", "verify"])).toEqual({
      show: "0",
      verify: outcome,
    });
  });
});

// H40
describe("a package whose every text is hostile", () => {
  /** What XML may carry of that: C1 controls, marks of direction, line ends of Unicode; quotes, markup and formulas. */
  const EVIL = '\u009b2J\u0085\u202e\u2028=cmd|"/c calc"!A0,<script>';
  const WORSE = `\x1b[31m\0\r\n${EVIL}`;
  const identity = { name: EVIL, language: EVIL, publicKeyToken: EVIL, processorArchitecture: EVIL };
  const signer = buildCertificate({ name: WORSE, purposes: [EKU.codeSigning], isAuthority: true });
  const signing = { credential: signer, bag: [signer.certificate] };
  const manifest = assemblyXml(
    `${identityXml(identity)}${elementXml(
      "package",
      { identifier: EVIL, releaseType: EVIL, restart: EVIL },
      elementXml(
        "parent",
        { integrate: EVIL, buildCompare: EVIL, disposition: EVIL },
        identityXml(identity),
      ) +
        elementXml(
          "update",
          { name: EVIL, displayName: EVIL, description: EVIL },
          elementXml("driver", { inf: EVIL }, identityXml(identity)),
        ),
    )}`,
    { description: EVIL, displayName: EVIL, supportInformation: EVIL },
  );
  const cabinet = buildIcPackage({
    ...SMALL,
    signing,
    catalog: { attributes: { [EVIL]: EVIL }, signing },
    beforeCatalog: (files) => {
      files.set("update.mum", encodeXml(manifest));
      files.set(`a/${EVIL}.txt`, Buffer.from("x"));
    },
  });
  const paths = {
    cabinet: write("evil\u202e.cab", cabinet),
    unpackable: write(
      "evil-names.cab",
      buildCabinet({
        folders: [{ members: [{ name: EVIL }], fields: { compression: 4 } }],
        next: { name: EVIL, disk: EVIL },
      }),
    ),
    msi: write(
      "evil.msi",
      buildSignedMsi(
        {
          codePage: 65001,
          properties: Object.fromEntries(
            Object.keys(LAB_PROPERTIES).map((name) => [name, name === "ProductVersion" ? "6.3" : WORSE]),
          ),
          summary: { 1: 65001, 2: WORSE, 3: WORSE, 7: WORSE, 9: WORSE },
        },
        signing,
      ),
    ),
    disc: write(
      "evil.iso",
      buildIso({ tree: { [EVIL]: { [`${EVIL}.cab`]: labFile(cabinet) } }, label: EVIL, joliet: true }).bytes,
    ),
    root: write("evil.pem", pemOf(signer.certificate)),
    guest: guestImage(),
  };

  test.each<{ verb: string; of: readonly (keyof typeof paths)[]; more: readonly string[] }>([
    { verb: "list", of: ["cabinet", "unpackable", "msi", "disc"], more: [] },
    { verb: "show", of: ["cabinet", "unpackable", "msi", "disc"], more: [] },
    { verb: "verify", of: ["cabinet", "unpackable", "msi", "disc"], more: [] },
    { verb: "verify", of: ["cabinet", "disc"], more: ["--trust-root", paths.root] },
    { verb: "verify", of: ["unpackable", "disc"], more: ["--integrity-only"] },
    { verb: "extract", of: ["cabinet"], more: [join(dirname(paths.guest), "one"), "--skip-unsafe"] },
    { verb: "extract", of: ["unpackable"], more: [join(dirname(paths.guest), "two"), "--skip-unsafe"] },
    { verb: "extract", of: ["disc"], more: [join(dirname(paths.guest), "three"), "--skip-unsafe"] },
  ])("is shown by package $verb without a character that a terminal obeys", async ({ verb, of, more }) => {
    for (const format of ["text", "json"]) {
      const ended = await runHarmless([
        "package",
        verb,
        ...of.map((name) => paths[name]),
        ...more,
        "--format",
        format,
      ]);
      expect(ended.stdout.length + ended.stderr.length).toBeGreaterThan(20);
    }
  });

  test.each(["table", "json"])(
    "is passed over by an audit as %s, which takes the sound one",
    async (format) => {
      // Found in a folder: one of these that is named itself would end the audit.
      const offered = dirname(goodFile());
      const trust = ["--trust-root", rootFile(), "--trust-root", paths.root];
      const ended = await runHarmless([
        "audit",
        paths.guest,
        "--host",
        "ws2012r2",
        "--package",
        offered,
        ...trust,
        "--format",
        format,
      ]);
      expect(ended.code).toBe(3);
      expect(ended.stdout).toContain("good.cab");
    },
  );
});
