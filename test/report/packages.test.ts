import { describe, expect, test } from "vitest";
import type { ParentPackage } from "../../src/package/mum/index.ts";
import {
  describeParents,
  formatPackageExtraction,
  formatPackageIntegrity,
  formatPackageList,
  formatPackages,
  formatPackageVerification,
  isTrustedThroughout,
  type PackageListing,
  type ShownPackage,
  type VerificationReport,
} from "../../src/report/index.ts";

const PLAIN = { colour: false, width: 100 };
const COLOURED = { colour: true, width: 100 };

/** What a terminal would obey, as a package might have it anywhere. */
const HOSTILE = "\x1b[31m\u202ename\u{e0041}\n";
const isHarmless = (text: string) => ["\x1b", "\u202e", "\u{e0041}"].every((bad) => !text.includes(bad));

const ERROR = {
  code: "CAB_HEADER",
  kind: "corrupt",
  message: HOSTILE,
  where: HOSTILE,
  hint: null,
} as const;

const FINDING = { code: "CAB_GAP", severity: "warning", message: HOSTILE, where: HOSTILE } as const;

const SIGNER = {
  subject: `CN=${HOSTILE}, O=Somebody`,
  issuer: 'CN="A Name, with a Comma", O=Somebody',
  serial: "01",
  digestAlgorithm: "sha256",
  digest: "00",
  digestMatches: true,
  isNested: false,
  anchor: { name: HOSTILE, fingerprint: "0123456789abcdef0123", origin: "pinned" },
  timestamp: { time: "2019-08-10T18:56:51.954Z", kind: "rfc3161", signer: HOSTILE },
  isWindowsComponent: true,
  isValid: true,
  reasons: [],
} as const;

const SIGNATURE = {
  verdict: "microsoft",
  isTrusted: true,
  isWindowsComponent: true,
  digestAlgorithms: ["sha256"],
  isCheckableWithoutSha2: false,
  signers: [SIGNER],
  reasons: [HOSTILE],
} as const;

const identity = (name: string, version: string) => ({
  name,
  version,
  architecture: "amd64",
  language: "neutral",
  publicKeyToken: "31bf3856ad364e35",
  buildType: null,
  versionScope: null,
  type: null,
});

describe("a listing", () => {
  const listing: PackageListing = {
    path: HOSTILE,
    kind: "iso",
    sizeBytes: 5,
    disc: { fileSystem: "udf", label: HOSTILE },
    msi: null,
    entries: [
      {
        path: HOSTILE,
        isDirectory: false,
        sizeBytes: 5,
        modified: null,
        attributes: ["read-only", "system", "execute"],
        compression: null,
        unsafe: HOSTILE,
      },
    ],
    findings: [FINDING],
    error: null,
  };
  const text = (packages: PackageListing[], options = PLAIN) =>
    formatPackageList({ schema: "vmguest.package-list/1", packages }, options);

  test("shows what a terminal would obey", () => {
    expect(isHarmless(text([listing]))).toBe(true);
    expect(text([listing]).split("\n")[1]).toContain("R-S-X  -");
  });

  test("says the kind of what could not be read", () => {
    const unreadable = { ...listing, kind: null, disc: null, entries: [], findings: [], error: ERROR };
    expect(text([unreadable])).toMatch(/: could not be read \[CAB_HEADER\]\n$/);
    expect(text([unreadable], COLOURED)).toContain("\x1b[31mcould not be read");
  });

  test("tells every kind in words", () => {
    for (const [kind, words] of [
      ["cab", "cabinet, 1 file, 5 bytes"],
      ["msu", "update for Windows Update (MSU), 1 file"],
      ["cabinets", "file with cabinets in it, 1 file"],
    ] as const) {
      expect(text([{ ...listing, kind, disc: null }])).toContain(words);
    }
  });
});

