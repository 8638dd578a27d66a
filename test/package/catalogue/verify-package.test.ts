import { describe, expect, test } from "vitest";
import { MemorySource } from "../../../src/io/index.ts";
import { type PackageVerification, verifyPackage } from "../../../src/package/catalogue/index.ts";
import { packFiles } from "../../lab/ic-package/archive.ts";
import { buildGuestDisc } from "../../lab/ic-package/guest-disc.ts";
import { buildMsu, buildRollup, icPackageFileName, type PackageFiles } from "../../lab/ic-package.ts";
import { buildMsi } from "../../lab/msi.ts";
import { buildCatalog, buildSignedMsi } from "../../lab/signing/index.ts";
import { labPackage, offersOf, TRUST } from "./inputs.ts";

const verify = (bytes: Uint8Array, trust = TRUST) => verifyPackage(new MemorySource(bytes), { trust });

/** How often each status is met. */
const countsOf = ({ members }: PackageVerification, of: "catalog" | "manifest") =>
  Object.fromEntries(
    [...new Set(members.map((member) => member[of]))].map((status) => [
      status,
      members.filter((member) => member[of] === status).length,
    ]),
  );

const problemsOf = ({ problems }: PackageVerification) =>
  problems.map(({ code, where }) => `${code} ${where.path?.split("/").at(-1)}`);

/** Changes the file whose path ends so. */
const change =
  (end: string, edit: (bytes: Uint8Array) => Uint8Array | undefined) => (files: PackageFiles) => {
    const path = [...files.keys()].find((each) => each.endsWith(end)) ?? expect.fail(end);
    const edited = edit(files.get(path) ?? new Uint8Array());
    if (edited === undefined) files.delete(path);
    else files.set(path, edited);
  };

const flipLast = (bytes: Uint8Array) => {
  const copy = Uint8Array.from(bytes);
  copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 1;
  return copy;
};

describe("a package as it was made", () => {
  test.each(["none", "mszip"] as const)("is green in every part (%s)", (compression) => {
    const verified = verify(labPackage({ compression }));
    const { members, catalogs } = verified;
    expect(verified).toMatchObject({ kind: "cab", verdict: "signed-unknown-root", isTrusted: true });
    expect(verified.identity?.name).toBe("Microsoft-Hyper-V-Integration-Services-Package");
    expect(verified.problems).toEqual([]);
    expect(catalogs).toMatchObject([
      { name: "update.cat", signature: { isTrusted: true }, digestCount: members.length - 1 },
    ]);
    expect(countsOf(verified, "catalog")).toEqual({ none: 1, matched: members.length - 1 });
    const payload = members.filter(({ name }) => name.includes("/"));
    expect(countsOf(verified, "manifest")).toEqual({
      none: members.length - payload.length,
      matched: payload.length,
    });
    expect(members.every(({ sha256 }) => /^[0-9a-f]{64}$/.test(sha256 ?? ""))).toBe(true);
  });

  test("is not trusted under another root, and its catalog is not either", () => {
    const verified = verify(labPackage(), {});
    expect(verified).toMatchObject({ verdict: "signed-unknown-root", isTrusted: false });
    expect(countsOf(verified, "catalog")["matched"]).toBeUndefined();
    expect(countsOf(verified, "catalog")["untrusted"]).toBe(verified.members.length - 1);
    expect(verified.problems).toEqual([]);
  });
});

