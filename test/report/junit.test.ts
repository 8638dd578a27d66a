import { describe, expect, test } from "vitest";
import { GATE_CONDITIONS, type GateCondition } from "../../src/audit/index.ts";
import { formatJunit } from "../../src/report/formats/index.ts";
import { brokenImage, guest, image, report } from "./reports.ts";

const FLEET = report(
  image({
    findings: [
      {
        code: "IC_SERVICE_MISSING",
        severity: "warning",
        message: "vmicvss is absent",
        where: "fleet/web01.vhdx: volume 1",
      },
    ],
  }),
  image({
    path: "fleet/base.vhdx",
    role: "parent",
    guests: [
      guest({ verdict: { status: "current", action: "none", reasons: ["it is the newest version known"] } }),
      guest({ volume: { index: 2 }, verdict: { status: "unknown", reasons: ["no version was found"] } }),
    ],
  }),
  brokenImage(),
  image({ path: "fleet/data.vhdx", guests: [] }),
);

const junit = (forbidden?: readonly GateCondition[], fleet = FLEET) =>
  [...formatJunit(fleet, forbidden === undefined ? {} : { forbidden: new Set(forbidden) })].join("");

/** Each case as `name: element type`, or its name alone where it passed. */
const results = (xml: string) =>
  [...xml.matchAll(/<testcase [^>]*name="([^"]*)"[^>]*?(?:\/>|>([\s\S]*?)<\/testcase>)/g)].map(
    ([, name, inside = ""]) => {
      const [, element, type] = /<(failure|error|skipped) type="([^"]*)"/.exec(inside) ?? [];
      return element === undefined ? name : `${name}: ${element} ${type}`;
    },
  );

