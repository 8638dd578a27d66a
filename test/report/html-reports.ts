import type { AuditReport, GuestReport, ImageReport } from "../../src/audit/index.ts";
import { brokenImage, guest, image, report } from "./reports.ts";

/** What an image may say to leave the text it stands in: markup, scripts, quotations, and characters that hide. */
export const HOSTILE_TEXTS: readonly string[] = [
  "<script>window.pwned = 1</script>",
  "</script><script>window.pwned = 1</script>",
  "</style><style>* { display: none }</style>",
  "<img src=x onerror=window.pwned=1>",
  '"><img src="https://evil.example/x" onerror="window.pwned=1">',
  "'><svg onload=window.pwned=1>",
  '" onmouseover="window.pwned=1" x="',
  "<iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
  "</td></tr></table><h1>owned</h1>",
  "</details></title></textarea><base href=https://evil.example/>",
  "<!--",
  "-->",
  "<![CDATA[ ]]>",
  "&lt;script&gt; &amp;amp; &#60;",
  "{{window.pwned=1}} `window.pwned=1`",
  "javascript:window.pwned=1",
  "<a href=javascript:window.pwned=1 id=guests name=controls>x</a>",
  "<form id=controls><input name=q></form>",
  "<link rel=stylesheet href=https://evil.example/x.css>",
  "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
  "\u202egnp.exe\u202c \u2066abc\u2069 \u200f",
  "a\u0000b\u001b[31mred\u009b1m\u0007",
  "two\nlines\r\nand\u2028more\u2029",
  "\ud800 lone \udfff",
  "\ufeff\u200b\u00ad hidden \u{e0041}",
  "__proto__",
  "constructor",
];

/** Words of a fixed list, which no image writes. */
const FIXED =
  /^(?:status|action|state|family|id|role|fileSystem|format|kind|mechanism|alternative|start|severity|setupState|dataExchange|verdict|sha2|source|architecture|logState|partitionTable|trigger|generation|schema)$/;

/** A report in which every text that is free is one of `texts`: names, paths, places, reasons, findings, errors. */
export function filledReport(texts: readonly string[]): AuditReport {
  const kinds = [richImage(), { ...brokenImage(), findings: richImage().findings }, image({ guests: [] })];
  const images = texts.flatMap((text) => kinds.map((kind) => fill(kind, text)));
  return report(...images);
}

function fill<T>(value: T, text: string): T {
  if (Array.isArray(value))
    return value.map((item) => (typeof item === "string" ? text : fill(item, text))) as T;
  if (typeof value !== "object" || value === null) return value;
  const filled = Object.entries(value).map(([key, item]) => [
    key,
    typeof item === "string" && !FIXED.test(key) ? text : fill(item, text),
  ]);
  return Object.fromEntries(filled);
}

/** An image whose report has every part that there can be. */
function richImage(): ImageReport {
  const place = {
    volume: 1,
    path: "p",
    key: "k",
    value: "v",
    fileOffset: 1,
    image: "i",
    imageOffset: 2,
  };
  const service = { name: "n", displayName: "d", present: true, start: "demand" as const };
  const offered = { place: ["a"], name: "n", kind: "cab" as const, version: "v", digestAlgorithms: ["sha1"] };
  const staging: GuestReport["staging"] = {
    state: "failed",
    detail: "d",
    job: {
      id: "id",
      version: "v",
      packageName: "p",
      sha256: "s",
      trigger: "setup-mode",
      attempts: 1,
      maxAttempts: 3,
    },
    exitCode: 5,
    evidence: ["e"],
  };
  return image({
    guests: [
      {
        ...guest(),
        integrationServices: {
          version: "v",
          source: "computed",
          consistent: false,
          evidence: [{ source: "computed", where: "w", value: "v", place }],
          services: [service],
          drivers: [service],
          dataExchange: "enabled",
        },
        windowsUpdate: { verdict: "wsus", reasons: ["r"] },
        pendingServicing: ["p"],
        verdict: {
          status: "outdated",
          action: "stage-cab",
          package: "p",
          offered,
          passedOver: [{ place: ["a"], because: "rank", reason: "r" }],
          reasons: ["r"],
        },
        staging,
      },
    ],
    container: { chain: ["a", "b"] },
    findings: [{ code: "NTFS_DIRTY", severity: "error", message: "m", where: "w" }],
  });
}
