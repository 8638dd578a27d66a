import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { commitChanges, NodeStorage, type OpenFile, type OpenMode } from "../../src/io/commit/index.ts";
import { FileSource } from "../../src/io/index.ts";
import { layGpt, windowsVolume } from "../lab/guest-image.ts";
import { vhdxOf } from "../lab/vhdx.ts";
import { run } from "./run.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-interrupted-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The host's files, of which one cannot be written any more after so many writes. */
class FailingStorage extends NodeStorage {
  readonly #path: string;
  #writesLeft: number;

  constructor(path: string, writesLeft: number) {
    super();
    this.#path = path;
    this.#writesLeft = writesLeft;
  }

  override open(path: string, mode: OpenMode): OpenFile {
    const file = super.open(path, mode);
    if (path !== this.#path || mode !== "write") return file;
    const write = file.write.bind(file);
    file.write = (bytes, offset) => {
      if (this.#writesLeft-- <= 0) throw Object.assign(new Error("broken"), { code: "EIO" });
      return write(bytes, offset);
    };
    return file;
  }
}

/** Bytes of the first 64 KiB of a VHDX, behind its identifier, that mean nothing. */
const UNUSED_PAGES = [8192, 12_288];

const disk = vhdxOf(layGpt([windowsVolume({ release: "ws2012r2" })])).toBytes();

/** An image of which a change was made, or begun only where storage takes no more than so many writes. */
function changedImage(name: string, writes: number): string {
  const path = join(folder, name);
  writeFileSync(path, disk);
  const image = FileSource.open(path);
  const steps = UNUSED_PAGES.map((offset) => [{ offset, bytes: new Uint8Array(4096).fill(1) }]);
  const id = "0f8b5c1e-2a55-4c5e-9a3a-1c2d3e4f5061";
  try {
    commitChanges(
      path,
      { image, steps, sizeBytes: disk.length, id },
      { storage: new FailingStorage(path, writes) },
    );
  } catch (error) {
    expect(error).toMatchObject({ code: "COMMIT_INTERRUPTED" });
  } finally {
    image.close();
  }
  return path;
}

const interrupted = changedImage("interrupted.vhdx", 1);
const complete = changedImage("complete.vhdx", 100);
const FOUND = { code: "UNDO_INTERRUPTED", severity: "warning", where: `${interrupted}.vmguest-undo` };

describe("an image between before and after", () => {
  test("is reported as such by an audit, with what was interrupted", async () => {
    const { stdout } = await run(["audit", interrupted, "--format", "json"]);
    const [{ findings }] = JSON.parse(stdout).images;
    expect(findings).toContainEqual(expect.objectContaining(FOUND));
    expect(findings[0].message).toContain("taking back a change of the image was interrupted");
    expect((await run(["audit", interrupted])).stdout).toContain("[UNDO_INTERRUPTED]");
  });

  test("is so where a link leads to it, and where it cannot be read for that very reason", async () => {
    const link = join(folder, "link.vhdx");
    symlinkSync(interrupted, link);
    const torn = changedImage("torn.vhdx", 1);
    writeFileSync(torn, new Uint8Array(100));
    for (const path of [link, torn]) {
      const { stdout } = await run(["audit", path, "--format", "json"]);
      const [{ findings }] = JSON.parse(stdout).images;
      expect(findings[0].code).toMatch(/^UNDO_/);
    }
  });

  test("is a part of a check that warns", async () => {
    const { code, stdout } = await run(["check", interrupted, "--format", "json", "--fail-on", "warning"]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout).parts[0]).toMatchObject({
      layer: "container",
      name: "undo file",
      findings: [FOUND],
    });
  });

  test.each([["services"], ["chain"], ["files list", "Windows"], ["registry query", "HKLM\\SYSTEM\\Select"]])(
    "is told on stderr by %s",
    async (name, ...words) => {
      const { code, stderr } = await run([...name.split(" "), interrupted, ...words]);
      expect(code).toBe(0);
      expect(stderr).toContain("[UNDO_INTERRUPTED]");
    },
  );
});

test("an undo file that is none is told of", async () => {
  const path = join(folder, "odd.vhdx");
  writeFileSync(path, disk);
  writeFileSync(`${path}.vmguest-undo`, "no undo file");
  const { stderr } = await run(["services", path]);
  expect(stderr).toContain("[UNDO_DAMAGED]");
});

test("a change that is complete is no news", async () => {
  const { stdout } = await run(["audit", complete, "--format", "json"]);
  expect(stdout).not.toContain("UNDO_");
  expect(await run(["services", complete])).toMatchObject({ code: 0, stderr: "" });
});