describe("a file that was changed", () => {
  test.each([
    { end: "/vmbuspipe.dll", problem: "vmbuspipe.dll", words: "than its manifest states, and is in none" },
    // Its last bytes are those of its own signature, which the catalog's digest leaves out.
    { end: "/vmbus.sys", problem: "vmbus.sys", words: "than its manifest states" },
    { end: "/wvmbus.inf", problem: "wvmbus.inf", words: "than its manifest states, and is in none" },
    { end: "update.mum", problem: "update.mum", words: "in none of the catalogs" },
  ])(
    "$end makes the package tampered and is named, although the cabinet's signature holds",
    ({ end, problem, words }) => {
      const verified = verify(labPackage({ beforePacking: change(end, flipLast) }));
      expect(verified.signature.isTrusted).toBe(true);
      expect(verified).toMatchObject({ verdict: "tampered", isTrusted: false });
      expect(verified.reasons[0]).toMatch(new RegExp(`${problem} is not the file that was listed$`));
      const found = verified.problems.find(({ code }) => code === "PACKAGE_MEMBER_CHANGED");
      expect(found?.message).toContain(words);
    },
  );

  test("is told where the catalog was made after the change, too: the manifest knows", () => {
    const verified = verify(labPackage({ beforeCatalog: change("/vmbus.sys", flipLast) }));
    const member = verified.members.find(({ name }) => name.endsWith("/vmbus.sys"));
    expect(member).toMatchObject({ catalog: "matched", manifest: "contradicted" });
    expect(verified.verdict).toBe("tampered");
  });

  test("in the cabinet itself breaks the signature, and the file is named at which reading ends", () => {
    const bytes = labPackage({ compression: "none" });
    const at = Buffer.from(bytes).lastIndexOf(Buffer.from("OriginalFilename", "utf16le"));
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    const verified = verify(bytes);
    expect(verified).toMatchObject({ verdict: "tampered", isTrusted: false });
    expect(verified.reasons[0]).toMatch(/^not all of it could be read: .*\.(sys|dll): .*checksum/);
  });

  test("is named among the first five, and the rest is counted", () => {
    const change = (files: PackageFiles) => {
      for (const [path, bytes] of files) if (path.includes("/")) files.set(path, flipLast(bytes));
    };
    const { reasons } = verify(labPackage({ beforePacking: change }));
    expect(reasons.slice(0, 5).every((reason) => reason.endsWith("that was listed"))).toBe(true);
    expect(reasons[5]).toMatch(/^\d+ more files/);
  });
});

describe("a file that is odd in other ways", () => {
  test("is a problem where it is missing", () => {
    const verified = verify(labPackage({ beforePacking: change("/vmbus.sys", () => undefined) }));
    expect(problemsOf(verified)).toEqual(["PACKAGE_FILE_MISSING vmbus.sys"]);
  });

  test("is a problem where no manifest names it, in the folder of a component", () => {
    const extra = (files: PackageFiles) => {
      const folder = [...files.keys()]
        .find((path) => path.endsWith("/vmbus.sys"))
        ?.replace(/vmbus\.sys$/, "");
      files.set(`${folder}extra.sys`, Buffer.from("MZ"));
    };
    const verified = verify(labPackage({ beforeCatalog: extra }));
    expect(problemsOf(verified)).toEqual(["PACKAGE_FILE_UNNAMED extra.sys"]);
    expect(verified.isTrusted).toBe(true);
  });

  test("is vouched for by its manifest where the catalog has only that", () => {
    const listed = labPackage({
      beforePacking: (files) => {
        const manifests = [...files].filter(([path]) => path.endsWith(".manifest"));
        files.set("update.cat", buildCatalog({ files: manifests.map(([, bytes]) => ({ bytes })) }));
      },
    });
    const counts = countsOf(verify(listed), "catalog");
    expect(counts["indirect"]).toBeGreaterThan(5);
    // Nothing vouches for update.mum any more.
    expect(counts["contradicted"]).toBe(1);
  });

  test("is no help in a catalog that nobody has signed, although the cabinet's signature holds", () => {
    const bytes = labPackage({
      beforePacking: (files) => {
        const listed = [...files].filter(([path]) => path !== "update.cat");
        const catalog = buildCatalog({ files: listed.map(([, file]) => ({ bytes: file })), signing: null });
        files.set("update.cat", catalog);
      },
    });
    const verified = verify(bytes);
    expect(verified.signature.isTrusted).toBe(true);
    expect(verified).toMatchObject({ verdict: "signed-unknown-root", isTrusted: false });
    expect(verified.reasons[0]).toMatch(/^nobody vouches for the catalog that lists /);
  });

  test("is the first of two manifests of the package, as for an offer", () => {
    const bytes = labPackage({
      signing: null,
      compression: "none",
      beforePacking: (files) => {
        const manifest = Buffer.from(files.get("update.mum") ?? expect.fail()).toString();
        files.set("UPDATE.MUM", Buffer.from(manifest.replaceAll("6.3.9600.19456", "9.9.9999.99999")));
      },
    });
    expect(verify(bytes).identity?.version).toBe("6.3.9600.19456");
    expect(offersOf({ "a.cab": bytes }).offers[0]?.version).toBe("6.3.9600.19456");
  });

  test("stops nothing where a document cannot be read", () => {
    const verified = verify(
      labPackage({ beforePacking: change(".manifest", () => Buffer.from("<assembly")) }),
    );
    expect(problemsOf(verified)).toContain(
      `XML_MALFORMED ${verified.members.find(({ name }) => name.endsWith(".manifest"))?.name}`,
    );
    const broken = verify(
      labPackage({ beforePacking: change("update.cat", () => Buffer.from("no catalog")) }),
    );
    expect(broken.catalogs).toEqual([]);
    expect(problemsOf(broken)[0]).toMatch(/^(SIGNATURE_MALFORMED|CATALOG_NOT) update\.cat$/);
  });

  test("ends the reading of its folder where its data is damaged", () => {
    const bytes = labPackage({ signing: null });
    const at = Math.floor(bytes.length * 0.9);
    bytes.fill(0xff, at, at + 20);
    const verified = verify(bytes);
    expect(verified.members.some(({ sha256 }) => sha256 === null)).toBe(true);
    expect(verified).toMatchObject({ verdict: "unsigned", isTrusted: false });
    expect(verified.problems[0]?.code).toMatch(/^(MSZIP_CORRUPT|CAB_CHECKSUM)$/);
    expect(verified.reasons[0]).toMatch(/^not all of it could be read: amd64_/);
  });

  test("stored as a difference is held against nothing", () => {
    const deltas = (files: PackageFiles) => {
      files.set("_manifest_.cix.xml", Buffer.from("<Container/>"));
      files.set("0", Buffer.from("PA30"));
      change("/vmbus.sys", () => undefined)(files);
    };
    const verified = verify(labPackage({ beforePacking: deltas }));
    expect(problemsOf(verified)).toEqual(["PACKAGE_DELTAS undefined"]);
    expect(verified.isTrusted).toBe(true);
  });
});

