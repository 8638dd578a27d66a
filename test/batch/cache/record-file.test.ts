import {
  appendFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RecordFile, type RecordFileOptions } from "../../../src/batch/cache/record-file.ts";
import { HEADER_LINE, makeLine } from "../../../src/batch/cache/record-line.ts";
import { type Finding, VmguestError } from "../../../src/errors.ts";
import { newFolder } from "./kept-images.ts";

const TOOL = "0000700f";
const KEYS = ["a", "b", "c"].map((digit) => digit.repeat(32));
const [A = "", B = "", C = ""] = KEYS;
const newFile = () => join(newFolder(), "cache");
const open = (file: string, options: Partial<RecordFileOptions> = {}) =>
  RecordFile.open(file, { tool: TOOL, ...options });

/** Appends records in a run of its own. */
function append(
  file: string,
  records: readonly (readonly [key: string, payload: string])[],
  options = {},
): void {
  using opened = open(file, options);
  for (const [key, payload] of records) expect(opened.append(key, payload)).toBe(true);
}

/** What a run finds under the keys. */
function find(file: string, keys: readonly string[] = KEYS): (string | undefined)[] {
  using opened = open(file);
  return keys.map((key) => opened.find(key)?.toString());
}

describe("a file of records", () => {
  test("begins as what it is, and belongs to its owner alone", () => {
    const file = newFile();
    append(file, [[A, "one"]]);
    expect(readFileSync(file, "latin1")).toMatch(
      /^vmguest audit cache 1\n\n0000700f a{32} [0-9a-f]{8} 00000003 one\n$/,
    );
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test("has the last record of each key, as the file was when it was opened", () => {
    const file = newFile();
    append(file, [
      [A, "one"],
      [B, "two"],
      [A, "three"],
    ]);
    using opened = open(file);
    append(file, [[B, "four"]]);
    expect([A, B, C].map((key) => opened.find(key)?.toString())).toEqual(["three", "two", undefined]);
    expect(find(file)).toEqual(["three", "four", undefined]);
  });

  test("has no record of another version of the tool", () => {
    const file = newFile();
    append(file, [[A, "one"]], { tool: "0000beef" });
    expect(find(file)).toEqual([undefined, undefined, undefined]);
  });

  test("takes no record of several lines, which would be none", () => {
    using opened = open(newFile());
    expect(opened.append(A, "one\ntwo")).toBe(false);
  });

  test("takes no record of more than 16 MiB", () => {
    const file = newFile();
    {
      using opened = open(file);
      expect(opened.append(A, "x".repeat(16 * 1024 * 1024))).toBe(false);
      expect(opened.append(B, "y".repeat(1024 * 1024))).toBe(true);
    }
    expect(find(file)).toEqual([undefined, "y".repeat(1024 * 1024), undefined]);
  });

  test("gives back any line", () => {
    const file = newFile();
    const line = fc.string({ unit: fc.constantFrom("a", " ", "\t", "\r", "\0", "\u2028", "é", "😀") });
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 3 }), (payloads) => {
        append(
          file,
          payloads.map((payload, index) => [KEYS[index] ?? A, payload]),
        );
        expect(find(file).slice(0, payloads.length)).toEqual(payloads);
      }),
    );
  });
});

