import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { buildHive, raw } from "../lab/hive.ts";
import { buildNtfs, layNtfs } from "../lab/ntfs.ts";
import { buildBootRecord, type LabRecord } from "../lab/partitions.ts";
import { windowsFiles } from "../lab/windows.ts";
import { run } from "./run.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-commands-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Three chunks and a bit, each byte telling where it stands. */
const BIG = Uint8Array.from({ length: 3 * 2 ** 20 + 5 }, (_, index) => (index >>> 12) ^ index);

const web = join(folder, "web.img");
writeFileSync(
  web,
  buildNtfs({
    files: {
      ...windowsFiles({
        release: "ws2008r2",
        software: {
          Lab: {
            "": "the default",
            Text: "two words",
            Hostile: "\x1b[31m\u202e",
            Number: 31,
            Large: 2n ** 63n,
            List: ["one", "two"],
            Bytes: Uint8Array.of(0x0a, 0xff),
            Odd: raw(0x2a, [1]),
            Child: { Text: "below" },
            Empty: {},
          },
        },
      }),
      "Windows/System32/config/SAM": buildHive({ SAM: { Domains: { C: 7 } } }),
      "big.bin": { content: BIG, streams: { note: "said aside" } },
      "evil:name": "",
      "evil\x1b.txt": "x",
      Folder: { isDirectory: true },
    },
  }),
);