describe("what holds packages", () => {
  const PACKAGE = labPackage();
  const NAME = icPackageFileName();

  test("is verified with each package in it", () => {
    const rollup = buildRollup({ packages: new Map([[NAME, PACKAGE]]) });
    const verified = verify(buildMsu({ cabinet: rollup }));
    expect(verified).toMatchObject({ kind: "cab", isTrusted: true, identity: null, catalogs: [] });
    const [update] = verified.packages;
    expect(update).toMatchObject({ path: "Windows8.1-KB5063950-x64.cab", verification: { isTrusted: true } });
    expect(update?.verification.packages).toMatchObject([
      { verification: { isTrusted: true, packages: [] } },
    ]);
  });

  test("is a disc without a signature of its own", () => {
    const packages = {
      amd64: new Map([[NAME, PACKAGE]]),
      x86: new Map([
        ["a.msi", buildMsi()],
        ["b.cab", Buffer.from("MZ")],
      ]),
    };
    const verified = verify(buildGuestDisc({ packages }));
    expect(verified).toMatchObject({ kind: "iso", verdict: "unsigned", isTrusted: false, members: [] });
    expect(
      verified.packages.map(({ path, verification }) => [path, verification.kind, verification.isTrusted]),
    ).toEqual([
      [`support/amd64/${NAME}`, "cab", true],
      ["support/x86/a.msi", "msi", false],
    ]);
    expect(problemsOf(verified)).toEqual(["PACKAGE_UNKNOWN b.cab"]);
  });

  test("is an MSI, which holds none: its signature is all there is", () => {
    expect(verify(buildSignedMsi())).toMatchObject({
      kind: "msi",
      isTrusted: true,
      members: [],
      packages: [],
    });
    expect(verify(buildMsi())).toMatchObject({ kind: "msi", verdict: "unsigned", isTrusted: false });
  });

  test("is not followed for ever", () => {
    let nested: Uint8Array = PACKAGE;
    for (let depth = 0; depth < 6; depth++) nested = packFiles(new Map([["inner.cab", nested]]));
    const deepest = (verified: PackageVerification): PackageVerification =>
      verified.packages[0] === undefined ? verified : deepest(verified.packages[0].verification);
    expect(problemsOf(deepest(verify(nested)))).toEqual(["OFFER_LIMIT inner.cab"]);
  });

  test("is a file of another kind with cabinets in it, of which nothing else is verified", () => {
    const setup = Buffer.concat([Buffer.from("MZ"), Buffer.alloc(99), PACKAGE]);
    const verified = verify(setup);
    expect(verified).toMatchObject({ kind: "cabinets", verdict: "unsigned", isTrusted: false, problems: [] });
    expect(verified.packages).toMatchObject([{ path: "cabinet-1.cab", verification: { isTrusted: true } }]);
  });

  test("is nothing that is neither cabinet nor disc nor MSI", () => {
    expect(() => verify(Buffer.from("MZ"))).toThrow(expect.objectContaining({ code: "PACKAGE_UNKNOWN" }));
  });
});
