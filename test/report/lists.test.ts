import { describe, expect, test } from "vitest";
import { updateTableRows } from "../../src/policy/index.ts";
import {
  describeUpdateTable,
  formatFileList,
  formatRegistryJson,
  formatRegistryKey,
  formatServices,
  formatUpdateTable,
  type RegistryKey,
} from "../../src/report/index.ts";
import { widthOf } from "../../src/report/text-width.ts";

describe("the update table", () => {
  test("gives each guest its mechanism and note", () => {
    const rows = updateTableRows({ host: "ws2012r2", guest: "win8.1" });
    expect(formatUpdateTable(rows, { colour: false, width: 100 })).toMatchInlineSnapshot(`
      "Hosts: Windows Server 2012 R2 (ws2012r2)

      GUEST        ID      UPDATED THROUGH            NOTE
      Windows 8.1  win8.1  integration-services-disk  installed by hand
                           (MS2015: windows-update)

      Sources; where they differ, the first one rules:
        MS2020: Manage Hyper-V integration services (Microsoft, 2020), as of 2020-04-08, MicrosoftDocs/
        windowsserverdocs@047dddc
        MS2015: Managing Hyper-V integration services (Microsoft, 2015), as of 2015-10-16, MicrosoftDocs/
        Virtualization-Documentation@718ef7ea
      "
    `);
  });

  test("says where it is read for a host that the documents do not know", () => {
    const text = formatUpdateTable(updateTableRows({ host: "ws2025" }), { colour: false, width: 100 });
    expect(text).toContain("Newer than the documents");
    expect(text).toContain("Windows Server 2025 (ws2025)");
  });

  test.each([80, 120, 160])("keeps within %i columns, all of it", (width) => {
    const lines = formatUpdateTable(updateTableRows(), { colour: false, width }).split("\n");
    expect(lines.filter((line) => widthOf(line) > width)).toEqual([]);
  });

  test("has the documents beside the rows for programs", () => {
    const rows = updateTableRows({ host: "win8" });
    expect(describeUpdateTable(rows)).toMatchObject({ schema: "vmguest.table/1", rows });
  });
});

test("services are listed with what is off in colour", () => {
  const service = {
    name: "vmicvss",
    displayName: "Volume Shadow Copy",
    present: true,
    start: "disabled",
  } as const;
  const report = {
    schema: "vmguest.services/1",
    image: "a\x1b.vhdx",
    guests: [
      {
        volume: 1,
        systemRoot: "Windows",
        controlSet: "ControlSet001",
        services: [service, { ...service, name: "vmicrdv", present: false, start: null }],
        drivers: [{ ...service, name: "vmbus\u202e", start: "boot" }],
      },
    ],
  } as const;
  expect(formatServices(report, { colour: false, width: 80 })).toMatchInlineSnapshot(`
    "a\\x1b.vhdx: volume 1: Windows (ControlSet001)

    SERVICE      START     DISPLAY NAME
    vmicvss      disabled  Volume Shadow Copy
    vmicrdv      absent    Volume Shadow Copy
    vmbus\\u202e  boot      Volume Shadow Copy
    "
  `);
  expect(formatServices(report, { colour: true, width: 80 })).toContain("\x1b[33mdisabled\x1b[39m");
});

test("files are listed in columns, whatever their names hold", () => {
  const file = {
    isDirectory: false,
    sizeBytes: 1234,
    modified: "2015-07-14T12:00:00.000Z",
    created: null,
    attributes: 32,
    streams: [],
    error: null,
  };
  const entries = [
    { ...file, name: "a\nb.txt", streams: [{ name: "s\x07", sizeBytes: 5 }] },
    { ...file, name: "folder", isDirectory: true, sizeBytes: 0 },
    { ...file, name: "broken", sizeBytes: null, modified: null, error: "NTFS_RECORD" },
  ];
  const listing = { schema: "vmguest.files/1", image: "a", volume: 0, path: "", entries } as const;
  expect(formatFileList(listing)).toMatchInlineSnapshot(`
    "2015-07-14 12:00:00           1234  a\\x0ab.txt
                                     5  a\\x0ab.txt:s\\x07
    2015-07-14 12:00:00          <DIR>  folder
    -                      NTFS_RECORD  broken
    "
  `);
});

describe("registry keys", () => {
  const key = (changes: Partial<RegistryKey>): RegistryKey => {
    return { path: "HKEY_LOCAL_MACHINE\\SAM", lastWritten: null, values: [], subkeys: [], ...changes };
  };

  test.each([
    { what: "a key with nothing in it", changes: {}, text: "HKEY_LOCAL_MACHINE\\SAM\n\n" },
    {
      what: "a key that only has subkeys",
      changes: { subkeys: ["A\x07"] },
      text: "HKEY_LOCAL_MACHINE\\SAM\\A\\x07\n",
    },
    {
      what: "values that would forge lines",
      changes: { values: [{ name: "a\nb", type: "REG_SZ", data: "c\r\nd" }] },
      text: "HKEY_LOCAL_MACHINE\\SAM\n    a\\x0ab    REG_SZ    c\\x0d\\x0ad\n\n",
    },
  ])("print $what", ({ changes, text }) => {
    expect(formatRegistryKey(key(changes))).toBe(text);
  });

  test.each([
    { what: "no key", keys: [] },
    { what: "one key", keys: [key({ subkeys: ["A"] })] },
    {
      what: "text with line separators in it",
      keys: [key({}), key({ values: [{ name: "\u2028", type: "REG_SZ", data: "a\u2029\n  b\u009b" }] })],
    },
  ])("are valid JSON with $what, piece by piece", ({ keys }) => {
    const listing = {
      schema: "vmguest.registry/1",
      image: "a",
      volume: 0,
      hive: "h",
      controlSet: null,
    } as const;
    const json = [...formatRegistryJson(listing, keys)].join("");
    expect(JSON.parse(json)).toEqual({ ...listing, keys });
    expect(json).toBe(
      `${JSON.stringify(JSON.parse(json), null, 2)}\n`.replaceAll(/[\u2028\u2029\u009b]/g, escapeUnit),
    );
  });
});

const escapeUnit = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