describe("registry query", () => {
  const query = (key: string, ...more: string[]) => run(["registry", "query", web, key, ...more]);

  test("prints a key as REG QUERY does", async () => {
    const { code, stdout, stderr } = await query("HKLM\\software\\lab");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatchInlineSnapshot(`
      "HKEY_LOCAL_MACHINE\\SOFTWARE\\Lab
          (Default)    REG_SZ    the default
          Text    REG_SZ    two words
          Hostile    REG_SZ    \\x1b[31m\\u202e
          Number    REG_DWORD    0x1f
          Large    REG_QWORD    0x8000000000000000
          List    REG_MULTI_SZ    one\\0two
          Bytes    REG_BINARY    0AFF
          Odd    0x2a    01

      HKEY_LOCAL_MACHINE\\SOFTWARE\\Lab\\Child
      HKEY_LOCAL_MACHINE\\SOFTWARE\\Lab\\Empty
      "
    `);
  });

  test("goes through all keys below with --recursive", async () => {
    expect((await query("HKLM:\\SOFTWARE\\Lab", "--recursive")).stdout).toMatchInlineSnapshot(`
      "HKEY_LOCAL_MACHINE\\SOFTWARE\\Lab
          (Default)    REG_SZ    the default
          Text    REG_SZ    two words
          Hostile    REG_SZ    \\x1b[31m\\u202e
          Number    REG_DWORD    0x1f
          Large    REG_QWORD    0x8000000000000000
          List    REG_MULTI_SZ    one\\0two
          Bytes    REG_BINARY    0AFF
          Odd    0x2a    01

      HKEY_LOCAL_MACHINE\\SOFTWARE\\Lab\\Child
          Text    REG_SZ    below

      HKEY_LOCAL_MACHINE\\SOFTWARE\\Lab\\Empty

      "
    `);
  });

  test("prints one value with --value, in any letter case", async () => {
    expect(
      (await query("HKEY_LOCAL_MACHINE\\SOFTWARE\\Lab", "--value", "text")).stdout,
    ).toMatchInlineSnapshot(`
      "HKEY_LOCAL_MACHINE\\SOFTWARE\\Lab
          Text    REG_SZ    two words

      "
    `);
  });

  test("calls the value without a name as REG QUERY does", async () => {
    const { stdout } = await query("HKLM\\SOFTWARE\\Lab", "--value", "(Default)");
    expect(stdout).toContain("    (Default)    REG_SZ    the default\n");
  });

  test("reads CurrentControlSet through the control set in use, and says which", async () => {
    const key = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\vmbus";
    const text = await query(key, "--value", "Start");
    expect(text.stdout).toContain("HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet001\\Services\\vmbus\n");
    const json = JSON.parse((await query(key, "--format", "json")).stdout);
    expect(json).toMatchObject({ hive: "Windows/System32/config/SYSTEM", controlSet: "ControlSet001" });
  });

  test("opens the other hives too", async () => {
    const { stdout } = await query("HKLM\\SAM\\SAM\\Domains");
    expect(stdout).toContain("    C    REG_DWORD    0x7\n");
  });

  test("gives typed data in JSON", async () => {
    const { stdout } = await query("HKLM\\SOFTWARE\\Lab", "--format", "json");
    const { keys, ...listing } = JSON.parse(stdout);
    expect(listing).toEqual({
      schema: "vmguest.registry/1",
      image: web,
      volume: 0,
      hive: "Windows/System32/config/SOFTWARE",
      controlSet: null,
    });
    const [{ path, values, subkeys }] = keys;
    expect({ path, subkeys }).toEqual({
      path: "HKEY_LOCAL_MACHINE\\SOFTWARE\\Lab",
      subkeys: ["Child", "Empty"],
    });
    const byName = Object.fromEntries(values.map(({ name, ...rest }: { name: string }) => [name, rest]));
    expect(byName).toEqual({
      "": { type: "REG_SZ", data: "the default" },
      Text: { type: "REG_SZ", data: "two words" },
      Hostile: { type: "REG_SZ", data: "\x1b[31m\u202e" },
      Number: { type: "REG_DWORD", data: 31 },
      Large: { type: "REG_QWORD", data: "0x8000000000000000" },
      List: { type: "REG_MULTI_SZ", data: ["one", "two"] },
      Bytes: { type: "REG_BINARY", data: "0AFF" },
      Odd: { type: "0x2a", data: "01" },
    });
  });

  test.each([
    {
      key: "HKLM\\SOFTWARE\\Absent",
      code: 2,
      message: "Windows/System32/config/SOFTWARE: Absent: there is no such key [NOT_FOUND]",
    },
    {
      key: "HKLM\\HARDWARE",
      code: 2,
      message: '"HKLM\\HARDWARE" is below no hive that a stopped Windows has: HKLM\\SOFTWARE,',
    },
    { key: "HKCU\\Software", code: 2, message: "is below no hive" },
    { key: "HKLM", code: 2, message: "is below no hive" },
    { key: "HKLM\\SECURITY", code: 3, message: "[HIVE_MISSING]" },
  ])("of $key ends with $code", async ({ key, code, message }) => {
    const outcome = await query(key);
    expect(outcome).toMatchObject({ code, stdout: "" });
    expect(outcome.stderr).toContain(message);
  });

  test("says where there is no value of that name", async () => {
    const outcome = await query("HKLM\\SOFTWARE\\Lab", "--value", "Absent", "--recursive");
    expect(outcome).toMatchObject({ code: 2, stdout: "" });
    expect(outcome.stderr).toContain('config/SOFTWARE: there is no value "Absent" [NOT_FOUND]');
  });
});

