// SPDX-License-Identifier: MIT

/** What the script does about an exit code of the installer. */
export const EXIT_ACTIONS = {
  installed: "done",
  "pending-reboot": "done as soon as the guest has restarted; asks for the restart where the job lets it",
  "already-installed": "done, and nothing had to be",
  transient: "tries again after a pause, then puts the installation off",
  deferred: "puts the installation off to the next start; asks for one restart where the job lets it",
  "not-applicable": "ends: the package is not for this guest",
  failed: "ends, with the reason",
  "next-tool": "tries the next tool of the job, and ends where there is none",
} as const;
export type ExitAction = keyof typeof EXIT_ACTIONS;

/** An exit code of dism.exe or pkgmgr.exe. */
export interface ExitCode {
  /** As cmd.exe shows it: a signed number of 32 bits. */
  readonly code: number;
  /** Its symbol in Microsoft's headers, where one is known. */
  readonly name?: string;
  /** What `result.ini` says of it: words that mean nothing to cmd.exe. */
  readonly meaning: string;
  readonly action: ExitAction;
}

const exit = (code: number, action: ExitAction, meaning: string, name?: string): ExitCode => ({
  code,
  action,
  meaning,
  ...(name !== undefined && { name }),
});

const OUT_OF_TRUST =
  "the guest does not trust the signature, SHA-2 support is missing, see KB4474419 and KB3033929";
const STORE_DAMAGED =
  "the component store is damaged, repair it with dism or the System Update Readiness Tool";
const RESTART_FIRST = "the guest has to restart before anything else can be installed";
const RPC_NOT_UP = "the servicing service can not be reached yet";

/**
 * What the installers are known to say. There is no official list of the codes of component servicing; these are merged
 * from TechNet cc732334, MSDN aa903050, the headers of Windows, and what other installers handle.
 */
export const EXIT_CODES: readonly ExitCode[] = [
  exit(0, "installed", "installed", "ERROR_SUCCESS"),
  exit(3010, "pending-reboot", "installed, a restart is needed", "ERROR_SUCCESS_REBOOT_REQUIRED"),
  exit(2359301, "pending-reboot", "installed, a restart is needed", "WU_S_REBOOT_REQUIRED"),
  exit(2359302, "already-installed", "it was installed before", "WU_S_ALREADY_INSTALLED"),
  exit(985089, "transient", "the servicing service is busy"),
  exit(985091, "pending-reboot", "the servicing stack was updated, a restart is needed"),
  exit(1722, "transient", RPC_NOT_UP, "RPC_S_SERVER_UNAVAILABLE"),
  exit(1726, "transient", RPC_NOT_UP, "RPC_S_CALL_FAILED"),
  exit(-2147023174, "transient", RPC_NOT_UP, "RPC_S_SERVER_UNAVAILABLE"),
  exit(-2147023170, "transient", RPC_NOT_UP, "RPC_S_CALL_FAILED"),
  exit(-2146498554, "deferred", "other servicing operations are pending", "CBS_E_PENDING"),
  exit(-2146498513, "deferred", "other servicing operations are pending"),
  exit(3017, "deferred", RESTART_FIRST, "ERROR_FAIL_REBOOT_REQUIRED"),
  exit(-2147021879, "deferred", RESTART_FIRST, "ERROR_FAIL_REBOOT_REQUIRED"),
  exit(-2146498530, "not-applicable", "the package is not for this guest", "CBS_E_NOT_APPLICABLE"),
  exit(-2145124329, "not-applicable", "the package is not for this guest", "WU_E_NOT_APPLICABLE"),
  exit(-2146498525, "failed", "a newer servicing stack has to be installed first"),
  exit(-2146498555, "failed", "the package is invalid", "CBS_E_INVALID_PACKAGE"),
  exit(-2147024894, "failed", "the package or a file in it was not found", "ERROR_FILE_NOT_FOUND"),
  exit(-2146498511, "failed", STORE_DAMAGED, "CBS_E_STORE_CORRUPTION"),
  exit(-2146498529, "failed", STORE_DAMAGED, "CBS_E_SOURCE_MISSING"),
  exit(-2147024784, "failed", "the disk is full", "ERROR_DISK_FULL"),
  exit(-2147023838, "failed", "the service TrustedInstaller is disabled", "ERROR_SERVICE_DISABLED"),
  exit(-2146762496, "failed", OUT_OF_TRUST, "TRUST_E_NOSIGNATURE"),
  exit(-2146762487, "failed", OUT_OF_TRUST, "CERT_E_UNTRUSTEDROOT"),
  exit(-2146869243, "failed", OUT_OF_TRUST, "TRUST_E_TIME_STAMP"),
  exit(87, "next-tool", "the installer does not know an option", "ERROR_INVALID_PARAMETER"),
  exit(11, "next-tool", "the installer does not know the format", "ERROR_BAD_FORMAT"),
  exit(740, "failed", "the script ran without the rights of an administrator", "ERROR_ELEVATION_REQUIRED"),
  exit(5, "failed", "the script ran without the rights of an administrator", "ERROR_ACCESS_DENIED"),
];

/** What is done about a code that the table does not have. */
export const UNKNOWN_EXIT: Pick<ExitCode, "action" | "meaning"> = {
  action: "failed",
  meaning: "the installer gave a code that is not known, see its log",
};

/** With these pkgmgr.exe may mean that it takes only a folder with the package expanded; that is then tried. */
export const PKGMGR_WANTS_FOLDER: readonly number[] = [-2147024894, -2146498555, 87];

/** The action for an exit code, known or not. */
export function exitActionOf(code: number): ExitAction {
  return (EXIT_CODES.find((entry) => entry.code === code) ?? UNKNOWN_EXIT).action;
}

/** The table as Markdown, for the page that describes the script. */
export function renderExitCodes(): string {
  const rows = EXIT_CODES.map(
    ({ code, name, meaning, action }) =>
      `| ${code} | 0x${(code >>> 0).toString(16).padStart(8, "0")} | ${name ?? ""} | ${meaning} | ${action} |`,
  );
  return [
    "| Exit code | | Name | What `result.ini` says | Action |",
    "| --: | --- | --- | --- | --- |",
    ...rows,
    `| any other | | | ${UNKNOWN_EXIT.meaning} | ${UNKNOWN_EXIT.action} |`,
  ].join("\n");
}

/** What each action means, as Markdown. */
export function renderExitActions(): string {
  const rows = Object.entries(EXIT_ACTIONS).map(([action, meaning]) => `| ${action} | ${meaning} |`);
  return ["| Action | The script |", "| --- | --- |", ...rows].join("\n");
}
