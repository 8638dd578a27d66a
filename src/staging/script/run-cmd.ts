// SPDX-License-Identifier: MIT
import { armedCommandLine, encodeJob, RESULT_KEY, type StagingJob, scriptPath } from "../../guest/index.ts";
import { EXIT_CODES, type ExitAction, PKGMGR_WANTS_FOLDER, UNKNOWN_EXIT } from "./exit-codes.ts";
import { type InstallMethod, mayRestart, methodsOf, TRIGGER_TRAITS } from "./limits.ts";
import { BEFORE_INSTALLING, EXIT_ROWS_MARK, FROM_INSTALLING } from "./script-flow.ts";
import { ROUTINES } from "./script-routines.ts";

/**
 * `run.cmd`: what the guest runs at its next start. ASCII, lines ended by CR LF, for the cmd.exe of NT 6.0 and later.
 *
 * No text of an image or a package gets into it: the folder of Windows is a plain name, the job's id a GUID, and the key
 * of the package is put together from words of vmguest's own and four numbers.
 *
 * Throws STAGING_JOB for a job that could not be written down either, STAGE_SYSTEM_ROOT as {@link armedCommandLine} does.
 */
export function firstBootScript(job: StagingJob): Uint8Array {
  encodeJob(job);
  const lines = [
    ...headerOf(job),
    ...BEFORE_INSTALLING.split("\n"),
    ...tryLines(methodsOf(job.tools)),
    ...FROM_INSTALLING.replace(EXIT_ROWS_MARK, exitLines().join("\n")).split("\n"),
    ...ROUTINES.split("\n"),
  ];
  return new TextEncoder().encode(lines.join("\r\n"));
}

const flag = (value: boolean) => (value ? "1" : "0");

function headerOf(job: StagingJob): string[] {
  const { comesAgain, awaitsSetup } = TRIGGER_TRAITS[job.trigger];
  const script = scriptPath(job.systemRoot);
  const variables = {
    // A variable of that name would hide the exit code.
    ERRORLEVEL: "",
    // Images of some makers set it, and the installers then look for Windows elsewhere.
    ConfigSetRoot: "",
    ROOT: job.systemRoot,
    DIR: script.slice(0, script.lastIndexOf("\\")),
    JOB: job.id,
    KEY: `HKLM\\SOFTWARE\\${RESULT_KEY}\\${job.id}`,
    SETUP: "HKLM\\SYSTEM\\Setup",
    CBS: CBS_KEY,
    PACKAGE: packageKeyOf(job.identity) ?? "",
    COMMAND: job.trigger === "setup-mode" ? armedCommandLine(job.systemRoot) : "",
    TRIGGER: job.trigger,
    COMESAGAIN: flag(comesAgain),
    AWAITSSETUP: flag(awaitsSetup),
    MAYRESTART: flag(mayRestart(job)),
    ATTEMPTSMAX: String(job.maxAttempts),
  };
  return [
    "@echo off",
    "rem Installs the staged integration services. Written by vmguest, whose docs/first-boot.md describes it.",
    "setlocal EnableExtensions DisableDelayedExpansion",
    ...Object.entries(variables).map(([name, value]) => `set "${name}=${value}"`),
  ];
}

const CBS_KEY = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing";

/** The packages that bring integration services, and the one key that Microsoft signs Windows with. */
const PACKAGE_NAMES = [
  "Microsoft-Hyper-V-Integration-Services-Package",
  "Microsoft-Hyper-V-Integration-Services-Package-2",
];
const PACKAGE_TOKEN = "31bf3856ad364e35";
const PACKAGE_ARCHITECTURES = ["amd64", "x86"];

/**
 * The key in which servicing keeps the state of a package, put together anew from parts that are known. Undefined for any
 * other package: the script then does not ask for its state.
 */
export function packageKeyOf(identity: string): string | undefined {
  const [name, token, architecture, language, version, ...more] = identity.split("~");
  const knownName = PACKAGE_NAMES.find((known) => known === name);
  const knownArchitecture = PACKAGE_ARCHITECTURES.find((known) => known === architecture);
  const numbers = /^\d{1,5}(\.\d{1,5}){3}$/.test(version ?? "") ? (version ?? "").split(".").map(Number) : [];
  const isKnown =
    knownName !== undefined && knownArchitecture !== undefined && token === PACKAGE_TOKEN && language === "";
  const isVersion = numbers.length === 4 && numbers.every((part) => part < 65536);
  if (!isKnown || !isVersion || more.length > 0) return undefined;
  return `${CBS_KEY}\\Packages\\${knownName}~${PACKAGE_TOKEN}~${knownArchitecture}~~${numbers.join(".")}`;
}

/** The program of each way to install. */
const PROGRAMS: Readonly<Record<InstallMethod, "dism" | "pkgmgr">> = {
  dism: "dism",
  pkgmgr: "pkgmgr",
  folder: "pkgmgr",
};

/** One part of the script for each way to install; the last one's next is the end. */
function tryLines(methods: readonly InstallMethod[]): string[] {
  return methods.flatMap((method, index) => {
    const next = index + 1 < methods.length ? `try${index + 2}` : "failed";
    return [
      `:try${index + 1}`,
      `set "TOOL=${PROGRAMS[method]}"`,
      `set "METHOD=${method}"`,
      `set "NEXT=${next}"`,
      'set "RETRIES=0"',
      `set "DETAIL=${PROGRAMS[method]}.exe is not there"`,
      `if not exist %SYS%\\${PROGRAMS[method]}.exe goto ${next}`,
      'set "DETAIL="',
      ...(index + 1 < methods.length ? ["goto begin"] : []),
    ];
  });
}

/** Where the script goes for each action. */
const LABELS: Readonly<Record<ExitAction, string>> = {
  installed: "installed",
  "pending-reboot": "pending",
  "already-installed": "already",
  transient: "transient",
  deferred: "deferred",
  "not-applicable": "notapplicable",
  failed: "failed",
  "next-tool": "nexttool",
};

function exitLines(): string[] {
  const otherWay = PKGMGR_WANTS_FOLDER.map((code) => `if "%METHOD% %RC%"=="pkgmgr ${code}" goto nexttool`);
  const rows = EXIT_CODES.flatMap(({ code, action, meaning }) => [
    `set "DETAIL=${meaning}"`,
    `if "%RC%"=="${code}" goto ${LABELS[action]}`,
  ]);
  return [
    ...otherWay,
    ...rows,
    `set "DETAIL=${UNKNOWN_EXIT.meaning}"`,
    `goto ${LABELS[UNKNOWN_EXIT.action]}`,
  ];
}
