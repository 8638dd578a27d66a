import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ReportSpool } from "../../src/batch/index.ts";
import { ownFolder } from "../support/own-folder.ts";

afterEach(() => vi.unstubAllEnvs());

/** Reports that differ in length, in characters of one to four bytes. */
const TEXTS = Array.from({ length: 300 }, (_, index) =>
  JSON.stringify({ path: `\u{1f4bf} dänisch ${index}`, padding: "x".repeat(index) }),
);

const spoolFiles = () => readdirSync(tmpdir()).filter((name) => name.startsWith("vmguest-reports-"));

/** A folder for temporary files that nobody else uses. */
function ownTemporaryFolder(): void {
  const folder = join(ownFolder(), "tmp");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  vi.stubEnv("TMPDIR", folder);
}

describe.each([
  { where: "in memory", memoryBytes: 1e9 },
  { where: "in part in a file", memoryBytes: 10_000 },
  { where: "in a file", memoryBytes: 0 },
])("reports that are kept $where", ({ memoryBytes }) => {
  test("come back as they were, as often as they are gone through", () => {
    using spool = new ReportSpool({ memoryBytes });
    for (const text of TEXTS) spool.add(text);
    expect(spool.count).toBe(TEXTS.length);
    for (let time = 0; time < 2; time++) expect([...spool.texts()]).toEqual(TEXTS);
    expect([...spool]).toEqual(TEXTS.map((text) => JSON.parse(text)));
    const [first] = spool;
    expect(first?.path).toBe("\u{1f4bf} dänisch 0");
  });

  test("are gone through by several at a time, and more may come", () => {
    using spool = new ReportSpool({ memoryBytes });
    for (const text of TEXTS.slice(0, 100)) spool.add(text);
    const first = spool.texts();
    expect(first.next().value).toBe(TEXTS[0]);
    for (const text of TEXTS.slice(100)) spool.add(text);
    expect([...spool.texts()]).toEqual(TEXTS);
    expect(first.next().value).toBe(TEXTS[1]);
  });
});

test("a spool of nothing is empty", () => {
  using spool = new ReportSpool();
  expect([...spool]).toEqual([]);
});

test("the file has no name, so that nothing stays whatever ends the process", () => {
  ownTemporaryFolder();
  const spool = new ReportSpool({ memoryBytes: 0 });
  spool.add("{}");
  expect(spoolFiles()).toEqual([]);
  spool.close();
  spool.close();
  expect(existsSync(tmpdir())).toBe(true);
});

test("a host without a folder for temporary files is told so", () => {
  vi.stubEnv("TMPDIR", "/nowhere");
  using spool = new ReportSpool({ memoryBytes: 0 });
  expect(() => spool.add("{}")).toThrow(
    expect.objectContaining({ code: "IO_WRITE", where: { image: "/nowhere" } }),
  );
});
