import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parseReport } from "../cli/packages.ts";
import { FIXTURES } from "../support/fixtures.ts";
import { buildCommand } from "./built-command.ts";
import { buildGuest } from "./guests/builder.ts";

// The built commands that change images, on a guest of a third-party maker and Microsoft's own package.

const _ROOT = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "vmguest-change-cli-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PACKAGE = ["--package", join(FIXTURES, "ic-cab/6.3.9600.18692"), "--host", "ws2012r2"];
const GUEST = [
  "--os",
  "ws2008r2",
  "--ic-version",
  "6.3.9600.16384",
  "--virtual-size",
  "400M",
  "--files",
  "50",
];

let original = "";
let launcher = "";
const image = join(folder, "web01.vhdx");
const undo = `${image}.vmguest-undo`;

beforeAll(async () => {
  launcher = buildCommand(folder);
  ({ image: original } = await buildGuest(folder, 0, { name: "ws2008r2", args: GUEST }));
});

beforeEach(() => {
  cpSync(original, image);
  rmSync(undo, { force: true });
});

function vmguest(...args: readonly string[]): { code: number | null; stdout: string; stderr: string } {
  const options = { encoding: "utf8", maxBuffer: 1 << 26 } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, ...args], options);
  return { code: status, stdout, stderr };
}

/** What a command prints with `--format json`, held against its schema. */
function report(schema: string, ...args: readonly string[]) {
  const { code, stdout, stderr } = vmguest(...args, "--format", "json");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return parseReport(schema, stdout);
}

/** Runs a command on a terminal of its own, on which something is typed once a text is shown. */
function typeOnTerminal(awaited: string, typed: string, ...args: readonly string[]) {
  const terminal = join(import.meta.dirname, "terminal.py");
  const command = [process.execPath, launcher, ...args];
  return spawnSync("python3", [terminal, awaited, typed, ...command], { encoding: "utf8" });
}

const hash = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");

describe("an update", () => {
  test("is planned, staged, found staged already, and taken back bit for bit", () => {
    const before = hash(image);
    const planned = report("plan-1", "plan", image, ...PACKAGE);
    expect(planned).toMatchObject({
      outcome: "ready",
      package: { signature: "microsoft" },
      trigger: { id: "setup-mode" },
    });
    expect(hash(image)).toBe(before);

    const { images } = report("stage-1", "stage", image, ...PACKAGE, "--yes");
    expect(images).toMatchObject([{ outcome: "staged", undoFile: undo, error: null }]);
    expect(images[0].plan.changes.map(({ path }: { path: string }) => path)).toEqual(
      planned.changes.map(({ path }: { path: string }) => path),
    );
    expect(hash(image)).not.toBe(before);

    const again = report("stage-1", "stage", image, ...PACKAGE, "--yes");
    expect(again.images).toMatchObject([{ outcome: "nothing-to-do" }]);

    expect(report("rollback-1", "rollback", image, "--yes")).toMatchObject({ outcome: "rolled-back" });
    expect(hash(image)).toBe(before);
    expect(report("rollback-1", "rollback", image, "--yes")).toMatchObject({ outcome: "nothing-to-do" });
  });

  test.each(["child.avhdx", "copy.vhdx"])("goes to %s, and the image stays as it is", (name) => {
    const before = hash(image);
    const path = join(folder, name);
    const { images } = report("stage-1", "stage", image, ...PACKAGE, "--yes", "--output", path);
    expect(images).toMatchObject([{ outcome: "staged", target: { path }, undoFile: null }]);
    expect(hash(image)).toBe(before);
    expect(existsSync(undo)).toBe(false);
    const audited = JSON.parse(vmguest("audit", path, "--format", "json").stdout);
    expect(audited.images[0].guests[0].staging.state).toBe("staged");
    rmSync(path);
  });

  test("is the answer to a question where somebody sits at the terminal", () => {
    const before = hash(image);
    const command = ["stage", image, ...PACKAGE];
    const no = typeOnTerminal("[y/N]", "n\n", ...command);
    expect(no.stdout).toContain(`Write to ${image}? [y/N]`);
    expect({ code: no.status, hash: hash(image) }).toEqual({ code: 1, hash: before });
    const yes = typeOnTerminal("[y/N]", "y\n", ...command);
    expect(yes.stdout).toContain("written, read again and compared");
    expect({ code: yes.status, hasUndo: existsSync(undo) }).toEqual({ code: 0, hasUndo: true });
  });
});

