import { describe, expect, test } from "vitest";
import type { Code } from "../../../src/errors.ts";
import type { PackageOffer } from "../../../src/policy/index.ts";
import { checkPackage } from "../../../src/staging/preconditions/package.ts";
import { BEFORE, NEWEST, offer, signedWith, TAMPERED, UNSIGNED } from "../../policy/offers.ts";
import { outcomeOf, targetOf, WISH } from "./targets.ts";

const win7 = targetOf({ windows: { release: "win7" } }).report;
const codesOf = (guest: typeof win7, given: PackageOffer) =>
  [...checkPackage(guest, given)].map(({ code }) => code);
const withSha2 = (sha2: typeof win7.sha2) => ({ ...win7, sha2 });

describe("a package for a Windows 7", () => {
  test.each<{ name: string; given: PackageOffer; codes: readonly Code[] }>([
    { name: "that serves it", given: offer("6.x", "x64", BEFORE), codes: [] },
    { name: "that is no newer than it has", given: offer("6.x", "x64", "6.1.7601.17514"), codes: [] },
    { name: "for 8", given: offer("6.2", "x64", BEFORE), codes: ["STAGE_PACKAGE_UNFIT"] },
    { name: "for x86", given: offer("6.x", "x86", BEFORE), codes: ["STAGE_PACKAGE_UNFIT"] },
    { name: "that is an MSI", given: offer("5.x", "x64", BEFORE), codes: ["STAGE_PACKAGE_UNFIT"] },
    {
      name: "of something else",
      given: offer("6.x", "x64", BEFORE, { isIntegrationServices: false }),
      codes: ["STAGE_PACKAGE_UNFIT"],
    },
    {
      name: "without a signature",
      given: offer("6.x", "x64", BEFORE, { signature: UNSIGNED }),
      codes: ["STAGE_PACKAGE_UNTRUSTED"],
    },
    {
      name: "that was changed",
      given: offer("6.x", "x64", BEFORE, { signature: TAMPERED }),
      codes: ["STAGE_PACKAGE_UNTRUSTED"],
    },
    {
      name: "that Microsoft signed as something else",
      given: offer("6.x", "x64", BEFORE, { signature: { ...signedWith("sha1"), isWindowsComponent: false } }),
      codes: ["STAGE_PACKAGE_UNTRUSTED"],
    },
    {
      name: "under a root that was given",
      given: offer("6.x", "x64", BEFORE, {
        signature: { ...signedWith("sha1"), verdict: "signed-unknown-root", isWindowsComponent: false },
      }),
      codes: [],
    },
  ])("$name: $codes", ({ given, codes }) => {
    expect(codesOf(withSha2("supported"), given)).toEqual(codes);
  });

  test.each<{ sha2: typeof win7.sha2; codes: readonly Code[] }>([
    { sha2: "supported", codes: [] },
    { sha2: "unknown", codes: ["STAGE_SHA2_UNKNOWN"] },
    { sha2: "missing", codes: ["SHA2_MISSING"] },
  ])("that is signed with SHA-2 only, where SHA-2 is $sha2: $codes", ({ sha2, codes }) => {
    expect(codesOf(withSha2(sha2), offer("6.x", "x64", NEWEST))).toEqual(codes);
  });
});

describe("Windows Update", () => {
  const onUpdate = { mechanism: "windows-update", requiresDataExchange: true } as const;
  const target = targetOf({ windows: { release: "ws2012r2" } });
  const given = (
    verdict: "windows-update" | "wsus" | "disabled" | "unknown",
    dataExchange = "enabled" as const,
  ) => ({
    ...target,
    report: {
      ...target.report,
      rule: { ...target.report.rule, ...onUpdate },
      windowsUpdate: { verdict, reasons: ["a reason"] },
      integrationServices: { ...target.report.integrationServices, dataExchange },
    },
  });

  test.each([
    { verdict: "windows-update", refusals: ["STAGE_WINDOWS_UPDATE"] },
    { verdict: "wsus", refusals: ["STAGE_WINDOWS_UPDATE"] },
    { verdict: "unknown", refusals: ["STAGE_WINDOWS_UPDATE"] },
    { verdict: "disabled", refusals: [] },
  ] as const)(
    "where the table names it, a guest with the verdict $verdict: $refusals",
    ({ verdict, refusals }) => {
      expect(outcomeOf(given(verdict))).toEqual({ refusals, warnings: [] });
    },
  );

  test("is ruled out by the user's word, and by no code that is allowed", () => {
    const update = { ...WISH.update, isNotOnWindowsUpdate: true };
    expect(outcomeOf(given("unknown"), { update }).refusals).toEqual([]);
    const allowed = new Set([...WISH.allowed, "STAGE_WINDOWS_UPDATE"]);
    expect(outcomeOf(given("unknown"), { allowed }).refusals).toEqual(["STAGE_WINDOWS_UPDATE"]);
  });
});