describe("services", () => {
  test("lists services and drivers with their start types", async () => {
    const { code, stdout } = await run(["services", web]);
    expect(code).toBe(0);
    expect(stdout).toContain(`${web}: volume 0: Windows (ControlSet001)`);
    expect(stdout).toMatch(/^vmickvpexchange +automatic +Hyper-V Data Exchange Service$/m);
    expect(stdout).toMatch(/^vmicvmsession +absent +Hyper-V PowerShell Direct Service$/m);
    expect(stdout).toMatch(/^vmbus +boot +/m);
  });

  test("gives the same as JSON", async () => {
    const { stdout } = await run(["services", web, "--format", "json"]);
    const { schema, guests } = JSON.parse(stdout);
    expect(schema).toBe("vmguest.services/1");
    expect(guests).toHaveLength(1);
    expect(guests[0]).toMatchObject({ volume: 0, systemRoot: "Windows", controlSet: "ControlSet001" });
    expect(guests[0].services).toHaveLength(8);
  });

  test("says where there is no Windows", async () => {
    const empty = join(folder, "empty.img");
    writeFileSync(empty, buildNtfs());
    const outcome = await run(["services", empty]);
    expect(outcome).toMatchObject({ code: 2, stdout: "" });
    expect(outcome.stderr).toContain("empty.img: no Windows was found [NOT_FOUND]");
  });

  test("says where there is no such volume", async () => {
    const outcome = await run(["services", web, "--volume", "3"]);
    expect(outcome).toMatchObject({ code: 2, stdout: "" });
    expect(outcome.stderr).toContain("the image has no volume 3 [NOT_FOUND]");
  });
});

describe("files list", () => {
  test("lists a folder with times, sizes and streams", async () => {
    const { code, stdout } = await run(["files", "list", web]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^2015-07-14 12:00:00 {8}3145733 {2}big\.bin\n {32}10 {2}big\.bin:note$/m);
    expect(stdout).toMatch(/ {10}<DIR> {2}Folder$/m);
    expect(stdout).toContain("evil\\x1b.txt");
  });

  test("lists one file, however its path is written", async () => {
    const { stdout } = await run(["files", "list", web, "windows\\SYSTEM32/config\\sam", "--format", "json"]);
    const { path, entries } = JSON.parse(stdout);
    expect(path).toBe("Windows/System32/config/SAM");
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({ name: "SAM", isDirectory: false, error: null, streams: [] });
  });
});

describe("files cat", () => {
  test("writes the bytes as they are", async () => {
    const { code, bytes } = await run(["files", "cat", web, "big.bin"]);
    expect(code).toBe(0);
    expect(bytes.equals(BIG)).toBe(true);
  });

  test("writes a named stream", async () => {
    expect((await run(["files", "cat", web, "big.bin", "--stream", "note"])).stdout).toBe("said aside");
  });

  test("stops where the reader has left, without a word", async () => {
    const { code, bytes, stderr } = await run(["files", "cat", web, "big.bin"], { readerStaysFor: 1 });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(bytes.length).toBe(2 ** 20);
  });

  test.each([
    {
      path: "absent.txt",
      code: 2,
      message: "absent.txt: no such file or directory on the volume [NOT_FOUND]",
    },
    { path: "Folder", code: 2, message: "[NTFS_IS_A_DIRECTORY]" },
  ])("of $path ends with $code", async ({ path, code, message }) => {
    const outcome = await run(["files", "cat", web, path]);
    expect(outcome).toMatchObject({ code, stdout: "" });
    expect(outcome.stderr).toContain(message);
  });

  test("--stats counts what was read", async () => {
    const { stderr } = await run(["files", "cat", web, "big.bin", "--stats"]);
    const { images, bytesRead } = JSON.parse(stderr);
    expect(images).toBe(1);
    expect(bytesRead).toBeGreaterThan(BIG.length);
    expect(bytesRead).toBeLessThan(BIG.length + 200_000);
  });
});

