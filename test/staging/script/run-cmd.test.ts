import { describe, expect, test } from "vitest";
import { STAGING_FILES, type StagingJob, TRIGGERS } from "../../../src/guest/index.ts";
import {
  EXIT_CODES,
  exitActionOf,
  PKGMGR_WANTS_FOLDER,
  UNKNOWN_EXIT,
} from "../../../src/staging/script/exit-codes.ts";
import { firstBootScript } from "../../../src/staging/script/index.ts";
import { packageKeyOf } from "../../../src/staging/script/run-cmd.ts";
import { JOB } from "../../guest/staging/jobs.ts";

const textOf = (change: Partial<StagingJob> = {}) =>
  new TextDecoder("latin1").decode(firstBootScript({ ...JOB, ...change }));
const linesOf = (text: string) => text.split("\r\n");
const withoutRemarks = (text: string) => linesOf(text).filter((line) => !line.startsWith("rem "));

describe("the script", () => {
  const text = textOf();

  test("is ASCII in lines that end in CR LF", () => {
    expect(text).toMatch(/^[\x20-\x7e\r\n]*$/);
    expect(text.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
    expect(text.endsWith("\r\n")).toBe(true);
    // cmd.exe takes 8191 characters of a line.
    expect(Math.max(...linesOf(text).map(({ length }) => length))).toBeLessThan(1000);
  });

  test("uses nothing that a guest may not have, or that asks for a clock", () => {
    const commands = withoutRemarks(text).join("\n");
    expect(commands).not.toMatch(
      /powershell|wmic|wusa|certutil|schtasks|findstr|\btimeout(\.exe)? |%date%|%time%|%random%/i,
    );
    // Every program by its full path.
    const programs = [...commands.matchAll(/(\S*?)(\w+)\.exe/gi)].map(([all]) => all);
    const loose = programs.filter((program) => !program.includes("%SYS%\\") && !program.includes("%ROOT%\\"));
    expect(
      loose.filter((program) => !/^(set|"COMMAND=.*|reg\.exe|"DETAIL=(dism|pkgmgr)\.exe)$/.test(program)),
    ).toEqual([]);
  });

  test("never deletes SetupType or CmdLine, without which Windows does not start", () => {
    const deleting = withoutRemarks(text).filter((line) => line.includes("reg.exe delete"));
    expect(deleting.length).toBeGreaterThan(0);
    for (const line of deleting) {
      for (const [, value] of line.matchAll(/reg\.exe delete \S+ \/v (\w+)/g)) {
        expect(value).toBe("SetupShutdownRequired");
      }
    }
  });

  test("compares no exit code by `if errorlevel`, which takes negative ones for success", () => {
    expect(text).not.toMatch(/^\s*if (not )?errorlevel/im);
  });

  test("lets no redirection take the last digit of a text for a handle", () => {
    for (const line of withoutRemarks(text).filter((found) => found.includes("echo "))) {
      expect(line).not.toMatch(/echo .*>/);
    }
  });

  test.each(TRIGGERS)("has every label that it goes to, once (%s)", (trigger) => {
    const lines = linesOf(textOf({ trigger, tools: ["pkgmgr", "dism"] }));
    const labels = lines.filter((line) => line.startsWith(":")).map((line) => line.slice(1));
    expect(new Set(labels).size).toBe(labels.length);
    const targets = lines.flatMap((line) =>
      [...line.matchAll(/(?:goto |call :|"NEXT=)(\w+)/g)].map(([, label]) => label as string),
    );
    expect(targets.filter((target) => target !== "child" && !labels.includes(target))).toEqual([]);
    const reached = new Set([...targets, "childdism", "childpkgmgr", "childfolder"]);
    const fallenInto = [
      "poll",
      "servicingpoll",
      "armforlater",
      "stillpending",
      "putoff",
      "has",
      "remove",
      "setupisover",
    ];
    expect(
      labels.filter((label) => !reached.has(label) && !fallenInto.includes(label) && !/^try\d$/.test(label)),
    ).toEqual([]);
  });

  test("names the actions of the exit codes as the table has them", () => {
    for (const { code, meaning } of EXIT_CODES) {
      expect(text).toContain(`set "DETAIL=${meaning}"\r\nif "%RC%"=="${code}" goto `);
    }
    expect(text).toContain(`set "DETAIL=${UNKNOWN_EXIT.meaning}"\r\ngoto failed`);
  });

  test("restarts only where trigger and job both let it", () => {
    const flags = (trigger: StagingJob["trigger"], reboot: StagingJob["reboot"]) =>
      /set "MAYRESTART=(\d)"/.exec(textOf({ trigger, reboot }))?.[1];
    expect(TRIGGERS.map((trigger) => flags(trigger, "auto"))).toEqual(["1", "0", "1", "0", "0"]);
    expect(TRIGGERS.map((trigger) => flags(trigger, "never"))).toEqual(["0", "0", "0", "0", "0"]);
  });

  test("knows the files of a staging by their names", () => {
    const { payload, script, result, log } = STAGING_FILES;
    for (const name of [payload, script, result, log]) expect(text).toContain(`%DIR%\\${name}`);
    expect(text).not.toContain(STAGING_FILES.job);
  });

  test("holds nothing of what the package is called", () => {
    const packageName = "Some (other) name.cab";
    expect(textOf({ packageName })).toBe(text);
  });
});

test.each([
  [{ systemRoot: "C:\\Windows & calc" }],
  [{ id: '6f9619ff" & calc' }],
  [{ maxAttempts: 10 }],
  [{ tools: [] }],
])("a job with %j has no script", (change) => {
  expect(() => textOf(change)).toThrow(expect.objectContaining({ code: "STAGING_JOB" }));
});

test("a folder of Windows that is too long for Winlogon has a script for the other triggers only", () => {
  const systemRoot = `C:\\${"W".repeat(40)}`;
  expect(() => textOf({ systemRoot })).toThrow(expect.objectContaining({ code: "STAGE_SYSTEM_ROOT" }));
  expect(textOf({ systemRoot, trigger: "group-policy" })).toContain(systemRoot);
});

describe("the key of the package", () => {
  const name = "Microsoft-Hyper-V-Integration-Services-Package";
  const token = "31bf3856ad364e35";

  test.each([`${name}~${token}~amd64~~6.3.9600.19456`, `${name}-2~${token}~x86~~6.3.9600.18692`])(
    "is known for %s",
    (identity) => {
      expect(packageKeyOf(identity)).toMatch(/^HKLM\\SOFTWARE\\.*\\Component Based Servicing\\Packages\\/);
      expect(packageKeyOf(identity)?.split("\\").at(-1)).toBe(identity);
    },
  );

  test.each([
    `Some-Other-Package~${token}~amd64~~6.3.9600.19456`,
    `${name}~0000000000000000~amd64~~6.3.9600.19456`,
    `${name}~${token}~arm64~~6.3.9600.19456`,
    `${name}~${token}~amd64~en-US~6.3.9600.19456`,
    `${name}~${token}~amd64~~6.3.9600`,
    `${name}~${token}~amd64~~6.3.9600.99999`,
    `${name}~${token}~amd64~~6.3.9600.1" & calc`,
    `${name}~${token}~amd64~~6.3.9600.1~more`,
  ])("is left out for %s", (identity) => {
    expect(packageKeyOf(identity)).toBeUndefined();
  });

  test("is not asked for where it is left out", () => {
    const identity = `Some-Other-Package~${token}~amd64~~1.0.0.0`;
    expect(textOf({ identity })).toContain('set "PACKAGE="\r\n');
  });
});

describe("the exit codes", () => {
  test("are signed, and each stands once", () => {
    const codes = EXIT_CODES.map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    for (const code of codes) expect(code).toBe(code | 0);
  });

  test.each([
    [0, "installed"],
    [3010, "pending-reboot"],
    [0x800f0806 | 0, "deferred"],
    [0x800f081e | 0, "not-applicable"],
    [0x800706ba | 0, "transient"],
    [0x800b0109 | 0, "failed"],
    [87, "next-tool"],
    [12345, "failed"],
  ] as const)("%i means %s", (code, action) => {
    expect(exitActionOf(code)).toBe(action);
  });

  test("are described in words that mean nothing to cmd.exe", () => {
    for (const { meaning } of [...EXIT_CODES, UNKNOWN_EXIT]) expect(meaning).toMatch(/^[A-Za-z0-9 ,.-]+$/);
  });

  test("that send pkgmgr on to a folder are known ones", () => {
    for (const code of PKGMGR_WANTS_FOLDER)
      expect(EXIT_CODES.some((entry) => entry.code === code)).toBe(true);
  });
});
