import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { buildCabinetSet, SIGNATURE_ROOM } from "../lab/cab.ts";
import { labFile } from "../lab/disc-tree.ts";
import { buildIcPackage, buildMsu, FEW_COMPONENTS } from "../lab/ic-package.ts";
import { buildIso } from "../lab/iso9660.ts";
import { buildMsi } from "../lab/msi.ts";
import { pemOf, signCabinet, THROW_AWAY } from "../lab/signing/index.ts";
import { withRecord } from "../package/iso/iso-changes.ts";
import { cabinetOf, parseReport } from "./packages.ts";
import { run } from "./run.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-package-verify-"));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const ROOT = write("root.pem", `# a comment\n${pemOf(THROW_AWAY.root.certificate)}`);
const PACKAGE = { components: FEW_COMPONENTS };
const GOOD = write("good.cab", buildIcPackage(PACKAGE));
const UNSIGNED = write("unsigned.cab", buildIcPackage({ ...PACKAGE, signing: null }));
const CHANGED = write("changed.cab", flip(buildIcPackage(PACKAGE), 300));
const SWAPPED = write(
  "swapped.cab",
  buildIcPackage({
    ...PACKAGE,
    beforePacking: (files) => {
      const driver = [...files.keys()].find((name) => name.endsWith(".sys")) ?? "";
      files.set(driver, Buffer.from("another driver"));
    },
  }),
);
const DISC = write(
  "disc.iso",
  buildIso({
    tree: { support: { "a.cab": labFile(buildIcPackage(PACKAGE)) }, "b.txt": labFile("no package") },
    joliet: true,
  }).bytes,
);
const HALF = write(
  "half.iso",
  buildIso({
    tree: { "a.cab": labFile(buildIcPackage(PACKAGE)), "b.cab": labFile("MSCF") },
    joliet: true,
  }).bytes,
);
const LACKING = write(
  "lacking.cab",
  buildIcPackage({
    ...PACKAGE,
    beforePacking: (files) => {
      files.delete([...files.keys()].find((name) => name.endsWith(".sys")) ?? "");
    },
  }),
);

function flip(bytes: Uint8Array, at: number): Uint8Array {
  const changed = Uint8Array.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}

const verify = (...argv: string[]) => run(["package", "verify", ...argv]);

