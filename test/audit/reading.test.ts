import { createHash } from "node:crypto";
import { appendFileSync, readFileSync, statSync, truncateSync, utimesSync } from "node:fs";
import { afterEach, describe, expect, test, vi } from "vitest";
import { assembleReport, auditImage, type ImageReport } from "../../src/audit/index.ts";
import { FileSource, PageCache, ReadStats } from "../../src/io/index.ts";
import { CONTAINERS, layGpt, windowsVolume } from "../lab/guest-image.ts";
import { buildHive, buildOldLog, crashed } from "../lab/hive.ts";
import { VhdxLog, vhdxOf } from "../lab/vhdx.ts";
import { softwareTree } from "../lab/windows/trees.ts";
import { mergeTrees, RELEASES, type WindowsOptions } from "../lab/windows.ts";
import { auditFile, findingsOf, imageFile, onlyGuest } from "./audits.ts";

const MIB = 1024 * 1024;

afterEach(() => vi.restoreAllMocks());

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

const product = (ProductName: string) => ({
  Microsoft: { "Windows NT": { CurrentVersion: { ProductName } } },
});

/** A Server 2022 that broke down while it wrote its SOFTWARE hive: what its log has is newer than the hive. */
function brokenDown(): WindowsOptions {
  const software = softwareTree(RELEASES.ws2022);
  const before = buildHive(software);
  const after = buildHive(mergeTrees(software, product("Windows Server 2022 Datacenter")));
  const files = {
    "System32/config/SOFTWARE": crashed(before, 8),
    "System32/config/SOFTWARE.LOG1": buildOldLog(before, after),
  };
  return { release: "ws2022", files };
}

/** Two guests, directories in index blocks, a hive with a log to apply: much that is fixed up and put together. */
function busyImage(): Uint8Array {
  const drivers = Array.from({ length: 60 }, (_, index) => {
    return [`Windows/System32/drivers/driver${index}.sys`, "x".repeat(index * 40)] as const;
  });
  const files = { "Windows/System32": { isDirectory: true, fanOut: 4 }, ...Object.fromEntries(drivers) };
  const first = windowsVolume({ release: "ws2008r2" }, { files, rootFanOut: 4 });
  return CONTAINERS.vhdx(layGpt([first, windowsVolume(brokenDown())]));
}

const report = (image: ImageReport) =>
  JSON.stringify(assembleReport([image], { host: "ws2012r2", toolVersion: "1.2.3" }));

describe("an audit only reads", () => {
  test("so that the image is the same file afterwards, to the last byte and second", () => {
    const path = imageFile("untouched.vhdx", busyImage());
    utimesSync(path, 1_600_000_000, 1_600_000_000);
    const before = sha256(readFileSync(path));
    auditFile(path);
    expect(sha256(readFileSync(path))).toBe(before);
    expect(statSync(path).mtimeMs).toBe(1_600_000_000_000);
  });

  test("and says the same of it every time", () => {
    const path = imageFile("twice.vhdx", busyImage());
    expect(report(auditFile(path))).toBe(report(auditFile(path)));
  });

  test("and never changes the pages that its readers share", () => {
    const caches = new Set<PageCache>();
    const { read } = PageCache.prototype;
    vi.spyOn(PageCache.prototype, "read").mockImplementation(function (this: PageCache, offset, length) {
      caches.add(this);
      return read.call(this, offset, length);
    });
    const path = imageFile("pages.vhdx", busyImage());
    const { guests } = auditFile(path);
    expect(guests).toHaveLength(2);

    const file = readFileSync(path);
    const pages = new Set<string>();
    for (let at = 0; at < file.length; at += 4096) pages.add(sha256(file.subarray(at, at + 4096)));
    const [cache, ...more] = caches;
    expect(more).toEqual([]);
    const cached = [...(cache?.cachedPages() ?? [])];
    expect(cached.length).toBeGreaterThan(50);
    expect(cached.filter((page) => !pages.has(sha256(page)))).toEqual([]);
  });

  test("and reads little: what lies beside the guest costs nothing", () => {
    const bytesOf = (image: Uint8Array) => {
      const stats = new ReadStats();
      onlyGuest(auditFile(imageFile("costs.vhdx", image), { stats }));
      return stats.bytesRead;
    };
    const alone = bytesOf(CONTAINERS.vhdx(layGpt([windowsVolume({ release: "ws2012r2" })])));
    const files = { "Users/big.bin": new Uint8Array(4_000_000).fill(7) };
    const crowded = bytesOf(CONTAINERS.vhdx(layGpt([windowsVolume({ release: "ws2012r2" }, { files })])));
    expect(alone).toBeGreaterThan(100_000);
    expect(alone).toBeLessThan(400_000);
    expect(crowded).toBeLessThan(alone + 20_000);
  });

  test("and closes the file, whatever came of it", () => {
    const close = vi.spyOn(FileSource.prototype, "close");
    auditFile(imageFile("closed.vhdx", busyImage()));
    expect(close).toHaveBeenCalledTimes(1);
    auditFile(imageFile("closed-empty.vhdx", new Uint8Array(0)));
    expect(close).toHaveBeenCalledTimes(2);
  });
});

