import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ImageReport, StreamedReport } from "../../src/audit/index.ts";
import { formatHtml, type HtmlOptions } from "../../src/report/html/index.ts";
import { escapeText, html } from "../../src/report/html/markup.ts";
import { makeVisible } from "../../src/report/visible-text.ts";
import { filledReport, HOSTILE_TEXTS } from "./html-reports.ts";
import { brokenImage, guest, image, report } from "./reports.ts";
import { libraryReport } from "./varied-reports.ts";

const pageOf = (shown: StreamedReport, options?: HtmlOptions) => [...formatHtml(shown, options)].join("");

/** What a reader without style and script would see, on one line. */
const textOf = (page: string) =>
  page
    .replaceAll(/<(script|style)>[\s\S]*?<\/\1>/g, "")
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/\s+/g, " ");

/** Every tag with the names of its attributes, in order: the structure of a page without its text. */
const skeletonOf = (page: string) =>
  [...page.replaceAll(/<(script|style)>[\s\S]*?<\/\1>/g, "").matchAll(/<([^>]*)>/g)].map(([, tag = ""]) =>
    tag.replaceAll(/="[^"]*"/g, ""),
  );

describe("the page", () => {
  const page = pageOf(libraryReport(20));

  test("is an HTML document that says its language, its encoding and how wide it may be", () => {
    expect(page).toMatch(/^<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">/);
    expect(page).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
    expect(page).toContain('<meta name="color-scheme" content="light dark">');
    expect(page).toContain("<title>vmguest audit: 20 images, host ws2012r2</title>");
    expect(page.endsWith("</body>\n</html>\n")).toBe(true);
  });

  test.each(["script", "style"])("lets no other %s do anything than the one it brings", (element) => {
    const texts = [...page.matchAll(new RegExp(`<${element}[^>]*>([\\s\\S]*?)</${element}>`, "g"))];
    expect(texts).toHaveLength(1);
    const hash = createHash("sha256")
      .update(texts[0]?.[1] ?? "")
      .digest("base64");
    const policy = page.match(/Content-Security-Policy" content="([^"]*)"/)?.[1] ?? "";
    expect(policy).toMatch(/^default-src &#39;none&#39;; /);
    expect(policy).toContain(`${element}-src &#39;sha256-${hash}&#39;;`);
  });

  test("names no place to load anything from, and styles no element by attribute", () => {
    expect(page.match(/(?<=\s)(?:src|href|action|srcset|poster|data)="[^"]*"/g)).toEqual([
      'href="data:,"',
      'href="#guests-title"',
    ]);
    expect(page).not.toMatch(/<[^>]* (?:style|on[a-z]+)=/);
  });

  test("closes every element that it opens, in order", () => {
    const open: string[] = [];
    const isVoid = /^(?:meta|link|input|br|!DOCTYPE)\b|\/$/;
    for (const tag of skeletonOf(page)) {
      if (isVoid.test(tag)) continue;
      const name = tag.split(" ")[0] ?? "";
      if (name.startsWith("/")) expect(open.pop()).toBe(name.slice(1));
      else open.push(name);
    }
    expect(open).toEqual([]);
  });

  test("has headings without gaps between their levels", () => {
    const levels = [...page.matchAll(/<h([1-6])/g)].map(([, level]) => Number(level));
    expect(levels[0]).toBe(1);
    expect(levels.filter((level, index) => level > (levels[index - 1] ?? 1) + 1)).toEqual([]);
  });

  test("is the same for the same report", () => {
    expect(pageOf(libraryReport(20))).toBe(page);
  });
});

describe("the pieces", () => {
  test("are one for what is above the rows, one for each row, and one for the end", () => {
    const shown = report(image({ guests: [guest(), guest()] }), brokenImage(), image({ guests: [] }));
    const rows = [...formatHtml(shown)].map((piece) => (piece.match(/<tbody data-status/g) ?? []).length);
    expect(rows).toEqual([0, 1, 1, 1, 1, 0]);
  });

  test("take the images twice, one at a time", () => {
    let beginnings = 0;
    let taken = 0;
    const images: Iterable<ImageReport> = {
      *[Symbol.iterator]() {
        beginnings++;
        for (let index = 0; index < 50; index++) {
          taken++;
          yield image({ path: `${index}.vhdx` });
        }
      },
    };
    const pieces = formatHtml({ ...report(), images });
    pieces.next();
    expect(beginnings).toBe(1);
    expect(taken).toBe(50);
    pieces.next();
    expect([beginnings, taken]).toEqual([2, 51]);
  });
});

describe("the head", () => {
  test.each([
    { shown: report(), says: "Judged for a Hyper-V host of Windows Server 2012 R2 (ws2012r2)." },
    {
      shown: { ...report(), host: { id: "ws2025", generation: "2016", extrapolated: true } },
      says: "Windows Server 2025 (ws2025), which is newer than Microsoft's update tables: by those for 2016 and later.",
    },
    { shown: report(), says: "vmguest 0.0.0" },
    { shown: { ...report(), timestamp: "2026-03-01T08:30:00.000Z" }, says: "2026-03-01T08:30:00.000Z" },
    {
      shown: { ...report(), shard: { index: 1, count: 3, total: 90, batch: "5e".repeat(32), positions: [] } },
      says: "shard 2 of 3, which have 90 images together",
    },
  ] as const)("says $says", ({ shown, says }) => {
    const text = textOf(pageOf(shown)).replaceAll("&#39;", "'");
    expect(text.replaceAll(/ (?=[.,])/g, "")).toContain(says);
  });
});

describe("figures and charts", () => {
  const old = guest({ verdict: { status: "outdated" } });
  const fresh = guest({ verdict: { status: "current", action: "none" } });
  const other = guest({
    os: { id: "ws2019", name: "Windows Server 2019 Standard" },
    integrationServices: { version: "10.0.17763.1" },
    verdict: { status: "current", action: "none" },
  });
  const page = pageOf(report(image({ guests: [old, fresh] }), image({ guests: [other] }), brokenImage()));

  test("count the rows by their status, with what could not be read", () => {
    expect(textOf(page)).toContain(
      "At a glance Images 3 Guests 3 not readable 1 25% outdated 1 25% current 2 50%",
    );
  });

  test("say as text how many guests of a system have which status", () => {
    const text = textOf(page);
    expect(text).toContain(
      "Guest system outdated current guests Windows Server 2008 R2 1 1 2 Windows Server 2019 0 1 1",
    );
    expect(text).toContain("Version guests 10.0.17763.1 1 6.3.9600.16384 2");
    expect(text).toContain("Action guests none 2 stage-cab 1");
  });

  test("draw each status with the part it has of the longest bar", () => {
    const bars = page.match(/<tr><th scope="row">Windows Server [\s\S]*?<\/svg>/g) ?? [];
    const rects = bars.map((bar) => [...bar.matchAll(/fill-([a-z-]+)" x="([^"]*)" width="([^"]*)"/g)]);
    expect(rects.map((parts) => parts.map((part) => part.slice(1)))).toEqual([
      [
        ["outdated", "0%", "50%"],
        ["current", "50%", "50%"],
      ],
      [["current", "0%", "50%"]],
    ]);
  });

  test("show the most frequent of very many versions, and count the rest", () => {
    const versions = Array.from({ length: 30 }, (_, index) => `10.0.17763.${index + 1}`);
    const guests = [...versions, "10.0.17763.7"].map((version) =>
      guest({ integrationServices: { version } }),
    );
    const none = guest({ integrationServices: { version: null, source: "none" } });
    const text = textOf(pageOf(report(image({ guests: [...guests, none] }))));
    expect(text).toContain("10.0.17763.7 2");
    expect(text).toContain("none found 1 14 other versions 14");
  });

  test("are left out where there is nothing to draw", () => {
    const empty = pageOf(report(image({ guests: [] })));
    expect(empty).not.toContain("Distribution");
    expect(textOf(empty)).toContain("no guest 1 100%");
    expect(textOf(pageOf(report()))).toContain("Images 0 Guests 0");
  });
});

describe("the gate", () => {
  const shown = report(
    image(),
    brokenImage(),
    image({ guests: [guest({ verdict: { status: "current" } })] }),
  );

  test.each([
    {
      forbidden: ["outdated", "error"],
      says: "Gate failed by 2 images. It forbids: outdated, error.",
      rows: 2,
    },
    { forbidden: ["outdated"], says: "Gate failed by 1 image. It forbids: outdated.", rows: 1 },
    { forbidden: ["missing"], says: "Gate passed. No image is what it forbids: missing.", rows: 0 },
  ] as const)("says $says", ({ forbidden, says, rows }) => {
    const page = pageOf(shown, { forbidden: new Set(forbidden) });
    expect(textOf(page).replaceAll(/ (?=[.,])/g, "")).toContain(says);
    expect(page.match(/<tbody [^>]* data-gate>/g) ?? []).toHaveLength(rows);
    expect(page.match(/Fails the gate, which forbids/g) ?? []).toHaveLength(rows);
  });

  test("is failed by an image without a guest where that is forbidden", () => {
    const empty = report(image({ guests: [] }), image(), brokenImage());
    const page = pageOf(empty, { forbidden: new Set(["no-guest"]) });
    expect(page.match(/<tbody data-status="no-guest" data-gate>/g)).toHaveLength(1);
    expect(page.match(/<tbody [^>]*data-gate>/g)).toHaveLength(1);
  });

  test("is not spoken of where nothing is forbidden", () => {
    expect(textOf(pageOf(shown))).not.toMatch(/gate/i);
  });
});

describe("a row", () => {
  const line = (...images: ImageReport[]) => textOf([...formatHtml(report(...images))][1] ?? "");

  test("has what the report says of a guest", () => {
    expect(line(image())).toContain(
      "fleet/ web01.vhdx leaf outdated Windows Server 2008 R2 Standard SP1 x64 WEB01 6.3.9600.16384 computed integration-services-disk stage-cab",
    );
  });

  test.each([
    {
      of: "an image that could not be read",
      shown: brokenImage(),
      says: "broken.vhdx leaf not readable could not be read",
    },
    {
      of: "an image without guests",
      shown: image({ guests: [] }),
      says: "web01.vhdx leaf no guest no guest found",
    },
    { of: "a parent", shown: image({ role: "parent" }), says: "web01.vhdx parent outdated" },
    {
      of: "a guest without a version",
      shown: image({ guests: [guest({ integrationServices: { version: null, source: "none" } })] }),
      says: "WEB01 none found integration-services-disk",
    },
    {
      of: "a guest whose sources disagree",
      shown: image({ guests: [guest({ integrationServices: { consistent: false } })] }),
      says: "6.3.9600.16384 disputed",
    },
  ])("tells of $of", ({ shown, says }) => {
    expect(line(shown)).toContain(says);
  });

  test("has behind it why, where from, and what can be done", () => {
    const broken = line(brokenImage());
    expect(broken).toContain(
      "neither header copy has a valid checksum VHDX_HEADERS_INVALID Copy the image again",
    );
    expect(broken).toContain("fleet/broken.vhdx: VHDX header at 0x10000");
    const [piece = ""] = [...formatHtml(libraryReport(1))].slice(1);
    const text = textOf(piece);
    expect(text).toContain("Why ");
    expect(text).toContain("volume 1: Windows/System32/drivers/vmbus.sys: VS_FIXEDFILEINFO at 0x17080");
    expect(text).toContain("automatic, services Hyper-V Data Exchange Service vmickvpexchange");
    expect(text).toContain("absent, services Hyper-V PowerShell Direct Service vmicvmsession");
  });

  test("lists fifty of very many reasons and says how many more there are", () => {
    const pendingServicing = Array.from({ length: 400 }, (_, index) => `reason number ${index}.`);
    const text = line(image({ guests: [guest({ pendingServicing })] }));
    expect(text.match(/reason number/g)).toHaveLength(50);
    expect(text).toContain("and 350 more, which the JSON report lists");
  });

  test("lists ten findings of a code and says how many more there are", () => {
    const findings = Array.from({ length: 25 }, (_, index) => ({
      code: "NTFS_DIRTY",
      severity: "warning" as const,
      message: `finding number ${index}.`,
      where: "volume 1",
    }));
    const text = line(image({ findings }));
    expect(text.match(/finding number/g)).toHaveLength(10);
    expect(text).toContain("and 15 more of NTFS_DIRTY");
    expect(text).toContain("25 warning");
  });
});

describe("text from an image", () => {
  test.each(HOSTILE_TEXTS)("changes nothing of the page's structure: %j", (text) => {
    const forbidden = new Set(["outdated", "error"] as const);
    const plain = pageOf(filledReport(["plain"]), { forbidden });
    const hostile = pageOf(filledReport([text]), { forbidden });
    expect(skeletonOf(hostile)).toEqual(skeletonOf(plain));
    expect(hostile.replaceAll("\n", "")).toBe(makeVisible(hostile.replaceAll("\n", "")));
  });

  test("is escaped so that it reads as it is, and can neither end a tag nor a quotation", () => {
    const entities: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', "#39": "'" };
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const escaped = escapeText(text);
        expect(escaped).not.toMatch(/[<>"']/);
        const read = escaped.replaceAll(/&([^;]*);/g, (_, name: string) => entities[name] ?? "?");
        expect(read).toBe(makeVisible(text));
      }),
    );
  });

  test("is markup only where a template made it", () => {
    const inner = html`<b title="${'"'}">${"<i>"}</b>`;
    expect(html`${inner}${["&", inner]}${undefined}${7}`.toString()).toBe(
      '<b title="&quot;">&lt;i&gt;</b>&amp;<b title="&quot;">&lt;i&gt;</b>7',
    );
  });

  test("is cut where it is no name any more", () => {
    const os = { hostname: "x".repeat(100_000), name: "y".repeat(100_000) };
    const page = pageOf(report(image({ guests: [guest({ os })] })));
    expect(page).toContain("xxx... (100000 characters)");
    expect(page).not.toMatch(/x{121}|y{121}/);
  });
});