describe("the JUnit report", () => {
  test("has a suite for each image, with a case for it and one for each guest", () => {
    expect(junit()).toMatchInlineSnapshot(`
      "<?xml version="1.0" encoding="UTF-8"?>
      <testsuites name="vmguest audit" tests="7" failures="1" errors="1" time="0">
        <testsuite name="fleet/web01.vhdx" tests="2" failures="1" errors="0" skipped="0" time="0">
          <properties>
            <property name="host" value="ws2012r2"/>
            <property name="role" value="leaf"/>
          </properties>
          <testcase classname="vmguest.audit" name="fleet/web01.vhdx" time="0">
            <system-out>warning: vmicvss is absent (fleet/web01.vhdx: volume 1) [IC_SERVICE_MISSING]</system-out>
          </testcase>
          <testcase classname="vmguest.audit" name="fleet/web01.vhdx: volume 1, Windows" time="0">
            <failure type="outdated" message="outdated: Windows Server 2008 R2 Standard SP1 x64, WEB01, volume 1: 6.3.9600.16384 is older than 6.3.9600.19456, the newest version known for this guest">status: outdated; to do: stage-cab, Windows6.x-HyperVIntegrationServices-x64
      6.3.9600.16384 is older than 6.3.9600.19456, the newest version known for this guest</failure>
            <system-out>guest: Windows Server 2008 R2 Standard SP1 x64, WEB01, volume 1
      integration services: 6.3.9600.16384 (computed)</system-out>
          </testcase>
        </testsuite>
        <testsuite name="fleet/base.vhdx" tests="3" failures="0" errors="0" skipped="1" time="0">
          <properties>
            <property name="host" value="ws2012r2"/>
            <property name="role" value="parent"/>
          </properties>
          <testcase classname="vmguest.audit" name="fleet/base.vhdx" time="0"/>
          <testcase classname="vmguest.audit" name="fleet/base.vhdx: volume 1, Windows" time="0">
            <system-out>status: current; to do: none
      it is the newest version known
      guest: Windows Server 2008 R2 Standard SP1 x64, WEB01, volume 1
      integration services: 6.3.9600.16384 (computed)</system-out>
          </testcase>
          <testcase classname="vmguest.audit" name="fleet/base.vhdx: volume 2, Windows" time="0">
            <skipped type="unknown" message="unknown: no version was found"/>
            <system-out>status: unknown; to do: stage-cab, Windows6.x-HyperVIntegrationServices-x64
      no version was found
      guest: Windows Server 2008 R2 Standard SP1 x64, WEB01, volume 2
      integration services: 6.3.9600.16384 (computed)</system-out>
          </testcase>
        </testsuite>
        <testsuite name="fleet/broken.vhdx" tests="1" failures="0" errors="1" skipped="0" time="0">
          <properties>
            <property name="host" value="ws2012r2"/>
            <property name="role" value="leaf"/>
          </properties>
          <testcase classname="vmguest.audit" name="fleet/broken.vhdx" time="0">
            <error type="VHDX_HEADERS_INVALID" message="neither header copy has a valid checksum">fleet/broken.vhdx: VHDX header at 0x10000 [VHDX_HEADERS_INVALID]
      Copy the image again from its source, or restore it from a backup.</error>
          </testcase>
        </testsuite>
        <testsuite name="fleet/data.vhdx" tests="1" failures="0" errors="0" skipped="1" time="0">
          <properties>
            <property name="host" value="ws2012r2"/>
            <property name="role" value="leaf"/>
          </properties>
          <testcase classname="vmguest.audit" name="fleet/data.vhdx" time="0">
            <skipped type="no-guest" message="no guest was found in the image"/>
          </testcase>
        </testsuite>
      </testsuites>
      "
    `);
  });

  test("has the time of the audit where the report has it", () => {
    const xml = junit(undefined, { ...FLEET, timestamp: "2026-01-31T12:00:00.000Z" });
    expect(xml.match(/<testsuite [^>]*timestamp="2026-01-31T12:00:00.000Z"/g)).toHaveLength(4);
  });

  test.each<{ forbidden: GateCondition[] | undefined; bad: string[] }>([
    { forbidden: undefined, bad: ["fleet/web01.vhdx: volume 1, Windows: failure outdated"] },
    { forbidden: [], bad: [] },
    { forbidden: ["missing"], bad: [] },
    {
      forbidden: ["unknown", "outdated"],
      bad: [
        "fleet/web01.vhdx: volume 1, Windows: failure outdated",
        "fleet/base.vhdx: volume 2, Windows: failure unknown",
      ],
    },
    { forbidden: ["warning"], bad: ["fleet/web01.vhdx: failure warning"] },
    { forbidden: ["error"], bad: [] },
  ])("fails for $forbidden: $bad", ({ forbidden, bad }) => {
    const found = results(junit(forbidden));
    expect(found.filter((result) => result?.includes(": failure "))).toEqual(bad);
    expect(found).toContain("fleet/broken.vhdx: error VHDX_HEADERS_INVALID");
    expect(found).toContain("fleet/data.vhdx: skipped no-guest");
  });

  test("fails an image without a guest where that is forbidden, and one that could not be read for its error alone", () => {
    const found = results(junit(["no-guest"]));
    expect(found).toContain("fleet/data.vhdx: failure no-guest");
    expect(found).toContain("fleet/broken.vhdx: error VHDX_HEADERS_INVALID");
    expect(found.filter((result) => result?.includes(": failure "))).toHaveLength(1);
    expect(junit(["no-guest"])).toContain('message="no-guest: no guest was found in the image"');
  });

  test("says all conditions that a guest fulfils in one failure", () => {
    const sick = guest({ integrationServices: { consistent: false }, staging: { state: "failed" } });
    expect(results(junit(GATE_CONDITIONS, report(image({ guests: [sick] }))))).toEqual([
      "fleet/web01.vhdx",
      "fleet/web01.vhdx: volume 1, Windows: failure outdated,inconsistent,staging",
    ]);
  });

  test("names two guests of one place apart, so that no reader takes one for the other", () => {
    expect(results(junit([], report(image({ guests: [guest(), guest()] }))))).toEqual([
      "fleet/web01.vhdx",
      "fleet/web01.vhdx: volume 1, Windows",
      "fleet/web01.vhdx: volume 1, Windows, guest 1",
    ]);
  });
});
