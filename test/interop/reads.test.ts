import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { buildCommand } from "./built-command.ts";
import { buildGuest } from "./guests/builder.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-reads-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Every system call of the audit's process that names the image or a descriptor of it. */
function traceAudit(
  launcher: string,
  image: string,
): { calls: string[]; stats: { reads: number; bytesRead: number } } {
  const log = join(folder, "trace");
  const command = [process.execPath, launcher, "audit", image, "--format", "json", "--stats"];
  const { status, stderr } = spawnSync("strace", ["-f", "-qq", "-P", image, "-o", log, ...command], {
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringMatching(/\{.*\}\n$/) });
  return {
    calls: readFileSync(log, "utf8").trim().split("\n"),
    stats: JSON.parse(stderr.trim().split("\n").at(-1) ?? ""),
  };
}

test("--stats counts what strace sees, and the image is opened for reading only", async () => {
  const guest = { name: "ws2012r2", args: ["--os", "ws2012r2", "--virtual-size", "160M", "--files", "10"] };
  const { image } = await buildGuest(folder, 0, guest);
  const { calls, stats } = traceAudit(buildCommand(folder), image);

  const reads = calls.filter((call) => /\b(read|pread64|readv|preadv)\(/.test(call));
  const bytes = reads.map((call) => Number(/ = (\d+)$/.exec(call)?.[1]));
  expect(stats).toMatchObject({
    reads: reads.length,
    bytesRead: bytes.reduce((sum, count) => sum + count, 0),
  });
  expect(stats.bytesRead).toBeLessThan(512 * 1024);

  const opened = calls.filter((call) => /\bopen(at)?\(/.test(call));
  expect(opened.length).toBeGreaterThan(0);
  expect(opened.filter((call) => /O_WRONLY|O_RDWR|O_CREAT|O_TRUNC/.test(call))).toEqual([]);
  expect(
    calls.filter((call) => /\b(p?write|ftruncate|fallocate|rename|unlink|utime|chmod)/.test(call)),
  ).toEqual([]);
});