describe("what happened to the file costs the records that it happened to:", () => {
  const PAYLOADS = ["first", "{second}", "third\t"];

  const intact = (() => {
    const lines = PAYLOADS.map((payload, index) => makeLine(TOOL, KEYS[index] ?? A, payload));
    return Buffer.concat([Buffer.from(HEADER_LINE), ...lines]);
  })();

  /** How many records there are in a file of these bytes, each being what it was; NaN where one is not. */
  function countIntact(file: string, bytes: Uint8Array): number {
    // Some file systems wait for the disk where a file is emptied to be written anew.
    rmSync(file, { force: true });
    writeFileSync(file, bytes);
    const found = find(file);
    const isRight = found.every((payload, index) => payload === undefined || payload === PAYLOADS[index]);
    return isRight ? found.filter((payload) => payload !== undefined).length : Number.NaN;
  }

  /** The places behind the header at which `damage` costs more than one record, or makes another one of it. */
  function findWorseDamage(damage: (at: number) => readonly Uint8Array[]): number[] {
    const file = newFile();
    const places = Array.from(intact.keys()).slice(HEADER_LINE.length);
    return places.filter((at) => !(countIntact(file, Buffer.concat(damage(at))) >= 2));
  }

  test.each([
    { what: "with a bit turned over", change: (byte: number) => byte ^ 1 },
    { what: "that became a newline", change: () => 0x0a },
    { what: "that became a digit", change: () => 0x30 },
  ])("every byte $what", ({ change }) => {
    const changed = (at: number) => Uint8Array.of(change(intact[at] ?? 0));
    expect(findWorseDamage((at) => [intact.subarray(0, at), changed(at), intact.subarray(at + 1)])).toEqual(
      [],
    );
  });

  test("every byte that went missing", () => {
    expect(findWorseDamage((at) => [intact.subarray(0, at), intact.subarray(at + 1)])).toEqual([]);
  });

  test("every byte too many", () => {
    const more = Buffer.from("x");
    expect(findWorseDamage((at) => [intact.subarray(0, at), more, intact.subarray(at)])).toEqual([]);
  });

  test("an end that was cut off anywhere, behind which the next run goes on", () => {
    const file = newFile();
    const next = "d".repeat(32);
    const lost = Array.from(intact.keys())
      .slice(HEADER_LINE.length)
      .filter((size) => {
        const before = countIntact(file, intact.subarray(0, size));
        append(file, [[next, "next"]]);
        const [found] = find(file, [next]);
        return found !== "next" || !(countIntact(file, readFileSync(file)) >= before);
      });
    expect(lost).toEqual([]);
  });

  test("anything at all behind the header", () => {
    const file = newFile();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(intact.length), (rubbish, at) => {
        const start = Math.max(HEADER_LINE.length, at);
        const bytes = Buffer.concat([intact.subarray(0, start), rubbish, intact.subarray(start)]);
        expect(countIntact(file, bytes)).toBeGreaterThanOrEqual(2);
      }),
    );
  });

  test("the header of a second run that began at the same moment", () => {
    expect(countIntact(newFile(), Buffer.concat([intact, Buffer.from(HEADER_LINE)]))).toBe(3);
  });
});

