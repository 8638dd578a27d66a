import { describe, expect, test } from "vitest";
import { formatTable } from "../../src/report/index.ts";
import { widthOf } from "../../src/report/text-width.ts";
import { brokenImage, guest, image, report } from "./reports.ts";

const plain = (width: number) => ({ colour: false, width });

const FLEET = report(
  image({
    findings: [
      {
        code: "IC_SERVICE_MISSING",
        severity: "warning",
        message: "vmicvss is absent",
        where: "fleet/web01.vhdx: volume 1: Windows/System32/config/SYSTEM",
      },
      {
        code: "NTFS_LOG_UNREADABLE",
        severity: "error",
        message: "the restart pages are damaged",
        where: "fleet/web01.vhdx: volume 1",
      },
      { code: "IC_SERVICE_MISSING", severity: "warning", message: "vmicrdv is absent", where: "elsewhere" },
    ],
  }),
  brokenImage(),
  image({
    path: "fleet/data.vhdx",
    guests: [],
    findings: [
      {
        code: "GUEST_NONE",
        severity: "info",
        message: "no operating system was found in the image",
        where: "fleet/data.vhdx",
      },
    ],
  }),
  image({
    path: "fleet/dual.vhdx",
    guests: [
      guest({
        os: { name: "Windows 8.1 Pro", hostname: "DUAL", servicePack: 0, architecture: "x86" },
        integrationServices: { version: "6.3.9600.19456", source: "recorded", consistent: false },
        verdict: {
          status: "current",
          action: "none",
          reasons: ["6.3.9600.19456 is the newest version known"],
        },
      }),
      guest({
        volume: { index: 2 },
        os: { family: "linux", name: null, hostname: null, servicePack: null, architecture: "unknown" },
        integrationServices: { version: null, source: "none" },
        rule: { mechanism: "package-manager" },
        verdict: { status: "not-applicable", action: "package-manager", reasons: [] },
      }),
    ],
  }),
);