describe("files copy-out", () => {
  const copy = (...argv: string[]) => run(["files", "copy-out", web, ...argv]);
  const target = join(folder, "copies");
  mkdirSync(target);

  test("copies to the file that is named", async () => {
    const file = join(target, "named.bin");
    expect(await copy("big.bin", file)).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect(readFileSync(file).equals(BIG)).toBe(true);
  });

  test("copies into a folder under the file's own name", async () => {
    expect(await copy("WINDOWS\\system32\\config\\sam", target)).toMatchObject({ code: 0 });
    expect(existsSync(join(target, "SAM"))).toBe(true);
  });

  test("copies an empty file too", async () => {
    expect(await copy("evil:name", join(target, "empty"))).toMatchObject({ code: 0 });
    expect(readFileSync(join(target, "empty"))).toHaveLength(0);
  });

  test("never overwrites, unless it is told to", async () => {
    const file = join(target, "there");
    writeFileSync(file, "mine".repeat(2 ** 20));
    const refused = await copy("big.bin", file);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain("the file exists already; --force overwrites it");
    expect(readFileSync(file)).toHaveLength(4 * 2 ** 20);
    expect(await copy("big.bin", file, "--force")).toMatchObject({ code: 0 });
    expect(readFileSync(file).equals(BIG)).toBe(true);
  });

  test("follows no link to a file that is not there yet", async () => {
    const file = join(target, "link");
    symlinkSync(join(target, "elsewhere"), file);
    expect(await copy("big.bin", file)).toMatchObject({ code: 2 });
    expect(existsSync(join(target, "elsewhere"))).toBe(false);
  });

  test("never writes into the image itself", async () => {
    const before = readFileSync(web);
    const outcome = await copy("big.bin", web, "--force");
    expect(outcome).toMatchObject({ code: 2 });
    expect(outcome.stderr).toContain("one of the files to be read");
    expect(readFileSync(web).equals(before)).toBe(true);
  });

  test.each(["evil:name", "evil\x1b.txt"])("does not take %j for a name on the host", async (path) => {
    const outcome = await copy(path, target);
    expect(outcome).toMatchObject({ code: 2 });
    expect(outcome.stderr).toMatch(
      /^vmguest: [^\n]*"evil[^\n]* is no name for a file of the host: name the file/,
    );
    expect(outcome.stderr).not.toContain("\x1b");
  });

  test("says where it may not write", async () => {
    const outcome = await copy("big.bin", join(target, "absent/file"));
    expect(outcome).toMatchObject({ code: 3 });
    expect(outcome.stderr).toContain(
      `${join(target, "absent/file")}: the file could not be written (ENOENT)`,
    );
  });
});

describe("an image with several volumes", () => {
  const other = buildNtfs({ label: "Data", files: { "note.txt": "on the data volume" } });
  const second = buildNtfs({ files: { "second.txt": "" } });
  const system = readFileSync(web);
  const several = join(folder, "several.img");
  writeFileSync(several, diskOf(other, system, second));
  const dataOnly = join(folder, "data-only.img");
  writeFileSync(dataOnly, diskOf(other, second));

  test("is looked into where its Windows is", async () => {
    const { stdout } = await run(["files", "list", several, "--format", "json"]);
    expect(JSON.parse(stdout)).toMatchObject({ volume: 1 });
    expect((await run(["services", several])).stdout).toContain("volume 1: Windows");
  });

  test("is looked into where --volume says", async () => {
    expect((await run(["files", "cat", several, "note.txt", "--volume", "0"])).stdout).toBe(
      "on the data volume",
    );
    expect(await run(["services", several, "--volume", "0"])).toMatchObject({ code: 2, stdout: "" });
  });

  test("has to be chosen from where it holds no Windows", async () => {
    const { code, stderr } = await run(["files", "list", dataOnly]);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /choose one of the volumes with --volume: 0 \(\d+ MiB\), 1 \(\d+ MiB\) \(see vmguest/,
    );
  });

  test("is searched for the volume in vain", async () => {
    expect(await run(["files", "list", several, "--volume", "9"])).toMatchObject({ code: 2 });
  });
});

test.each([
  { command: "services", more: [] },
  { command: "check", more: [] },
  { command: "registry query", more: ["HKLM\\SYSTEM"] },
  { command: "files list", more: [] },
  { command: "files cat", more: ["big.bin"] },
  { command: "files copy-out", more: ["big.bin"] },
])("$command wants one image that exists", async ({ command, more }) => {
  const absent = await run([...command.split(" "), join(folder, "absent.vhdx"), ...more]);
  expect(absent).toMatchObject({ code: 2, stdout: "" });
  expect(absent.stderr).toContain("absent.vhdx: no file or folder is named so [PATH_NOT_FOUND]");
  const several = await run([...command.split(" "), folder, ...more]);
  expect(several).toMatchObject({ code: 2, stdout: "" });
  expect(several.stderr).toContain(
    `${folder}: one image is wanted, and this is a folder (see vmguest ${command}`,
  );
});

