import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { describe, expect, test } from "vitest";
import type { StreamedReport } from "../../src/audit/index.ts";
import { CSV_COLUMNS } from "../../src/report/formats/csv-columns.ts";
import { formatCsv } from "../../src/report/formats/index.ts";
import { FULL_IMAGE } from "./hostile-fields.ts";
import { brokenImage, guest, image, report } from "./reports.ts";

const csv = (any: StreamedReport) => [...formatCsv(any)].join("");

const rowsOf = (any: StreamedReport): Record<string, string>[] =>
  parse(csv(any), { bom: true, columns: true, record_delimiter: "\r\n" });

/** The cell of the hostname. */
const cellOf = (hostname: string) =>
  rowsOf(report(image({ guests: [guest({ os: { hostname } })] })))[0]?.["hostname"];

describe("the CSV", () => {
  test("has a row for each guest, and one for an image without guests", () => {
    const dual = image({ path: "dual.vhdx", guests: [guest(), guest({ volume: { index: 2 } })] });
    const rows = rowsOf(report(dual, brokenImage(), image({ path: "data.vhdx", guests: [] })));
    const gist = rows.map(({ image, volume, status, error_code: code }) => [image, volume, status, code]);
    expect(gist).toEqual([
      ["dual.vhdx", "1", "outdated", ""],
      ["dual.vhdx", "2", "outdated", ""],
      ["fleet/broken.vhdx", "", "", "VHDX_HEADERS_INVALID"],
      ["data.vhdx", "", "", ""],
    ]);
  });

  test("says in each column what the docs say of it", () => {
    expect(rowsOf(report(FULL_IMAGE))[0]).toMatchInlineSnapshot(`
      {
        "action": "stage-cab",
        "architecture": "x64",
        "data_exchange": "enabled",
        "error_code": "IO_READ",
        "error_message": "the disk is gone",
        "error_where": "volume 2",
        "finding_codes": "IC_SERVICE_MISSING | NTFS_LOG_UNREADABLE",
        "format": "vhdx",
        "host": "ws2012r2",
        "hostname": "WEB01",
        "ic_consistent": "false",
        "ic_source": "computed",
        "ic_version": "6.3.9600.16384",
        "image": "fleet/web01.vhdx",
        "kind": "differencing",
        "mechanism": "integration-services-disk",
        "offered": "vmguest.iso/support/x86/a.cab",
        "os_build": "7601",
        "os_edition": "ServerStandard",
        "os_family": "windows",
        "os_id": "ws2008r2",
        "os_name": "Windows Server 2008 R2 Standard",
        "os_revision": "24384",
        "os_service_pack": "1",
        "os_version": "6.1",
        "package": "Windows6.x-HyperVIntegrationServices-x64",
        "pending_servicing": "RebootPending",
        "reasons": "6.3.9600.16384 is older than 6.3.9600.19456, the newest version known for this guest",
        "role": "parent",
        "setup_state": "specialized",
        "sha2": "supported",
        "staging_state": "staged",
        "status": "outdated",
        "system_root": "Windows",
        "virtual_size": "42949672960",
        "volume": "1",
        "windows_update": "wsus",
      }
    `);
  });

  test("begins with a byte order mark, quotes text, leaves numbers bare and ends lines with CRLF", () => {
    const text = csv(report(image()));
    expect(text.startsWith('\ufeff"image","role",')).toBe(true);
    expect(text).toContain('"dynamic",42949672960,1,"Windows"');
    expect(text.endsWith('"\r\n') || text.endsWith(",\r\n")).toBe(true);
    expect(text.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
  });

  test("is a header alone where there are no images", () => {
    expect(csv(report()).trimEnd().split("\r\n")).toHaveLength(1);
  });

  test.each([
    ["=1+1", "'=1+1"],
    ["-1", "'-1"],
    ["+1", "'+1"],
    ["@SUM(1)", "'@SUM(1)"],
    ["  =1", "'  =1"],
    ['"=1', "'\"=1"],
    ["\uff1d1", "'\uff1d1"],
    ["\t=1", "\\x09=1"],
    ["a;=1; -2", "a;'=1;' -2"],
    ["WEB-01", "WEB-01"],
    ["a=b", "a=b"],
    ["a;b", "a;b"],
    ['say "x"', 'say "x"'],
    ["a,b", "a,b"],
    ["日本語版", "日本語版"],
    ["\u202egpj", "\\u202egpj"],
  ])("writes %j as %j", (hostname, expected) => {
    expect(cellOf(hostname)).toBe(expected);
  });

  test("writes pieces of a bounded size, not all at once", () => {
    const many = { ...report(), images: Array.from({ length: 1000 }, () => image()) };
    const pieces = [...formatCsv(many)];
    expect(pieces.length).toBeGreaterThan(10);
    expect(rowsOf(many)).toHaveLength(1000);
  });

  test("has its columns in the docs, in their order", () => {
    const page = readFileSync(join(import.meta.dirname, "../../docs/reports.md"), "utf8");
    const table = CSV_COLUMNS.map(({ name, describe }) => `| \`${name}\` | ${describe} |`).join("\n");
    expect(page).toContain(table);
  });
});
