import { type AuditReport, assembleReport, type ImageReport } from "../../src/audit/index.ts";
import { guest, image } from "./reports.ts";

/** Text that some reader of a report would obey instead of show. */
export const HOSTILE: readonly (readonly [what: string, text: string])[] = [
  ["an escape sequence", "\x1b[2J\x1b]8;;https://evil.example\x07click\x1b]8;;\x07"],
  ["an escape sequence of C1", "\u009b31mred\u009d0;title\u009c"],
  ["NUL", "a\0b"],
  ["backspaces", "outdated\b\b\b\b\b\b\b\bcurrent"],
  ["a forged line", 'ok"\r\n"forged","row"\n| forged | row |\n{"type":"summary"}\n'],
  ["vertical tabs and form feeds", "\ta\vb\fc\u0085d"],
  ["line separators", "a\u2028b\u2029c"],
  ["bidirectional controls", "\u202egpj.exe\u202c\u2066x\u2069"],
  ["invisible characters", "\u200b\u2060\ufeff\u00ad\u3164"],
  ["tag characters", "a\u{e0041}\u{e007f}"],
  ["a high surrogate alone", "a\ud800"],
  ["a low surrogate alone", "\udc00b"],
  ["noncharacters", "\ufffe\uffff"],
  ["a script", '<script>alert("1")</script>'],
  ["an image that loads", "<img src=x onerror=alert(1)>&lt;b&gt;"],
  ["an HTML comment", "--><b>x</b><!-- </details>"],
  ["the end of a CDATA section", "]]><failure/>"],
  ["an entity", '<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>&y;&#0;'],
  ["a quote", `'"><testcase name="x"/>`],
  ["a formula", "=cmd|' /C calc'!A0"],
  ["a formula with plus", "+1+1"],
  ["a formula with minus", "-2+3+cmd|'x'!A0"],
  ["a formula with at", "@SUM(1+1)"],
  ["a formula behind spaces", "  \u00a0=1+1"],
  ["a formula behind a tab", "\t=1+1"],
  ["a formula behind a carriage return", "\r=1+1"],
  ["a formula behind quotes", '"\'"=1+1'],
  ["a formula in full width", "\uff1d1\uff0b1"],
  ["a formula of small forms", "\ufe661\ufe621"],
  ["a formula in the next cell", 'a;=1+1;"=2+2;\t@x'],
  ["a hyperlink formula", '=HYPERLINK("https://evil.example","click")'],
  ["a pipe", "a|b \\| c \\\\| d"],
  ["backticks", "`` ` ``` ``a`"],
  ["a backslash at the end", "C:\\Windows\\"],
  ["emphasis", "**a** _b_ ~~c~~ # d\\"],
  ["a link", "[click](https://evil.example)"],
  ["an image of Markdown", "![x](https://evil.example/x.png)"],
  ["autolinks", "https://evil.example www.evil.example mail@evil.example <https://evil.example>"],
  ["a mention and a reference", "@octocat #1 GH-1 octo/repo#1 :tada:"],
  ["mathematics", "$`x`$ $$y$$"],
  ["a heading", "# x\n## y\n---"],
  ["a template", "{{constructor}} {% x %} %s %n"],
  ["a command of the runner", "::set-output name=x::y\n::add-mask::z"],
  ["nothing", ""],
  ["spaces", "   "],
  ["the name of an object's own", "__proto__"],
];

/** More than a megabyte of name. */
export const LONG_TEXT = "=|`<\u202e".repeat(210_000);