describe("the exit code of package verify", () => {
  test.each([
    { what: "a package under a root that is trusted", argv: [GOOD, "--trust-root", ROOT], code: 0 },
    { what: "the same package without it", argv: [GOOD], code: 1 },
    { what: "an unsigned package", argv: [UNSIGNED, "--trust-root", ROOT], code: 1 },
    { what: "a package that was changed", argv: [CHANGED, "--trust-root", ROOT], code: 1 },
    { what: "a package with a file that no catalog lists", argv: [SWAPPED, "--trust-root", ROOT], code: 1 },
    { what: "a good one and one that is not", argv: [GOOD, UNSIGNED, "--trust-root", ROOT], code: 1 },
    { what: "a disc with a good one", argv: [DISC, "--trust-root", ROOT], code: 0 },
    { what: "a disc with one that nobody vouches for", argv: [DISC], code: 1 },
    {
      what: "a disc with a good one and one that cannot be read",
      argv: [HALF, "--trust-root", ROOT],
      code: 1,
    },
    { what: "a package that lacks a file", argv: [LACKING, "--trust-root", ROOT], code: 1 },
    { what: "a package on a disc", argv: [`${DISC}/support/a.cab`, "--trust-root", ROOT], code: 0 },
  ])("is $code for $what", async ({ argv, code }) => {
    const outcome = await verify(...argv);
    expect({ code: outcome.code, stderr: outcome.stderr }).toEqual({ code, stderr: "" });
  });

  test("is 1 for an MSI without a signature", async () => {
    const { code, stdout } = await verify(write("ic.msi", buildMsi()));
    expect(code).toBe(1);
    expect(stdout).toContain("ic.msi: unsigned");
  });

  test("is 3 where a file is no package, whatever the others are", async () => {
    const { code, stdout, stderr } = await verify(write("text.cab", "text"), UNSIGNED);
    expect(code).toBe(3);
    expect(stdout).toContain("text.cab: could not be read [PACKAGE_UNKNOWN]");
    expect(stderr).toContain("[PACKAGE_UNKNOWN]");
  });

  test.each([
    { what: "a path that is not there", argv: [join(folder, "absent.cab")], says: "[PATH_NOT_FOUND]" },
    {
      what: "a root that is not there",
      argv: [GOOD, "--trust-root", join(folder, "absent.pem")],
      says: "[PATH_NOT_FOUND]",
    },
    { what: "a root that is no certificate", argv: [GOOD, "--trust-root", GOOD], says: "takes certificates" },
    { what: "a root that is a folder", argv: [GOOD, "--trust-root", folder], says: "takes certificates" },
  ])("is 2 for $what", async ({ argv, says }) => {
    const { code, stdout, stderr } = await verify(...argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(says);
  });

  test("is 0 for a self-extractor with a good one in it, and 1 without its root", async () => {
    const setup = write("ic.exe", Buffer.concat([Buffer.from("MZ"), buildIcPackage(PACKAGE)]));
    const { code, stdout } = await verify(setup, "--trust-root", ROOT, "--format", "json");
    expect(code).toBe(0);
    expect(parseReport("package-verification-1", stdout).packages).toMatchObject([
      { verification: { kind: "cabinets", packages: [{ path: "cabinet-1.cab" }] } },
    ]);
    const text = await verify(setup);
    expect(text.code).toBe(1);
    expect(text.stdout).toContain(`${setup}: file with cabinets in it, 0 of 1 packages in it trusted`);
  });

  test("is 1 for a cabinet of a set, whose parts are looked for beside it", async () => {
    const members = [{ name: "a", bytes: Buffer.alloc(40_000) }];
    const parts = buildCabinetSet([{ members }], {
      cuts: [{ folder: 0, block: 1, byte: 0 }],
      edit: (cabinet) => ({ ...cabinet, headerReserve: SIGNATURE_ROOM }),
    });
    for (const [name, part] of parts) write(name, signCabinet(part));
    const { code, stdout } = await verify(join(folder, "part1.cab"), "--trust-root", ROOT);
    expect(code).toBe(1);
    expect(stdout).toContain("it is one cabinet of a set");
    expect(stdout).not.toContain("CAB_SET_INCOMPLETE");
  });
});

describe("the report of package verify", () => {
  test("says of a disc that not all of it could be read", async () => {
    const { stdout } = await verify(HALF, "--trust-root", ROOT);
    expect(stdout).toContain("1 of 1 packages on it trusted, and not all of it could be read\n");
  });

  test("has the verdict first, and what it rests on", async () => {
    const { stdout } = await verify(GOOD, "--trust-root", ROOT);
    expect(stdout.replaceAll(GOOD, "good.cab")).toMatchInlineSnapshot(`
      "good.cab: signed-unknown-root, trusted through a root that was given
        package    Microsoft-Hyper-V-Integration-Services-Package 6.3.9600.19456
        because    sha256 signature of Throw-away Signer: valid under Throw-away Root, an anchor that was given, signed 2024-
                   02-29T12:34:56.000Z by the word of Throw-away Timestamper
                   whether a certificate was revoked is not checked: that needs the network
        signature  Throw-away Signer, issued by Throw-away Code Signing CA; SHA-256; time stamp 2024-02-29T12:34:56.000Z
                   (rfc3161, Throw-away Timestamper); chain ends at Throw-away Root (given, 0915b8289780cb7d...)
        catalog    update.cat: signed-unknown-root, trusted through a root that was given, 20 digests
        files      21 in all, 20 as trusted catalogs list them, 16 as manifests list them
      "
    `);
  });

  test("takes a root as DER as well", async () => {
    const der = write("root.cer", THROW_AWAY.root.certificate);
    expect((await verify(GOOD, "--trust-root", der)).code).toBe(0);
  });

  test("names the file that is not what it was", async () => {
    const { stdout } = await verify(SWAPPED, "--trust-root", ROOT);
    expect(stdout).toContain("swapped.cab: tampered");
    expect(stdout.replaceAll(/\s+/g, "")).toMatch(/\.sysisnotthefilethatwaslisted/);
  });

  test("sums a disc up, and has each package on it", async () => {
    const { stdout } = await verify(DISC, "--trust-root", ROOT);
    expect(stdout).toContain(`${DISC}: disc image, 1 of 1 packages on it trusted\n`);
    expect(stdout).toContain(`${DISC}/support/a.cab: signed-unknown-root, trusted through a root`);
  });

  test("has every member for programs, with problems that say where they are", async () => {
    const { stdout } = await verify(SWAPPED, "--trust-root", ROOT, "--format", "json");
    const { schema, trustRoots, packages } = parseReport("package-verification-1", stdout);
    expect({ schema, trustRoots }).toEqual({ schema: "vmguest.package-verification/1", trustRoots: [ROOT] });
    const [{ verification, ...rest }] = packages;
    expect(rest).toEqual({ path: SWAPPED, error: null });
    expect(verification).toMatchObject({ kind: "cab", verdict: "tampered", isTrusted: false });
    const driver = verification.members.find(
      ({ catalog }: { catalog: string }) => catalog === "contradicted",
    );
    expect(driver).toMatchObject({ manifest: "contradicted", sizeBytes: 14 });
    expect(verification.problems[0]).toMatchObject({
      severity: "error",
      where: `${SWAPPED}: ${driver.name}`,
    });
  });

  test("has those of packages inside of others below them", async () => {
    const msu = write("kb.msu", buildMsu({ cabinet: buildIcPackage(PACKAGE) }));
    const { stdout } = await verify(msu, "--trust-root", ROOT, "--format", "json");
    expect(parseReport("package-verification-1", stdout).packages).toMatchObject([
      {
        path: msu,
        verification: { packages: [{ path: "Windows8.1-KB5063950-x64.cab", verification: { kind: "cab" } }] },
      },
    ]);
  });
});

describe("package verify --integrity-only", () => {
  const integrity = (...argv: string[]) => verify("--integrity-only", ...argv);
  const stored = cabinetOf({ first: "a".repeat(1000), second: "b".repeat(1000) }, { isStored: true });
  const damaged = write("damaged.cab", flip(stored, stored.length - 5));
  const SOUND = write("sound.cab", stored);

  test("says what is sound, however it is signed", async () => {
    expect(await integrity(SOUND)).toMatchObject({
      code: 0,
      stdout: `${SOUND}: sound, 2 files, 2000 bytes\n`,
      stderr: "",
    });
    expect((await integrity(UNSIGNED, GOOD)).code).toBe(0);
  });

  test("says what is damaged, with exit code 3", async () => {
    const { code, stdout, stderr } = await integrity(damaged, SOUND);
    expect(code).toBe(3);
    expect(stdout).toContain(`${damaged}: damaged in 1 place, sound are 1 file, 1000 bytes\n`);
    expect(stdout).toContain(`${SOUND}: sound`);
    expect(stderr).toContain(`${damaged}: second: `);
    expect(stderr).toContain("[CAB_CHECKSUM]");
  });

  test("has the same for programs", async () => {
    const { stdout } = await integrity(damaged, "--format", "json");
    expect(JSON.parse(stdout)).toEqual({
      schema: "vmguest.package-integrity/1",
      packages: [
        {
          path: damaged,
          kind: "cab",
          cabinets: 1,
          files: 1,
          bytes: 1000,
          damage: [
            expect.objectContaining({ code: "CAB_CHECKSUM", where: expect.stringContaining("second") }),
          ],
          error: null,
        },
      ],
    });
  });

  test("unpacks the cabinets on a disc, and in any other file", async () => {
    const tree = {
      "a.bin": labFile(flip(stored, stored.length - 5)),
      "b.cab": labFile(stored),
    };
    const disc = write("damaged.iso", buildIso({ tree, joliet: true }).bytes);
    const setup = write("setup.exe", Buffer.concat([Buffer.from("MZ"), stored]));
    const { code, stdout } = await integrity(disc, setup);
    expect(code).toBe(3);
    expect(stdout).toContain(`${disc}: damaged in 1 place, sound are 3 files`);
    expect(stdout).toContain(`${setup}: sound, 2 files, 2000 bytes`);
  });

  test("does not call a cabinet sound that is longer than its file", async () => {
    const longer = Uint8Array.from(stored);
    new DataView(longer.buffer).setUint32(8, stored.length + 1000, true);
    const { code, stdout, stderr } = await integrity(write("longer.cab", longer));
    expect(code).toBe(3);
    expect(stdout).toContain("damaged in 1 place, sound are 2 files, 2000 bytes");
    expect(stderr).toContain("[CAB_TRUNCATED]");
  });

  test("goes on behind a file of a disc that cannot be read, and says which", async () => {
    const tree = {
      "A.CAB": labFile(stored),
      "B.CAB": labFile(stored.slice(0, 40)),
      "C.CAB": labFile(stored),
    };
    const broken = withRecord("A.CAB", { block: 0xffff_ffff }, buildIso({ tree }));
    const { code, stdout, stderr } = await integrity(write("broken.iso", broken));
    expect(code).toBe(3);
    expect(stdout).toContain("damaged in 2 places, sound are 2 files, 2000 bytes");
    expect(stderr).toMatch(/broken\.iso: A\.CAB: .*\n.*\[DISC_TRUNCATED\]/);
    expect(stderr).toMatch(/broken\.iso: B\.CAB: .*\n.*\[CAB_/);
  });

  test("has nothing to say of an MSI, and 3 for what is no package", async () => {
    expect(await integrity(write("x.msi", buildMsi()))).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("holds no cabinet, so that there is nothing to check"),
    });
    expect((await integrity(write("x.cab", "text"))).stdout).toContain("could not be read [PACKAGE_UNKNOWN]");
  });
});
