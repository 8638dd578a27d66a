import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { identifyWindows, type OsTraits } from "../../src/guest/windows/os-id.ts";

const traits = (
  version: string,
  build: number,
  isServer: boolean,
  more: Partial<OsTraits> = {},
): OsTraits => ({
  version,
  build,
  isServer,
  edition: null,
  name: null,
  ...more,
});

describe("a Windows is told by version, build and product type", () => {
  test.each([
    { id: "xp", of: traits("5.1", 2600, false) },
    { id: "xp", of: traits("5.2", 3790, false, { name: "Microsoft Windows XP Professional x64 Edition" }) },
    { id: "ws2003", of: traits("5.2", 3790, true, { name: "Microsoft Windows Server 2003" }) },
    { id: "ws2003r2", of: traits("5.2", 3790, true, { name: "Microsoft Windows Server 2003 R2" }) },
    { id: "vista", of: traits("6.0", 6002, false) },
    { id: "ws2008", of: traits("6.0", 6003, true) },
    { id: "ws2008", of: traits("6.0", 6002, true, { edition: "ServerSBSStandard" }) },
    { id: "win7", of: traits("6.1", 7601, false) },
    { id: "ws2008r2", of: traits("6.1", 7601, true, { edition: "ServerStandard" }) },
    { id: "win8", of: traits("6.2", 9200, false) },
    { id: "ws2012", of: traits("6.2", 9200, true) },
    { id: "win8.1", of: traits("6.3", 9600, false) },
    { id: "ws2012r2", of: traits("6.3", 9600, true) },
    { id: "win10", of: traits("10.0", 10240, false) },
    { id: "win10", of: traits("10.0", 19045, false) },
    { id: "win11", of: traits("10.0", 22000, false, { name: "Windows 10 Pro" }) },
    { id: "win11", of: traits("10.0", 26200, false) },
    { id: "ws2016", of: traits("10.0", 14393, true) },
    { id: "ws2019", of: traits("10.0", 17763, true) },
    { id: "ws2022", of: traits("10.0", 20348, true) },
    { id: "ws2025", of: traits("10.0", 26100, true) },
    ...[16299, 17134, 18362, 18363, 19041, 19042, 25398].map((build) => ({
      id: "ws-sac",
      of: traits("10.0", build, true),
    })),
    { id: "unknown", of: traits("10.0", 29000, true) },
    { id: "unknown", of: traits("5.0", 2195, false) },
    { id: "unknown", of: traits("5.1", 2600, true) },
    { id: "unknown", of: traits("constructor", 1, true) },
    { id: "unknown", of: { ...traits("10.0", 0, true), build: null } },
    { id: "unknown", of: traits("6.3", 19045, false) },
    { id: "unknown", of: traits("6.3", 17763, true) },
    { id: "unknown", of: { ...traits("6.3", 0, true), build: null } },
    { id: "unknown", of: { ...traits("6.3", 9600, true), version: null } },
    { id: "unknown", of: { ...traits("6.3", 9600, true), isServer: undefined } },
  ])("$id is $of.version, build $of.build, server $of.isServer", ({ id, of }) => {
    expect(identifyWindows(of)).toEqual({ id, isCertain: true });
  });

  test.each([
    { edition: "ServerHomePremium", name: "Windows Home Server 2011", id: "whs2011", isCertain: true },
    { edition: "ServerHomePremium", name: "Windows Server 2008 R2", id: "whs2011", isCertain: false },
    {
      edition: "ServerSolution",
      name: "Windows Small Business Server 2011 Essentials",
      id: "sbs2011",
      isCertain: true,
    },
    {
      edition: "ServerSBSStandard",
      name: "Windows Small Business Server 2011 Standard",
      id: "sbs2011",
      isCertain: true,
    },
    { edition: "ServerSBSStandard", name: null, id: "sbs2011", isCertain: false },
    { edition: "constructor", name: null, id: "ws2008r2", isCertain: true },
  ])(
    "the 6.1 server edition $edition called $name is $id, certain $isCertain",
    ({ edition, name, id, isCertain }) => {
      expect(identifyWindows(traits("6.1", 7601, true, { edition, name }))).toEqual({ id, isCertain });
    },
  );

  test("whatever the traits are, there is an id", () => {
    const nullable = <T>(any: fc.Arbitrary<T>) => fc.option(any);
    const anyTraits = fc.record({
      version: nullable(fc.string()),
      build: nullable(fc.integer()),
      isServer: fc.option(fc.boolean(), { nil: undefined }),
      edition: nullable(fc.string()),
      name: nullable(fc.string()),
    });
    fc.assert(
      fc.property(anyTraits, (any) => {
        expect(identifyWindows(any).id).toBeTypeOf("string");
      }),
    );
  });
});