describe("what is shown of a package", () => {
  const shown: ShownPackage = {
    path: HOSTILE,
    place: [HOSTILE],
    name: HOSTILE,
    sizeBytes: 1,
    kind: "cab",
    isIntegrationServices: false,
    identity: identity(HOSTILE, "6.3.0.0"),
    kb: HOSTILE,
    version: HOSTILE,
    architecture: "unknown",
    parents: [],
    serves: [HOSTILE],
    restart: HOSTILE,
    updates: [
      {
        name: null,
        displayName: null,
        restart: null,
        conditions: [],
        drivers: [
          { inf: HOSTILE, ranking: null, identity: identity("a", "1.0.0.0"), requiresDeviceInstall: false },
          { inf: null, ranking: null, identity: identity("driver", "1.0.0.0"), requiresDeviceInstall: false },
        ],
        components: [identity("b", "1.0.0.0")],
        packages: [],
      },
    ],
    signature: SIGNATURE,
  };
  const text = (changes: Partial<ShownPackage> = {}, options = PLAIN) =>
    formatPackages(
      { schema: "vmguest.package/1", trustRoots: [], packages: [{ ...shown, ...changes }], findings: [] },
      options,
    );

  test("is harmless, whatever stands in it", () => {
    expect(isHarmless(text())).toBe(true);
    expect(text()).toContain("other package");
    expect(text()).toContain("driver 1.0.0.0");
    expect(text()).toContain("1 component\n");
  });

  test.each([
    { verdict: "microsoft", isTrusted: true, colour: "\x1b[32mmicrosoft" },
    {
      verdict: "signed-unknown-root",
      isTrusted: true,
      colour: "\x1b[32msigned-unknown-root, trusted through",
    },
    { verdict: "signed-unknown-root", isTrusted: false, colour: "\x1b[33msigned-unknown-root" },
    { verdict: "unsigned", isTrusted: false, colour: "\x1b[33munsigned" },
    { verdict: "tampered", isTrusted: false, colour: "\x1b[31mtampered" },
  ] as const)(
    "is coloured by its verdict: $verdict, trusted: $isTrusted",
    ({ verdict, isTrusted, colour }) => {
      expect(text({ signature: { ...SIGNATURE, verdict, isTrusted } }, COLOURED)).toContain(colour);
    },
  );

  test("tells a signature that does not hold, whatever name is in it", () => {
    const subject = "CN=Microsoft Windows, O=Somebody";
    const signers = [
      SIGNER,
      { ...SIGNER, subject, digestAlgorithm: "sha1", isNested: true, isValid: false },
    ] as const;
    expect(text({ signature: { ...SIGNATURE, signers } })).toContain(
      "Microsoft Windows (SHA-1), 2019-08-10, not valid\n",
    );
    expect(text().includes("not valid")).toBe(false);
  });

  test("tells an MSI of another product", () => {
    expect(text({ kind: "msi", identity: null, kb: null })).toContain("MSI of another product");
  });
});

test.each([
  {
    name: "Microsoft-Windows-Foundation-Package",
    version: "6.1.7600.16385",
    words: "Windows 7 and Server 2008 R2",
  },
  { name: "microsoft-windows-servercore-package", version: "6.0.6001.18000", words: "Windows Server 2008" },
  { name: "Microsoft-Windows-UltimateEdition", version: "6.0.6000.16386", words: "Windows Vista Ultimate" },
  {
    name: "Microsoft-Windows-UltimateEdition",
    version: "6.1.7600.16385",
    words: "what has Microsoft-Windows-UltimateEdition",
  },
  { name: "Microsoft-Hyper-V-WinPE-Drivers-Package", version: "6.3.0.0", words: "Windows PE 5" },
  { name: "Package_for_KB2919355", version: "6.3.1.14", words: "what has Package_for_KB2919355" },
])("the parent $name $version is $words", ({ name, version, words }) => {
  const parent = { identity: identity(name, version) } as ParentPackage;
  expect(describeParents([parent, parent])).toEqual([`${words}, from ${version}`]);
});