describe("a file that is no cache is left as it is:", () => {
  test.each([
    {
      what: "a text",
      text: "very important\n",
      message: "the file cannot be the cache: it holds something else",
    },
    { what: "one byte", text: "v", message: expect.stringContaining("something else") },
    { what: "zeros", text: "\0".repeat(4096), message: expect.stringContaining("something else") },
    {
      what: "the cache of a newer version",
      text: "vmguest audit cache 2\n",
      message: "the file cannot be the cache: another version of vmguest keeps it",
    },
  ])("$what", ({ text, message }) => {
    const file = newFile();
    writeFileSync(file, text);
    expect(errorOf(() => open(file))).toMatchObject({ code: "CACHE_FOREIGN", kind: "usage", message });
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  test("a header with any byte changed", () => {
    const file = newFile();
    for (let at = 0; at < HEADER_LINE.length; at++) {
      const bytes = Buffer.from(HEADER_LINE);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      writeFileSync(file, bytes);
      expect(errorOf(() => open(file))).toMatchObject({ code: "CACHE_FOREIGN", where: { image: file } });
    }
  });

  test("a device", () => {
    expect(errorOf(() => open("/dev/null"))).toMatchObject({ code: "CACHE_FOREIGN" });
  });

  test("a file that is named like a disk image", () => {
    const file = join(newFolder(), "golden.vhdx");
    expect(errorOf(() => open(file))).toMatchObject({ code: "USAGE" });
    expect(readdirSync(dirname(file))).toEqual([]);
  });

  test("a folder, or a file in one that does not exist, cannot be opened", () => {
    const folder = newFolder();
    mkdirSync(join(folder, "folder"));
    for (const name of ["folder", "absent/cache"]) {
      expect(errorOf(() => open(join(folder, name)))).toMatchObject({ code: "IO_OPEN", kind: "io" });
    }
  });

  function errorOf(work: () => unknown): unknown {
    try {
      work();
    } catch (error) {
      expect(error).toBeInstanceOf(VmguestError);
      return error;
    }
    return expect.fail("nothing was thrown");
  }
});

describe("a file of which most is of no use any more", () => {
  const LONG = "x".repeat(100_000);

  /** Appends a record under the same key so many times, each in a run of its own. */
  function appendOften(file: string, count: number): void {
    for (let run = 1; run <= count; run++) append(file, [[A, `${run}${LONG}`]]);
  }

  test("becomes a short one when it is closed, with the same records and the same rights", () => {
    const file = newFile();
    append(file, [[B, "two"]]);
    appendOften(file, 4);
    expect(statSync(file).size).toBeLessThan(150_000);
    expect(find(file)).toEqual([`4${LONG}`, "two", undefined]);
    expect(readdirSync(dirname(file))).toEqual(["cache"]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test("loses what other versions of the tool had kept", () => {
    const file = newFile();
    append(
      file,
      [
        [A, LONG],
        [B, LONG],
        [C, LONG],
      ],
      { tool: "0000beef" },
    );
    append(file, [[A, "one"]]);
    expect(statSync(file).size).toBeLessThan(200);
    expect(find(file)).toEqual(["one", undefined, undefined]);
  });

  test("stays open to a run that has it open, whose new records are lost", () => {
    const file = newFile();
    using other = open(file);
    append(file, [[B, "two"]]);
    appendOften(file, 4);
    expect(other.append(C, "three")).toBe(true);
    expect(find(file)).toEqual([`4${LONG}`, "two", undefined]);
    append(file, [[C, "four"]]);
    expect(find(file)).toEqual([`4${LONG}`, "two", "four"]);
  });

  test("is replaced where it really is, not where a link to it stands", () => {
    const file = newFile();
    const link = `${file}.link`;
    symlinkSync(basename(file), link);
    appendOften(link, 4);
    expect(statSync(file).size).toBeLessThan(150_000);
    expect(readdirSync(dirname(file)).sort()).toEqual(["cache", "cache.link"]);
    expect(find(link)).toEqual([`4${LONG}`, undefined, undefined]);
  });

  test("stays as it is where it has two names", () => {
    const file = newFile();
    append(file, [[B, "two"]]);
    linkSync(file, `${file}.other`);
    appendOften(file, 4);
    expect(statSync(file).size).toBeGreaterThan(400_000);
    expect(find(`${file}.other`)).toEqual([`4${LONG}`, "two", undefined]);
  });

  test("is not replaced by a run that has an older one open", () => {
    const file = newFile();
    appendOften(file, 3);
    const late = open(file);
    late.append(A, "late");
    append(file, [[A, "early"]]);
    const replaced = readFileSync(file);
    late.close();
    expect(readFileSync(file)).toEqual(replaced);
    expect(readdirSync(dirname(file))).toEqual(["cache"]);
  });

  test("leaves damaged records behind", () => {
    const file = newFile();
    append(file, [[B, "two"]]);
    appendFileSync(file, makeLine(TOOL, C, "three").toString().replace("three", "threw"));
    appendOften(file, 4);
    expect(find(file)).toEqual([`4${LONG}`, "two", undefined]);
    expect(readFileSync(file, "latin1")).not.toContain("threw");
  });
});

describe("a file that is as long as it may become", () => {
  const LONG = "x".repeat(1000);
  const keys = Array.from({ length: 12 }, (_, index) => index.toString(16).padStart(32, "0"));

  test("takes no more, which is said once, and has room for the next run, without what is oldest", () => {
    const file = newFile();
    const problems: Finding[] = [];
    {
      using opened = open(file, { sizeMaxBytes: 10_000, onProblem: (problem) => problems.push(problem) });
      const taken = keys.map((key) => opened.append(key, LONG));
      expect(taken).toEqual(keys.map((_, index) => index < 9));
    }
    expect(problems).toMatchObject([
      { code: "CACHE_NOT_WRITTEN", severity: "warning", where: { image: file } },
    ]);
    expect(statSync(file).size).toBeLessThan(5500);
    expect(find(file, keys).map((payload) => payload !== undefined)).toEqual(
      keys.map((_, index) => index >= 5 && index < 9),
    );
  });
});