describe("an image that changes under the audit is reported as that, and nothing is said of its guests", () => {
  /** Does something to the file once the audit has read so many times. */
  class Interruption extends ReadStats {
    readonly #after: number;
    readonly #work: () => void;

    constructor(after: number, work: () => void) {
      super();
      this.#after = after;
      this.#work = work;
    }

    override record(offset: number, byteCount: number): void {
      super.record(offset, byteCount);
      if (this.reads === this.#after) this.#work();
    }
  }

  const bytes = CONTAINERS.vhdx(layGpt([windowsVolume({ release: "ws2012r2" })]));
  const whole = new ReadStats();
  auditImage(imageFile("whole.vhdx", bytes), { host: "ws2012r2", stats: whole });

  test.each([
    ["written to", (path: string) => appendFileSync(path, "more")],
    ["cut off", (path: string) => truncateSync(path, bytes.length - 1024 * 1024)],
    ["touched", (path: string) => utimesSync(path, 1, 1)],
  ])("%s in the midst, or at the last moment", (_title, change) => {
    for (const after of [Math.floor(whole.reads / 2), whole.reads]) {
      const path = imageFile("changing.vhdx", bytes);
      const changed = auditFile(path, { stats: new Interruption(after, () => change(path)) });
      expect(changed).toMatchObject({
        container: { format: "vhdx" },
        guests: [],
        findings: [],
        error: { code: "IO_CHANGED", kind: "io", where: path },
      });
    }
  });
});

describe("what was repaired in memory is said, and audited as repaired", () => {
  test("where the container has a log", () => {
    const image = vhdxOf(layGpt([windowsVolume({ release: "win10" })]));
    const block = image.sizeBytes - 2 * MIB;
    const log = new VhdxLog(image.sizeBytes);
    log.append([{ at: block, data: new Uint8Array(image.read(block, 4096).buffer) }]);
    image.write(block, new Uint8Array(4096).fill(0xee));
    image.setLog(log);
    const repaired = auditFile(imageFile("replayed.vhdx", image.toBytes()));
    expect(repaired).toMatchObject({ container: { logState: "replayed" }, error: null });
    expect(onlyGuest(repaired).os.id).toBe("win10");
    expect(findingsOf(repaired).map(([code]) => code)).toEqual(["VHDX_LOG_REPLAYED"]);
  });

  test("where a hive has one", () => {
    const repaired = auditFile(
      imageFile("recovered.vhdx", CONTAINERS.vhdx(layGpt([windowsVolume(brokenDown())]))),
    );
    expect(onlyGuest(repaired).os.name).toBe("Windows Server 2022 Datacenter");
    expect(findingsOf(repaired)).toEqual([
      ["REGF_LOG_APPLIED", expect.stringContaining("volume 0: Windows/System32/config/SOFTWARE")],
    ]);
  });
});
