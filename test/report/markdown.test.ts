import { describe, expect, test } from "vitest";
import type { GateCondition, StreamedReport } from "../../src/audit/index.ts";
import { formatMarkdown } from "../../src/report/formats/index.ts";
import { RankedSection } from "../../src/report/formats/ranked-section.ts";
import { brokenImage, guest, image, report } from "./reports.ts";

const markdown = (any: StreamedReport, sizeMaxBytes?: number) =>
  [...formatMarkdown(any, sizeMaxBytes === undefined ? {} : { sizeMaxBytes })].join("");

const current = guest({ verdict: { status: "current", action: "none", reasons: ["it is the newest"] } });

const many = (count: number, of = current) =>
  Array.from({ length: count }, (_, index) => image({ path: `fleet/${index}.vhdx`, guests: [of] }));

describe("the Markdown of an audit", () => {
  test("has counts, guests with the worst first, reasons and findings", () => {
    const findings = [
      { code: "IC_SERVICE_MISSING", severity: "warning" as const, message: "vmicvss", where: "volume 1" },
    ];
    const fleet = report(
      image({ path: "fleet/base.vhdx", role: "parent", guests: [current] }),
      image({ path: "fleet/data.vhdx", guests: [] }),
      image({ findings }),
      brokenImage(),
    );
    expect(markdown(fleet)).toMatchInlineSnapshot(`
      "## Hyper-V integration services

      4 images, 1 parent among them, 2 guests, 1 could not be read.

      Judged for a Hyper-V host of Windows Server 2012 R2 (\`ws2012r2\`), by vmguest \`0.0.0\`.

      | Status | Guests |
      | --- | ---: |
      | current | 1 |
      | outdated | 1 |

      | To do | Guests |
      | --- | ---: |
      | none | 1 |
      | stage-cab | 1 |

      ### Guests

      | Status | Image | Guest | Integration services | Updated through | Action |
      | --- | --- | --- | --- | --- | --- |
      | error | \`fleet/broken.vhdx\` | could not be read | - | - | - |
      | outdated | \`fleet/web01.vhdx\` | \`Windows Server 2008 R2 Standard SP1 x64\`<br>\`WEB01, volume 1\` | \`6.3.9600.16384 (computed)\` | integration-services-disk | stage-cab |
      | current | \`fleet/base.vhdx\` (parent) | \`Windows Server 2008 R2 Standard SP1 x64\`<br>\`WEB01, volume 1\` | \`6.3.9600.16384 (computed)\` | integration-services-disk | none |
      | - | \`fleet/data.vhdx\` | no guest found | - | - | - |

      ### Reasons

      - error: \`fleet/broken.vhdx\`
        - \`neither header copy has a valid checksum [VHDX_HEADERS_INVALID]\`
        - \`Copy the image again from its source, or restore it from a backup.\`
      - outdated: \`fleet/web01.vhdx\`, \`WEB01, volume 1\`
        - \`6.3.9600.16384 is older than 6.3.9600.19456, the newest version known for this guest\`

      ### Findings

      - warning \`IC_SERVICE_MISSING\`: an integration service that this Windows brings along is absent
        - \`fleet/web01.vhdx\`: \`vmicvss (volume 1)\`
      "
    `);
  });

  test("says so where the host is newer than the tables", () => {
    const newer = { id: "ws2025", generation: "2016", extrapolated: true } as const;
    expect(markdown({ ...report(), host: newer })).toContain("newer than Microsoft's update tables");
  });

  test.each<{ forbidden: GateCondition[]; says: RegExp }>([
    {
      forbidden: ["outdated", "error"],
      says: /\n\n\*\*Gate failed\*\* by 2 images\. It forbids: outdated, error\.\n\n/,
    },
    { forbidden: ["no-guest"], says: /\*\*Gate failed\*\* by 1 image\. It forbids: no-guest\./ },
    { forbidden: ["missing"], says: /\*\*Gate passed\.\*\* No image is what it forbids: missing\./ },
    { forbidden: [], says: /^(?!.*Gate)/s },
  ])("says what the gate that forbids $forbidden makes of it", ({ forbidden, says }) => {
    const fleet = report(image(), brokenImage(), image({ guests: [] }));
    expect([...formatMarkdown(fleet, { forbidden: new Set(forbidden) })].join("")).toMatch(says);
  });

  test("has no heading without anything below it", () => {
    expect(markdown(report())).toMatchInlineSnapshot(`
      "## Hyper-V integration services

      0 images, 0 guests.

      Judged for a Hyper-V host of Windows Server 2012 R2 (\`ws2012r2\`), by vmguest \`0.0.0\`.
      "
    `);
  });

  test.each([1000, 10_000, 100_000])("keeps to %i bytes, and says what it leaves out", (sizeMaxBytes) => {
    const fleet = report(...many(2000), ...many(100, guest()), brokenImage());
    const text = markdown(fleet, sizeMaxBytes);
    // Head and counts have to stand there whatever the size.
    expect(Buffer.byteLength(text)).toBeLessThan(sizeMaxBytes + 1500);
    const rows = text.match(/^\| (error|outdated|current) \| `/gm) ?? [];
    const [, left = ""] = /There is no room for more rows: (.*)\.\*\*/.exec(text) ?? [];
    const leftOut = [...left.matchAll(/\d+/g)].reduce((sum, [count]) => sum + Number(count), 0);
    expect(rows.length + leftOut).toBe(2101);
    expect(leftOut).toBeGreaterThan(0);
    expect(text).toContain("`fleet/broken.vhdx`");
  });

  test("keeps to what GitHub takes", () => {
    const text = markdown(report(...many(8000, guest())));
    expect(Buffer.byteLength(text)).toBeLessThan(1024 * 1024);
    expect(text).toContain("There is no room for more rows");
  });

  test.each([
    ["a|b", "`a\\x7cb`"],
    ["a\\|b", "`a\\\\x7cb`"],
    ["`x`", "`\\x60x\\x60`"],
    ["<b>", "`<b>`"],
    ["@octocat", "`@octocat`"],
    ["", "(empty)"],
    ["a\nb", "`a\\x0ab`"],
  ])("writes the path %j as %s", (path, expected) => {
    expect(markdown(report(image({ path })))).toContain(`| outdated | ${expected} |`);
  });
});

describe("a section of bounded size", () => {
  test("keeps what is worst, whatever comes first, and counts the rest", () => {
    const section = new RankedSection(3, 10);
    for (const [rank, text] of [
      [2, "2222"],
      [1, "1111"],
      [0, "0000"],
      [2, "2222"],
      [0, "0000"],
      [1, "1111"],
    ] as const) {
      section.add(rank, text);
    }
    expect(section.choose()).toEqual({ texts: ["0000", "0000"], leftOut: [0, 2, 2] });
  });

  test("counts bytes, not characters", () => {
    const section = new RankedSection(1, 4);
    section.add(0, "ää");
    section.add(0, "a");
    expect(section.choose()).toEqual({ texts: ["ää"], leftOut: [1] });
  });
});
