// SPDX-License-Identifier: MIT

/** What sort of thing went wrong; the CLI maps it to an exit code (usage 2, unsafe 4, the others 3). */
export type ErrorKind = "usage" | "io" | "corrupt" | "unsupported" | "unsafe";

export interface CodeEntry {
  readonly kind: ErrorKind;
  /** How grave it is when it is reported as a finding instead of being thrown. */
  readonly severity: "info" | "warning" | "error";
  /** One sentence: what the code means. */
  readonly meaning: string;
  /** What the operator can do about it. */
  readonly hint?: string;
}

export const RECOPY = "Copy the image again from its source, or restore it from a backup.";
export const CHKDSK = "Start the VM, run `chkdsk /f` in the guest, and shut it down properly.";
export const IN_GUEST = "Work in the running guest instead.";
export const BOOT_ONCE = "Start the VM once and shut it down with `shutdown /s /t 0`.";

const entry =
  (kind: ErrorKind, severity: CodeEntry["severity"]) =>
  (meaning: string, hint?: string): CodeEntry =>
    hint === undefined ? { kind, severity, meaning } : { kind, severity, meaning, hint };

/** Wrong arguments. */
export const usage = entry("usage", "error");
/** Trouble with the host's own files. */
export const io = entry("io", "error");
/** Damage that stops reading. */
export const corrupt = entry("corrupt", "error");
/** Damage that reading can go around. */
export const damaged = entry("corrupt", "warning");
/** Sound, but not readable by vmguest. */
export const unsupported = entry("unsupported", "error");
/** A state in which nothing may be written. */
export const unsafe = entry("unsafe", "warning");
/** Worth knowing, and no fault. */
export const notice = entry("unsafe", "info");