describe("a verification", () => {
  const verified: VerificationReport = {
    kind: "cab",
    verdict: "microsoft",
    isTrusted: true,
    reasons: [HOSTILE],
    signature: SIGNATURE,
    identity: identity(HOSTILE, "6.3.0.0"),
    catalogs: [{ name: HOSTILE, signature: SIGNATURE, digestCount: 3 }],
    members: [
      { name: HOSTILE, sizeBytes: 1, sha1: "0", sha256: "0", catalog: "matched", manifest: "matched" },
      { name: "b", sizeBytes: 1, sha1: "0", sha256: "0", catalog: "indirect", manifest: "none" },
      { name: "c", sizeBytes: 1, sha1: null, sha256: null, catalog: "unread", manifest: "unread" },
    ],
    problems: [FINDING],
    packages: [],
  };
  const text = (verification: VerificationReport | null, options = PLAIN) =>
    formatPackageVerification(
      {
        schema: "vmguest.package-verification/1",
        trustRoots: [],
        packages: [{ path: HOSTILE, verification, error: verification === null ? ERROR : null }],
      },
      options,
    );

  test("is harmless, whatever stands in it", () => {
    expect(isHarmless(text(verified))).toBe(true);
    expect(text(verified)).toContain("3 in all, 2 as trusted catalogs list them, 1 as manifests list them");
    expect(text(verified)).toContain("issued by A Name, with a Comma;");
  });

  test("has its verdict first, and says what is not valid", () => {
    const signers = [
      { ...SIGNER, isNested: true, anchor: null, timestamp: null, reasons: ["it has expired"] },
    ];
    const unknown = { ...verified, verdict: "signed-unknown-root", isTrusted: false } as const;
    const shown = text({ ...unknown, signature: { ...SIGNATURE, signers, isTrusted: false } });
    expect(shown.split("\n")[0]).toMatch(/: signed-unknown-root$/);
    expect(shown.replaceAll(/\s+/g, " ")).toContain("no time stamp; chain reaches no root that is known");
    expect(shown).toContain("not valid: it has expired");
  });

  test("says that a package could not be read", () => {
    expect(text(null)).toMatch(/: could not be read \[CAB_HEADER\]\n$/);
  });

  const inside = (isTrusted: boolean) => ({ path: "x", verification: { ...verified, isTrusted } });

  test.each([
    { what: "a trusted package", is: true, of: {} },
    { what: "a package that is not", is: false, of: { isTrusted: false } },
    { what: "a trusted package with one inside that is not", is: false, of: { packages: [inside(false)] } },
    {
      what: "a disc with trusted ones",
      is: true,
      of: { kind: "iso", isTrusted: false, packages: [inside(true)] },
    },
    {
      what: "a disc with one that is not",
      is: false,
      of: { kind: "iso", packages: [inside(true), inside(false)] },
    },
    { what: "a disc with nothing on it", is: false, of: { kind: "iso", isTrusted: false } },
    {
      what: "a package with one inside that could not be read",
      is: false,
      of: { problems: [{ ...FINDING, severity: "error" }], packages: [inside(true)] },
    },
  ] as const)("of $what is trusted throughout: $is", ({ is, of }) => {
    expect(isTrustedThroughout({ ...verified, ...of })).toBe(is);
  });
});

test("what could not be unpacked is told by its number, in red", () => {
  const checked = {
    path: HOSTILE,
    kind: "cab",
    cabinets: 1,
    files: 2,
    bytes: 3,
    damage: [ERROR],
    error: null,
  } as const;
  const report = { schema: "vmguest.package-integrity/1", packages: [checked] } as const;
  expect(isHarmless(formatPackageIntegrity(report, PLAIN))).toBe(true);
  expect(formatPackageIntegrity(report, COLOURED)).toContain(
    "\x1b[31mdamaged in 1 place, sound are 2 files, 3 bytes",
  );
});

test("what was extracted is summed up, with what was not", () => {
  const report = {
    schema: "vmguest.package-extraction/1",
    package: HOSTILE,
    folder: HOSTILE,
    files: [{ path: HOSTILE, sizeBytes: 7 }],
    lost: [ERROR],
    refused: [ERROR, ERROR],
    findings: [FINDING],
    error: ERROR,
  } as const;
  const text = formatPackageExtraction(report, PLAIN);
  expect(isHarmless(text)).toBe(true);
  expect(text).toContain(
    "; 1 could not be unpacked; 2 left out for safety; it did not come to its end [CAB_HEADER]\n",
  );
});
