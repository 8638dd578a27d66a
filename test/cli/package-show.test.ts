import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { labFile } from "../lab/disc-tree.ts";
import {
  buildIcPackage,
  buildMsu,
  buildRollup,
  FEW_COMPONENTS,
  icPackageFileName,
} from "../lab/ic-package.ts";
import { buildIso } from "../lab/iso9660.ts";
import { buildMsi } from "../lab/msi.ts";
import { pemOf, THROW_AWAY } from "../lab/signing/index.ts";
import { cabinetOf, parseReport } from "./packages.ts";
import { run } from "./run.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-package-show-"));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, content);
  return path;
}

const NAME = icPackageFileName();
const PACKAGE = buildIcPackage({ components: FEW_COMPONENTS });
const ROOT = write("root.pem", pemOf(THROW_AWAY.root.certificate));
const DISC = write(
  "vmguest.iso",
  buildIso({
    tree: {
      support: { [NAME]: labFile(PACKAGE), "Windows5.x.msi": labFile(buildMsi()) },
      "a.txt": labFile("x"),
    },
    joliet: true,
  }).bytes,
);
const TEXT = write("text.cab", "no package");
const OTHER = write("other.cab", cabinetOf({ "readme.txt": "read me" }));

const show = (...argv: string[]) => run(["package", "show", ...argv]);

describe("package show", () => {
  test("says of each package what it is, for whom, with what, and by whom", async () => {
    const { code, stdout, stderr } = await show(DISC, "--trust-root", ROOT);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.replaceAll(DISC, "vmguest.iso")).toMatchInlineSnapshot(`
      "vmguest.iso/support/Windows6.x-HyperVIntegrationServices-x64.cab: integration services 6.3.9600.19456 for x64, signed-unknown-root, trusted through a root that was given
        package  Microsoft-Hyper-V-Integration-Services-Package (KB4072650)
        serves   Windows Vista Ultimate, Business, Enterprise, UltimateN, BusinessN, EnterpriseN, from 6.0.6000.16386
                 Windows Server 2008, from 6.0.6001.18000
                 Windows 7 and Server 2008 R2, from 6.1.7600.16385
        restart  required
        brings   wvmbus.inf, wstorvsc.inf, wvmic.inf 6.3.9600.19456
        signed   Throw-away Signer (SHA-256), 2024-02-29

      vmguest.iso/support/Windows5.x.msi: integration services 6.3.9600.16384 for x86, unsigned
        signed  the MSI has no signature
      "
    `);
  });

  test("says the same for programs", async () => {
    const { stdout } = await show(write("one.cab", PACKAGE), "--format", "json");
    const { schema, trustRoots, packages, findings } = parseReport("package-1", stdout);
    expect({ schema, trustRoots, findings }).toEqual({
      schema: "vmguest.package/1",
      trustRoots: [],
      findings: [],
    });
    expect(packages).toMatchObject([
      {
        path: join(folder, "one.cab"),
        place: [join(folder, "one.cab")],
        kind: "cab",
        isIntegrationServices: true,
        kb: "KB4072650",
        version: "6.3.9600.19456",
        architecture: "x64",
        restart: "required",
        signature: { verdict: "signed-unknown-root", isTrusted: false },
      },
    ]);
    expect(packages[0].serves).toHaveLength(3);
    expect(packages[0].updates.length).toBeGreaterThan(0);
  });

  test("finds the packages for guests in an update for the host, with the way to them", async () => {
    const rollup = buildRollup({ packages: new Map([[NAME, PACKAGE]]) });
    const msu = write("kb.msu", buildMsu({ cabinet: rollup }));
    const { packages } = parseReport("package-1", (await show(msu, "--format", "json")).stdout);
    expect(packages).toHaveLength(1);
    expect(packages[0].path).toMatch(/kb\.msu\/Windows8\.1-KB5063950-x64\.cab\/amd64_.*\/windows6\.x-hyperv/);
    // Other commands take the path as it is.
    const { code, stdout } = await run(["package", "list", packages[0].path]);
    expect(code).toBe(0);
    expect(stdout).toContain("update.mum");
  });

  test("takes a self-extractor, and the path that it prints is taken by other commands", async () => {
    const setup = write("ic.exe", Buffer.concat([Buffer.from("MZ"), PACKAGE]));
    const { code, stdout } = await show(setup);
    expect(code).toBe(0);
    expect(stdout).toContain(`${setup}/cabinet-1.cab: integration services`);
    for (const verb of ["list", "show"]) {
      expect((await run(["package", verb, `${setup}/cabinet-1.cab`])).code).toBe(0);
    }
  });

  test("searches folders, and says what in them is no package", async () => {
    write("folder/a.cab", PACKAGE);
    write("folder/b.cab", cabinetOf({ "readme.txt": "read me" }));
    write("folder/c.cab", "no cabinet");
    const { code, stdout, stderr } = await show(join(folder, "folder"));
    expect(code).toBe(3);
    expect(stdout).toContain("a.cab: integration services");
    expect(stderr).toMatch(/warning: .*b\.cab: .*\[OFFER_NONE\]/);
    expect(stderr).toMatch(/error: .*c\.cab: .*\[PACKAGE_UNKNOWN\]/);
  });

  test("ends with 0 where only something that is no package lies beside them", async () => {
    expect((await show(OTHER, DISC)).code).toBe(0);
  });

  test.each([
    { what: "what is no package", path: TEXT, code: 3, says: "[PACKAGE_UNKNOWN]" },
    { what: "a cabinet that holds none", path: OTHER, code: 3, says: "[OFFER_NONE]" },
    { what: "a path that is not there", path: join(folder, "absent"), code: 2, says: "[PATH_NOT_FOUND]" },
    {
      what: "a path that leads nowhere in a package",
      path: join(DISC, "absent"),
      code: 2,
      says: "[NOT_FOUND]",
    },
  ])("ends with $code for $what alone", async ({ path, code, says }) => {
    const outcome = await show(path);
    expect(outcome).toMatchObject({ code, stdout: "" });
    expect(outcome.stderr).toContain(says);
  });
});
