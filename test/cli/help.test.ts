import { describe, expect, test } from "vitest";
import { commandList } from "../../src/cli/index.ts";
import { run } from "./run.ts";

describe("help", async () => {
  const commands = await commandList();

  test.each(commands)("of $name gives examples that are command lines of it", async ({ name, usage }) => {
    const { code, stdout, stderr } = await run([...name.split(" "), "--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`vmguest ${usage}\n`);
    const [, examples = ""] = stdout.split("\nExamples:\n");
    const lines = examples.split("\n").filter((line) => line.startsWith("    "));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).toMatch(new RegExp(`^ {4}([^|]+ [|] )?vmguest ${name}( |$)`));
  });

  test("keeps within the terminal, and within 100 columns where that is wider", async () => {
    for (const [terminal, width] of [
      [72, 72],
      [300, 100],
    ] as const) {
      const { stdout } = await run(["audit", "--help"], { terminal });
      const prose = stdout.slice(0, stdout.indexOf("Examples:"));
      expect(Math.max(...prose.split("\n").map((line) => line.length))).toBeLessThanOrEqual(width);
    }
  });

  test("names every command", async () => {
    const { stdout } = await run(["--help"]);
    for (const { name } of commands) expect(stdout).toContain(`vmguest ${name.split(" ")[0]}`);
  });

  test("is the same with -h", async () => {
    expect((await run(["table", "-h"])).stdout).toBe((await run(["table", "--help"])).stdout);
  });
});

test("--version prints the version of the package", async () => {
  expect(await run(["--version"])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\S*\n$/),
  });
});

describe("completion", () => {
  test("is a script that asks vmguest itself", async () => {
    const { code, stdout } = await run(["completion"]);
    expect(code).toBe(0);
    expect(stdout).toContain("vmguest --get-yargs-completions");
  });

  test.each([
    { words: ["vmguest", ""], offered: ["audit", "table", "services", "registry", "files"] },
    { words: ["vmguest", "services", ""], offered: ["enable", "disable"] },
    { words: ["vmguest", "services", "x.vhdx", "--"], offered: ["--volume", "--format", "--stats"] },
    { words: ["vmguest", "services", "enable", "x.vhdx", "--"], offered: ["--yes", "--output", "--as"] },
    { words: ["vmguest", "stage", "x.vhdx", "--trigger", ""], offered: ["setup-mode", "stage-only"] },
    { words: ["vmguest", "files", ""], offered: ["list", "cat", "copy-out"] },
    { words: ["vmguest", "audit", "--"], offered: ["--host", "--fail-on", "--stats"] },
    { words: ["vmguest", "audit", "x", "--format", ""], offered: ["table", "json"] },
  ])("offers $offered for $words", async ({ words, offered }) => {
    const { stdout } = await run(["--get-yargs-completions", ...words]);
    expect(stdout.split("\n").map((line) => line.split(":")[0])).toEqual(expect.arrayContaining(offered));
  });
});
