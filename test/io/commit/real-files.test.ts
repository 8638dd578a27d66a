import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  type ChangePlan,
  commitChanges,
  finishChanges,
  inspectUndo,
  rollbackChanges,
} from "../../../src/io/commit/index.ts";
import { FileSource } from "../../../src/io/index.ts";
import { finalOf, growingCase, ID } from "../../faults/change-lab.ts";

const all = growingCase();
const root = mkdtempSync(join(tmpdir(), "vmguest-commit-"));
afterAll(() => rmSync(root, { recursive: true }));
const failure = (code: string) => expect.objectContaining({ code });

let imageCount = 0;

/** The path of a new image in a folder of its own. */
function newImage(): string {
  const folder = join(root, String(++imageCount));
  mkdirSync(folder);
  const path = join(folder, "vm.vhdx");
  writeFileSync(path, all.original);
  return path;
}

function commit(path: string, plan: Partial<ChangePlan> = {}) {
  const image = FileSource.open(path);
  try {
    return commitChanges(path, { image, steps: all.steps, sizeBytes: all.sizeBytes, id: ID, ...plan });
  } finally {
    image.close();
  }
}

const holds = (path: string, bytes: Buffer) => readFileSync(path).equals(bytes);

describe("on the host's own files a change", () => {
  test("is made, described and taken back, and leaves nothing behind", () => {
    const path = newImage();
    expect(inspectUndo(path)).toEqual({ state: "none" });
    const { outcome, undoPath } = commit(path);
    expect(outcome).toBe("committed");
    expect(holds(path, finalOf(all))).toBe(true);
    expect(statSync(undoPath).mode & 0o777).toBe(0o600);
    expect(existsSync(`${path}.vmguest-lock`)).toBe(false);
    expect(inspectUndo(path)).toMatchObject({
      state: "committed",
      changedAt: undefined,
      isModifiedSince: false,
    });
    rollbackChanges(path);
    expect(holds(path, all.original)).toBe(true);
    expect(existsSync(undoPath)).toBe(false);
  });

  test("keeps the image's permissions and its number", () => {
    const path = newImage();
    chmodSync(path, 0o640);
    const before = statSync(path);
    commit(path);
    rollbackChanges(path);
    const after = statSync(path);
    expect([after.ino, after.mode]).toEqual([before.ino, before.mode]);
  });

  test("goes to the file that a symbolic link leads to, and its undo file beside that", () => {
    const path = newImage();
    const link = join(root, `link-${imageCount}.vhdx`);
    symlinkSync(path, link);
    expect(commit(link).undoPath).toBe(`${path}.vmguest-undo`);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(inspectUndo(path).state).toBe("committed");
    expect(() => commit(path)).toThrow(failure("UNDO_PRESENT"));
    rollbackChanges(link);
    expect(holds(path, all.original)).toBe(true);
  });

  test("is refused for an image with a second name, and taken back from one that got it later", () => {
    const path = newImage();
    linkSync(path, `${path}.backup`);
    expect(() => commit(path)).toThrow(failure("IMAGE_HARD_LINKED"));
    expect(holds(path, all.original)).toBe(true);
    rmSync(`${path}.backup`);
    commit(path);
    linkSync(path, `${path}.backup`);
    rollbackChanges(path);
    expect(holds(path, all.original)).toBe(true);
  });

  test("is refused where another file took the image's place", () => {
    const path = newImage();
    using image = FileSource.open(path);
    copyFileSync(path, `${path}.copy`);
    renameSync(`${path}.copy`, path);
    expect(() => commit(path, { image })).toThrow(failure("IO_CHANGED"));
    expect(existsSync(`${path}.vmguest-undo`)).toBe(false);
  });

  test("writes through no link that stands where the undo file or the lock would", () => {
    for (const ending of ["undo", "lock"]) {
      const path = newImage();
      const victim = `${path}.victim`;
      writeFileSync(victim, "precious");
      symlinkSync(victim, `${path}.vmguest-${ending}`);
      expect(() => commit(path)).toThrow(failure(ending === "undo" ? "UNDO_FOREIGN" : "IO_OPEN"));
      expect(readFileSync(victim, "utf8")).toBe("precious");
      expect(holds(path, all.original)).toBe(true);
    }
  });

  test("survives the image and its undo file being moved and copied together", () => {
    const path = newImage();
    commit(path);
    const target = newImage();
    for (const ending of ["", ".vmguest-undo"]) copyFileSync(path + ending, target + ending);
    rollbackChanges(target);
    expect(holds(target, all.original)).toBe(true);
    expect(inspectUndo(path).state).toBe("committed");
  });

  test("stays where there is no image, and where it is none", () => {
    const path = join(root, "missing.vhdx");
    for (const work of [inspectUndo, rollbackChanges, finishChanges]) {
      expect(() => work(path)).toThrow(failure("IO_OPEN"));
    }
    const folder = join(root, "folder.vhdx");
    mkdirSync(folder);
    expect(inspectUndo(folder)).toEqual({ state: "none" });
  });
});

describe("an undo file on the host", () => {
  test.each([
    {
      what: "is a link",
      spoil: (undo: string) => {
        renameSync(undo, `${undo}.real`);
        symlinkSync(`${undo}.real`, undo);
      },
    },
    { what: "is a folder", spoil: (undo: string) => [rmSync(undo), mkdirSync(undo)] },
    { what: "has two names", spoil: (undo: string) => linkSync(undo, `${undo}.2`) },
    { what: "may be written by all, unlike the image", spoil: (undo: string) => chmodSync(undo, 0o666) },
  ])("that $what is not believed", ({ spoil }) => {
    const path = newImage();
    chmodSync(path, 0o644);
    const { undoPath } = commit(path);
    spoil(undoPath);
    expect(inspectUndo(path)).toMatchObject({ state: "unreadable", error: { code: "UNDO_FOREIGN" } });
    expect(() => rollbackChanges(path)).toThrow(failure("UNDO_FOREIGN"));
    expect(holds(path, finalOf(all))).toBe(true);
    expect(existsSync(`${path}.vmguest-lock`)).toBe(false);
  });

  test("that may be written by those who may write the image is believed, as on file systems without permissions", () => {
    const path = newImage();
    chmodSync(path, 0o666);
    const { undoPath } = commit(path);
    chmodSync(undoPath, 0o666);
    rollbackChanges(path);
    expect(holds(path, all.original)).toBe(true);
  });
});

test("a lock file that names nobody keeps the next run out until somebody removes it", () => {
  const path = newImage();
  const lock = `${path}.vmguest-lock`;
  closeSync(openSync(lock, "wx"));
  expect(() => commit(path)).toThrow(failure("LOCK_STALE"));
  expect(holds(path, all.original)).toBe(true);
  rmSync(lock);
  expect(commit(path).outcome).toBe("committed");
});