describe("damage", () => {
  test("of one file does not keep a folder from being listed", async () => {
    const volume = layNtfs({ files: { "a.txt": "a", "b.txt": "b", "c.txt": "c" } });
    const bytes = Buffer.from(volume.bytes);
    bytes.write("BAAD", volume.recordOffset(volume.recordNumber("b.txt")), "latin1");
    const image = join(folder, "damaged-file.img");
    writeFileSync(image, bytes);
    const { code, stdout, stderr } = await run(["files", "list", image]);
    expect(code).toBe(3);
    expect(stdout).toMatch(/ 1 {2}a\.txt\n-.* NTFS_RECORD {2}b\.txt\n.* 1 {2}c\.txt\n$/);
    expect(stderr).toMatch(
      /^[^\n]*damaged-file\.img: volume 0: [^\n]*b\.txt[^\n]*\n {2}\[NTFS_RECORD\][^\n]*\n$/,
    );
  });

  test("of one key does not keep the others from being printed", async () => {
    const bytes = Buffer.from(readFileSync(web));
    // The name of a key follows 76 bytes of its cell, which begin with its signature.
    bytes.write("xx", bytes.indexOf("Child", 0, "latin1") - 76, "latin1");
    const image = join(folder, "damaged-key.img");
    writeFileSync(image, bytes);
    const { code, stdout, stderr } = await run(["registry", "query", image, "HKLM\\SOFTWARE", "--recursive"]);
    expect(code).toBe(3);
    expect(stdout).toContain("    Text    REG_SZ    two words\n");
    expect(stdout).toContain("HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft");
    expect(stdout).not.toContain("Lab\\Child");
    expect(stderr).toMatch(/Windows\/System32\/config\/SOFTWARE: .*\n {2}\[REGF_KEY\]\n$/);
  });

  test("of another volume does not keep the services of one from being listed", async () => {
    const image = join(folder, "half.img");
    const [damaged, sound] = [{ "Windows/System32/config/SYSTEM": "no hive" }, { sound: "" }].map((change) =>
      buildNtfs({ files: { ...windowsFiles({ release: "ws2008r2" }), ...change } }),
    );
    writeFileSync(image, diskOf(damaged as Uint8Array, sound as Uint8Array));
    expect(await run(["services", image])).toMatchObject({ code: 3, stdout: "" });
    expect(await run(["services", image, "--volume", "1"])).toMatchObject({ code: 0, stderr: "" });
  });

  test("of the whole image ends the command with 3, and names it", async () => {
    const image = join(folder, "garbage.vhdx");
    writeFileSync(image, "vhdxfile and nothing else");
    for (const command of [["services"], ["files", "list"]]) {
      const { code, stdout, stderr } = await run([...command, image]);
      expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
      expect(stderr).toContain(`${image}: `);
    }
  });
});

/** A disk with an MBR and NTFS volumes, each beginning on a mebibyte. */
function diskOf(...volumes: readonly Uint8Array[]): Buffer {
  const mebibyte = 2 ** 20;
  const records: LabRecord[] = [];
  const parts: Buffer[] = [];
  let end = mebibyte;
  for (const volume of volumes) {
    records.push({ type: 7, firstLba: end / 512, sectorCount: volume.length / 512 });
    const part = Buffer.alloc(Math.ceil(volume.length / mebibyte) * mebibyte);
    part.set(volume);
    parts.push(part);
    end += part.length;
  }
  const first = Buffer.alloc(mebibyte);
  first.set(buildBootRecord(records));
  return Buffer.concat([first, ...parts]);
}