test.each(["planning", "examining", "verifying"])("Ctrl-C stops the command while it is %s", (activity) => {
  const before = hash(image);
  const stopped = typeOnTerminal(`${image}: ${activity}`, "\x03", "stage", image, ...PACKAGE, "--yes");
  expect(stopped.status).toBe(130);
  expect(stopped.stdout).toContain(`stopped: nothing of this change is left in ${image}`);
  expect({ hash: hash(image), hasUndo: existsSync(undo) }).toEqual({ hash: before, hasUndo: false });
});

describe("a refusal", () => {
  const WISH = ["stage", image, ...PACKAGE, "--trigger", "setup-complete"];

  test.each([
    { more: ["--yes"], code: 4 },
    { more: ["--dry-run"], code: 4 },
    { more: ["--yes", "--allow", "TRIGGER_UNSAFE"], code: 4 },
    { more: ["--yes", "--allow", "NO_SUCH_CODE"], code: 2 },
    { more: [], code: 2 },
  ])("ends with $code ($more), and nothing is written", ({ more, code }) => {
    const before = hash(image);
    const files = readdirSync(folder);
    const ended = vmguest(...WISH, ...more, "--format", "json");
    expect(ended.code).toBe(code);
    if (code === 4) {
      expect(parseReport("stage-1", ended.stdout).images).toMatchObject([
        { outcome: "refused", plan: { refusals: [{ code: "TRIGGER_UNSAFE", canBeAllowed: false }] } },
      ]);
    }
    expect({ hash: hash(image), files: readdirSync(folder) }).toEqual({ hash: before, files });
  });
});

test("a service is disabled and enabled again", () => {
  const start = () => {
    const { guests } = JSON.parse(vmguest("services", image, "--format", "json").stdout);
    return guests[0].services.find(({ name }: { name: string }) => name === "vmictimesync").start;
  };
  const before = start();
  const disabled = report("stage-1", "services", "disable", image, "vmictimesync", "--yes");
  expect(disabled.images).toMatchObject([{ outcome: "staged", plan: { package: null, trigger: null } }]);
  expect(start()).toBe("disabled");
  report("stage-1", "services", "enable", image, "vmictimesync", "--yes", "--replace");
  expect(start()).toBe(before);
});

describe.each(["SIGINT", "SIGTERM"] as const)("%s while an image is written", (signal) => {
  test.each([{ again: false }, { again: true }])(
    "leaves it whole, and says how (sent again: $again)",
    async ({ again }) => {
      const before = hash(image);
      const child = spawn(process.execPath, [launcher, "stage", image, ...PACKAGE, "--yes"]);
      const ended = endOf(child);
      // From there on the image is written.
      while (child.exitCode === null && !existsSync(undo))
        await new Promise((resolve) => setTimeout(resolve, 1));
      child.kill(signal);
      if (again) child.kill(signal);
      const { code, stderr } = await ended;
      expect(existsSync(`${image}.vmguest-lock`)).toBe(false);
      if (code === 0) {
        expect(stderr).toContain("too late to stop");
        expect(report("rollback-1", "rollback", image, "--yes").outcome).toBe("rolled-back");
      } else {
        expect(code).toBe(signal === "SIGINT" ? 130 : 143);
        expect(stderr).toContain(`stopped: nothing of this change is left in ${image}`);
        expect(existsSync(undo)).toBe(false);
      }
      expect(hash(image)).toBe(before);
    },
  );
});

/** How a process ended, and what it said. */
async function endOf(child: ChildProcess): Promise<{ code: number | null; stderr: string }> {
  let stderr = "";
  child.stderr?.on("data", (chunk) => {
    stderr += chunk;
  });
  return await new Promise((resolve) => child.on("close", (code) => resolve({ code, stderr })));
}
