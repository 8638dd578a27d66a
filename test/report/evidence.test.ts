import { describe, expect, test } from "vitest";
import type { EvidenceReport, ImageReport } from "../../src/audit/index.ts";
import { formatTable } from "../../src/report/index.ts";
import { brokenImage, guest, image, report } from "./reports.ts";

const piece = (source: EvidenceReport["source"], value: string, where: string): EvidenceReport => ({
  source,
  value,
  where,
  place: { volume: 1, path: "", key: null, value: null, fileOffset: null, image: null, imageOffset: null },
});

const WEB01 = guest({
  integrationServices: {
    evidence: [
      piece(
        "computed",
        "6.3.9600.16384",
        "volume 1: Windows/System32/config/SYSTEM: ControlSet001\\Control\\Class\\{4d36e97d}\\0013\\DriverVersion: cell at 0x1f4a8: image offset 0x3c4f4a8",
      ),
      piece(
        "driver-file",
        "6.3.9600.16384",
        "volume 1: Windows/System32/drivers/vmbus.sys: VS_FIXEDFILEINFO at 0x680: image offset 0x5000680",
      ),
    ],
  },
  windowsUpdate: {
    verdict: "wsus",
    reasons: ["policy names an update server (SOFTWARE: ...\\WUServer = http://wsus)"],
  },
  pendingServicing: ["a list of pending operations exists (Windows/WinSxS/pending.xml)"],
});

const explained = (width: number, ...images: ImageReport[]) =>
  formatTable(report(...images), { colour: false, width, explains: true });

/** The section of the evidence alone. */
const sectionOf = (text: string) => text.split("\n\n").find((part) => part.startsWith("EVIDENCE")) ?? "";

describe("the evidence below the table", () => {
  test("names the place of every piece, and what the guest says of its updates and its setup", () => {
    expect(sectionOf(explained(100, image({ guests: [WEB01] })))).toMatchInlineSnapshot(`
      "EVIDENCE
      fleet/web01.vhdx: Windows Server 2008 R2 Standard SP1 x64 (WEB01, volume 1)
        integration services: 6.3.9600.16384 (computed)
          - computed 6.3.9600.16384: volume 1: Windows/System32/config/SYSTEM: ControlSet001\\Control\\
            Class\\{4d36e97d}\\0013\\DriverVersion: cell at 0x1f4a8: image offset 0x3c4f4a8
          - driver-file 6.3.9600.16384: volume 1: Windows/System32/drivers/vmbus.sys: VS_FIXEDFILEINFO at
            0x680: image offset 0x5000680
        Windows Update: wsus
          - policy names an update server (SOFTWARE: ...\\WUServer = http://wsus)
        pending servicing: yes
          - a list of pending operations exists (Windows/WinSxS/pending.xml)
        setup state: specialized"
    `);
  });

  test("says why packages that were offered are not for the guest", () => {
    const passedOver = [
      { place: ["old.cab"], because: "rank" as const, reason: "new.cab is newer" },
      { place: ["vmguest.iso", "a.msi"], because: "system" as const, reason: "it is for other guests" },
    ];
    const section = sectionOf(explained(120, image({ guests: [guest({ verdict: { passedOver } })] })));
    expect(section).toContain("  packages passed over\n    - old.cab: new.cab is newer\n");
    expect(section).toContain("    - vmguest.iso/a.msi: it is for other guests");
  });

  test("is told only where it is asked for", () => {
    const plain = formatTable(report(image({ guests: [WEB01] })), { colour: false, width: 100 });
    expect(plain).not.toContain("EVIDENCE");
    expect(plain).not.toContain("image offset");
  });

  test("is left out where no image has a guest", () => {
    expect(explained(100, brokenImage())).not.toContain("EVIDENCE");
  });

  test("shows what a terminal would obey", () => {
    const hostile = guest({ windowsUpdate: { reasons: ["\x1b[2J"] } });
    expect(sectionOf(explained(100, image({ guests: [hostile] })))).toContain("- \\x1b[2J\n");
  });
});