/** An image in which there is something in every field that can have text. */
export const FULL_IMAGE: ImageReport = image({
  role: "parent",
  volumes: [guest().volume],
  container: { kind: "differencing" },
  guests: [
    guest({
      volume: { state: ["dirty"] },
      os: { installationType: "Server Core" },
      integrationServices: {
        consistent: false,
        evidence: [
          {
            source: "computed",
            where: "volume 1: Windows/System32/config/SYSTEM: ControlSet001",
            value: "6.3.9600.16384",
            place: {
              volume: 1,
              path: "Windows/System32/config/SYSTEM",
              key: "ControlSet001",
              value: "DriverVersion",
              fileOffset: 4096,
              image: "fleet/web01.vhdx",
              imageOffset: 65536,
            },
          },
        ],
        services: [{ name: "vmicvss", displayName: "VSS", present: true, start: "demand" }],
        drivers: [{ name: "vmbus", displayName: "VMBus", present: true, start: "boot" }],
      },
      windowsUpdate: { verdict: "wsus", reasons: ["WUServer names a server"] },
      pendingServicing: ["RebootPending"],
      rule: { alternative: "windows-update", note: "a note" },
      verdict: {
        offered: {
          place: ["vmguest.iso", "support/x86/a.cab"],
          name: "a.cab",
          kind: "cab",
          version: "6.3.9600.19456",
          digestAlgorithms: ["sha1"],
        },
        passedOver: [{ place: ["b.cab"], because: "rank", reason: "another is newer" }],
      },
      staging: {
        state: "staged",
        detail: "a job waits",
        job: {
          id: "0f8b5c1e-2a55-4c5e-9a3a-1c2d3e4f5061",
          version: "6.3.9600.19456",
          packageName: "a.cab",
          sha256: "0".repeat(64),
          trigger: "setup-mode",
          attempts: 0,
          maxAttempts: 3,
        },
        evidence: ["volume 1: ProgramData/job.ini"],
      },
    }),
  ],
  findings: [
    { code: "IC_SERVICE_MISSING", severity: "warning", message: "vmicvss is absent", where: "volume 1" },
    { code: "NTFS_LOG_UNREADABLE", severity: "error", message: "damaged", where: "fleet/web01.vhdx" },
  ],
  error: { code: "IO_READ", kind: "io", message: "the disk is gone", where: "volume 2", hint: "look" },
});

/** Fields that have their words from a list: no reader of reports lets others pass (docs/schema/audit-1.schema.json). */
const WORDS = new Set([
  ...["role", "format", "kind", "logState", "partitionTable", "fileSystem", "state", "id", "family", "sha2"],
  ...["architecture", "setupState", "source", "start", "dataExchange", "verdict", "host", "mechanism"],
  ...["alternative", "status", "action", "because", "trigger", "severity"],
]);

/** The value with each of its texts replaced in turn; `key` is that under which the value stands. */
function* replacements(value: unknown, text: string, key = ""): Generator<unknown> {
  if (typeof value === "string") {
    if (!WORDS.has(key)) yield text;
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      for (const changed of replacements(item, text, key)) yield value.with(index, changed);
    }
  } else if (typeof value === "object" && value !== null) {
    for (const [name, item] of Object.entries(value)) {
      for (const changed of replacements(item, text, name)) yield { ...value, [name]: changed };
    }
  }
}

/** A report with an image for each field of text, which has the text. */
export function hostileReport(text: string): AuditReport {
  const read = { ...FULL_IMAGE, error: null };
  const unread = { ...FULL_IMAGE, guests: [], findings: [], volumes: [] };
  const images = [
    ...(replacements(read, text) as Iterable<ImageReport>),
    ...(replacements(unread, text) as Iterable<ImageReport>),
    { ...read, path: text, guests: [], findings: [] },
  ];
  return assembleReport(images, { host: "ws2012r2", toolVersion: text, timestamp: text });
}

/** The same for a text that is too long to be put everywhere: hosts keep paths short, guests keep nothing short. */
export function longReport(text = LONG_TEXT): AuditReport {
  const images = [
    { ...FULL_IMAGE, path: text.slice(0, 32_768) },
    image({ guests: [guest({ os: { hostname: text, name: text }, verdict: { reasons: [text] } })] }),
    image({ findings: [{ code: "IC_SERVICE_MISSING", severity: "info", message: text, where: "volume 1" }] }),
  ];
  return assembleReport(images, { host: "ws2012r2", toolVersion: "1.2.3" });
}
