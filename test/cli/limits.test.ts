import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { ImageReport } from "../../src/audit/index.ts";
import { CONTAINERS, layGpt, windowsVolume } from "../lab/guest-image.ts";
import { VhdxLog, vhdxOf } from "../lab/vhdx.ts";
import { run } from "./run.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-limits-"));
afterAll(() => rmSync(folder, { recursive: true }));

const MIB = 2 ** 20;
const disk = layGpt([windowsVolume({ release: "ws2012r2" })]);

/** An image that makes every reader go through a whole log of 8 MiB before anything else. */
function withLongLog(): Uint8Array {
  const image = vhdxOf(disk, { logLengthBytes: 8 * MIB });
  const log = new VhdxLog(image.sizeBytes, { lengthBytes: 8 * MIB });
  log.append([]);
  return image.setLog(log).toBytes();
}

const [first, long, last] = ["a.vhdx", "b-long.vhdx", "c.vhdx"].map((name) => join(folder, name));
writeFileSync(first ?? "", CONTAINERS.vhdx(disk));
writeFileSync(long ?? "", withLongLog());
writeFileSync(last ?? "", CONTAINERS.vhdx(disk));

async function outcomes(...limits: string[]) {
  const { code, stdout } = await run(["audit", folder, "--format", "json", ...limits]);
  const images = JSON.parse(stdout).images as ImageReport[];
  return { code, outcomes: images.map(({ error, guests }) => error?.code ?? guests[0]?.verdict.status) };
}

test("an image that is given up leaves the others as they are", async () => {
  expect(await outcomes("--limit-bytes", String(2 * MIB))).toEqual({
    code: 3,
    outcomes: ["outdated", "READ_LIMIT", "outdated"],
  });
});

test.each([
  { what: "the limits that are set where none is told", limits: [] },
  { what: "no limits", limits: ["--limit-seconds", "0", "--limit-bytes", "0"] },
])("with $what each of them is audited", async ({ limits }) => {
  expect(await outcomes(...limits)).toEqual({ code: 0, outcomes: ["outdated", "outdated", "outdated"] });
});