describe("the table of an audit", () => {
  test("puts everything of a guest into one line where the terminal is wide", () => {
    expect(formatTable(FLEET, plain(160))).toMatchInlineSnapshot(`
      "Judged for a Hyper-V host of Windows Server 2012 R2 (ws2012r2).

      STATUS          IMAGE              GUEST                                    INTEGRATION SERVICES                UPDATED THROUGH            ACTION
      outdated        fleet/web01.vhdx   Windows Server 2008 R2 Standard SP1 x64  6.3.9600.16384 (computed)           integration-services-disk  stage-cab
                                         WEB01, volume 1
                      - 6.3.9600.16384 is older than 6.3.9600.19456, the newest version known for this guest
      error           fleet/broken.vhdx  could not be read                        -                                   -                          -
                      - neither header copy has a valid checksum [VHDX_HEADERS_INVALID]
                      - Copy the image again from its source, or restore it from a backup.
      -               fleet/data.vhdx    no guest found                           -                                   -                          -
      current         fleet/dual.vhdx    Windows 8.1 Pro x86                      6.3.9600.19456 (recorded) disputed  integration-services-disk  none
                                         DUAL, volume 1
                      - 6.3.9600.19456 is the newest version known
      not-applicable  fleet/dual.vhdx    Linux                                    not examined                        package-manager            package-manager
                                         on volume 2

      FINDINGS
        error    the state of the volume's $LogFile could not be read [NTFS_LOG_UNREADABLE]
                 Start the VM, run \`chkdsk /f\` in the guest, and shut it down properly.
                 - fleet/web01.vhdx: the restart pages are damaged (volume 1)
        warning  an integration service that this Windows brings along is absent [IC_SERVICE_MISSING]
                 - fleet/web01.vhdx: vmicvss is absent (volume 1: Windows/System32/config/SYSTEM)
                 - fleet/web01.vhdx: vmicrdv is absent (elsewhere)

      4 images, 3 guests: 1 current, 1 not-applicable, 1 outdated. To do: 1 package-manager, 1 stage-cab. 1 image could not be read.
      "
    `);
  });

  test("puts image over guest, and action over mechanism, on 80 columns", () => {
    expect(formatTable(FLEET, plain(80))).toMatchInlineSnapshot(`
      "Judged for a Hyper-V host of Windows Server 2012 R2 (ws2012r2).

      STATUS          IMAGE, GUEST           IC VERSION      ACTION, MECHANISM
      outdated        fleet/web01.vhdx       6.3.9600.16384  stage-cab
                      Windows Server 2008    (computed)      integration-services-disk
                      R2 Standard SP1 x64
                      WEB01, volume 1
                      - 6.3.9600.16384 is older than 6.3.9600.19456, the newest
                        version known for this guest
      error           fleet/broken.vhdx      -               -
                      could not be read                      -
                      - neither header copy has a valid checksum
                        [VHDX_HEADERS_INVALID]
                      - Copy the image again from its source, or restore it from a
                        backup.
      -               fleet/data.vhdx        -               -
                      no guest found                         -
      current         fleet/dual.vhdx        6.3.9600.19456  none
                      Windows 8.1 Pro x86    (recorded)      integration-services-disk
                      DUAL, volume 1         disputed
                      - 6.3.9600.19456 is the newest version known
      not-applicable  fleet/dual.vhdx        not examined    package-manager
                      Linux                                  package-manager
                      on volume 2

      FINDINGS
        error    the state of the volume's $LogFile could not be read
                 [NTFS_LOG_UNREADABLE]
                 Start the VM, run \`chkdsk /f\` in the guest, and shut it down
                 properly.
                 - fleet/web01.vhdx: the restart pages are damaged (volume 1)
        warning  an integration service that this Windows brings along is absent
                 [IC_SERVICE_MISSING]
                 - fleet/web01.vhdx: vmicvss is absent (volume 1: Windows/System32/
                   config/SYSTEM)
                 - fleet/web01.vhdx: vmicrdv is absent (elsewhere)

      4 images, 3 guests: 1 current, 1 not-applicable, 1 outdated. To do: 1 package-
      manager, 1 stage-cab. 1 image could not be read.
      "
    `);
  });

  test("is still whole on a terminal narrower than it can use", () => {
    expect(formatTable(report(image()), plain(20))).toMatchInlineSnapshot(`
      "Judged for a Hyper-V host of Windows Server 2012 R2
      (ws2012r2).

      STATUS    IMAGE, GUEST  IC VERSION      ACTION, MECHANISM
      outdated  fleet/        6.3.9600.16384  stage-cab
                web01.vhdx    (computed)      integration-services-disk
                Windows
                Server 2008
                R2 Standard
                SP1 x64
                WEB01,
                volume 1
                - 6.3.9600.16384 is older than 6.3.9600.19456, the
                  newest version known for this guest

      1 image, 1 guest: 1 outdated. To do: 1 stage-cab.
      "
    `);
  });

  test.each([80, 100, 120, 160, 240])("keeps within %i columns", (width) => {
    const lines = formatTable(FLEET, plain(width)).split("\n");
    expect(lines.filter((line) => widthOf(line) > width)).toEqual([]);
  });

  test.each([40, 80, 120, 160])("hides nothing of a verdict at %i columns", (width) => {
    const path = `very/long/${"path-".repeat(40)}.vhdx`;
    const text = formatTable(report(image({ path })), plain(width));
    expect(text).toContain("outdated");
    expect(text).toContain("stage-cab");
    expect(text).toContain("integration-services-disk");
    expect(text).toContain("6.3.9600.16384");
    expect(text.match(/path-/g)).toHaveLength(40);
  });

  test("measures wide characters by their columns", () => {
    const japanese = guest({ os: { name: "Windows Server 日本語版", hostname: "サーバー" } });
    const both = report(image({ path: "クラスター/web.vhdx", guests: [japanese] }), image());
    const lines = formatTable(both, plain(160)).split("\n");
    const columns = lines
      .filter((line) => line.includes("stage-cab") && !line.startsWith("To do"))
      .slice(0, 2)
      .map((line) => widthOf(line.slice(0, line.indexOf("6.3.9600"))));
    expect(new Set(columns).size).toBe(1);
  });

  test("shows what a hostile image would have the terminal do", () => {
    const hostile = guest({
      os: { name: "\x1b[2J\x1b]0;owned\x07", hostname: "A\ncurrent  B\u202e", servicePack: null },
      integrationServices: { version: "\u009b31m" },
      verdict: { reasons: ["the guest says \x1b[8m\ud800"] },
    });
    const findings = [
      { code: "REGF_KEY", severity: "error", message: "key \u2066x", where: "evil\x1b.vhdx: \x07" } as const,
    ];
    const text = formatTable(
      report(image({ path: "evil\x1b.vhdx", guests: [hostile], findings }), brokenImage("\r\u2028")),
      plain(160),
    );
    expect(text).not.toMatch(/[^\n\P{Cc}]|[\p{Cs}\p{Zl}\p{Bidi_Control}]/u);
    expect(text).toContain("\\x1b[2J\\x1b]0;owned\\x07");
    expect(text).toContain("A\\x0acurrent  B\\u202e, volume 1");
  });

  test("colours the words, never the layout", () => {
    const coloured = formatTable(FLEET, { colour: true, width: 100 });
    expect(coloured).toContain("\x1b[31moutdated\x1b[39m");
    expect(coloured).toContain("\x1b[32mcurrent\x1b[39m");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with ESC
    expect(coloured.replaceAll(/\x1b\[\d+m/g, "")).toBe(formatTable(FLEET, plain(100)));
  });

  test("says where the host is newer than the tables", () => {
    const newer = {
      ...report(image()),
      host: { id: "ws2025", generation: "2016", extrapolated: true } as const,
    };
    expect(formatTable(newer, plain(160)).split("\n")[0]).toBe(
      "Judged for a Hyper-V host of Windows Server 2025 (ws2025), which is newer than Microsoft's update tables: by those for 2016 and later.",
    );
  });

  test("says once what several images have in common", () => {
    const dirty = (path: string) =>
      image({
        path,
        findings: [
          { code: "NTFS_DIRTY", severity: "warning", message: "flag 1 is set", where: `${path}: volume 1` },
          { code: "GUEST_NONE", severity: "info", message: "nothing was found", where: path },
        ],
      });
    expect(
      formatTable(report(dirty("a.vhdx"), dirty("b.vhdx"), dirty("c.vhdx")), plain(120)),
    ).toMatchInlineSnapshot(`
      "Judged for a Hyper-V host of Windows Server 2012 R2 (ws2012r2).

      STATUS    IMAGE   GUEST                                  INTEGRATION SERVICES       UPDATED THROUGH            ACTION
      outdated  a.vhdx  Windows Server 2008 R2 Standard SP1    6.3.9600.16384 (computed)  integration-services-disk  stage-cab
                        x64
                        WEB01, volume 1
                - 6.3.9600.16384 is older than 6.3.9600.19456, the newest version known for this guest
      outdated  b.vhdx  Windows Server 2008 R2 Standard SP1    6.3.9600.16384 (computed)  integration-services-disk  stage-cab
                        x64
                        WEB01, volume 1
                - as above
      outdated  c.vhdx  Windows Server 2008 R2 Standard SP1    6.3.9600.16384 (computed)  integration-services-disk  stage-cab
                        x64
                        WEB01, volume 1
                - as above

      FINDINGS
        warning  the volume is marked dirty: Windows will check it at the next start [NTFS_DIRTY]
                 Start the VM, run \`chkdsk /f\` in the guest, and shut it down properly.
                 - flag 1 is set (volume 1): a.vhdx, b.vhdx, c.vhdx

      3 images, 3 guests: 3 outdated. To do: 3 stage-cab.
      "
    `);
  });

  test("says what an image holds that has no guest", () => {
    const { volume } = guest();
    const volumes = (["ntfs", "fat", "ntfs"] as const).map((fileSystem) => ({ ...volume, fileSystem }));
    const data = { ...image({ guests: [] }), volumes };
    expect(formatTable(report(data), plain(120))).toContain("no guest found in ntfs, fat");
  });

  test("leaves the citation of the row to the JSON", () => {
    const cited = guest({
      rule: { source: 'MS2020, row "Windows 7"' },
      verdict: { reasons: ['Windows 7 is updated by hand (MS2020, row "Windows 7"): from the disk'] },
    });
    expect(formatTable(report(image({ guests: [cited] })), plain(120))).toContain(
      "- Windows 7 is updated by hand: from the disk\n",
    );
  });

  test("names the very file that was chosen of those offered", () => {
    const offered = {
      place: ["vmguest\x1b.iso", "support/x86/Windows6.x-HyperVIntegrationServices-x86.cab"],
      name: "Windows6.x-HyperVIntegrationServices-x86.cab",
      kind: "cab" as const,
      version: "6.3.9600.18692",
      digestAlgorithms: ["sha1"],
    };
    const text = formatTable(report(image({ guests: [guest({ verdict: { offered } })] })), {
      colour: false,
      width: 200,
    });
    expect(text).toContain(
      "- stage-cab: vmguest\\x1b.iso/support/x86/Windows6.x-HyperVIntegrationServices-x86.cab (6.3.9600.18692, signed with sha1)\n",
    );
  });

  test("does not list among the findings what became the error of the image", () => {
    const { error, ...rest } = brokenImage();
    const { code = "", message = "", where = "" } = error ?? {};
    const findings = [
      { code, message, where, severity: "error" } as const,
      { code, message, where: "elsewhere", severity: "error" } as const,
    ];
    const text = formatTable(report({ ...rest, error, findings }), plain(120));
    expect(text).toContain("- neither header copy has a valid checksum (elsewhere)");
    expect(text.match(/neither header copy has/g)).toHaveLength(2);
  });

  test("lists ten findings of a kind and counts the rest", () => {
    const findings = Array.from({ length: 25 }, (_, index) => {
      return {
        code: "PARTITION_RANGE",
        severity: "warning",
        message: `partition ${index}`,
        where: "",
      } as const;
    });
    const text = formatTable(report(image({ findings })), plain(80));
    expect(text.match(/- partition \d+/g)).toHaveLength(10);
    expect(text).toContain("and 15 more");
  });

  test("lists two hundred things found of one code, or images of which one thing is said, and counts the rest", () => {
    const finding = { code: "PARTITION_RANGE", severity: "warning", where: "" } as const;
    const fleet = Array.from({ length: 250 }, (_, index) => {
      const own = { ...finding, message: `partition ${index}` };
      const shared = { ...finding, code: "VHDX_LOG_REPLAYED", message: "the same" };
      return image({ path: `${index}.vhdx`, guests: [], findings: [own, shared] });
    });
    const text = formatTable(report(...fleet), plain(80)).replaceAll(/\s+/g, " ");
    expect(text.match(/: partition \d+/g)).toHaveLength(200);
    expect(text).toContain("- and 50 more (--format json lists them all)");
    expect(text).toContain("199.vhdx and 50 more images");
  });

  test("says which images are parents of others", () => {
    const text = formatTable(report(image(), image({ path: "base.vhdx", role: "parent" })), plain(160));
    expect(text).toContain("  base.vhdx (parent)  ");
    expect(text).not.toContain("web01.vhdx (parent)");
    expect(text).toContain("2 images (1 parent of others among them), 2 guests");
  });

  test("of nothing at all says so", () => {
    expect(formatTable(report(), plain(80))).toMatchInlineSnapshot(`
      "Judged for a Hyper-V host of Windows Server 2012 R2 (ws2012r2).

      STATUS  IMAGE  GUEST  INTEGRATION SERVICES  UPDATED THROUGH  ACTION

      0 images, 0 guests.
      "
    `);
  });
});
