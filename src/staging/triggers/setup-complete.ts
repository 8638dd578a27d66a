// SPDX-License-Identifier: MIT
import { setupCompleteLines } from "../../guest/index.ts";
import type { PlannedChange } from "../plan.ts";
import type { StagingTarget } from "../target.ts";
import { missingFolders } from "./folders.ts";
import { encodeText, lineEndOf, readGuestText, unsuitable } from "./guest-text.ts";

/**
 * cmd.exe looks for labels in blocks of so many bytes, and of a text whose lines end in LF alone it misses one that lies
 * across two of them. So such a text is moved by whole blocks only: labels that were found before are found after.
 */
const LABEL_BLOCK = 512;

/** Nothing that fills up a block is shorter: `@rem `, one character, and the end of the line. */
const FILLER_SIZE_MIN = 7;

/**
 * The script that Windows Setup runs at its end. Where there is one already, our lines come first in it and the rest
 * follows as it is.
 *
 * First, because a script may end anywhere: with `exit`, at a restart of its own, in the middle of a `goto`. Lines behind
 * such an end would never run, and finding all ends would take a cmd.exe. What comes after ours runs as before: the call
 * comes back with everything that it set undone, no label is passed, no parameter shifted, and the exit code is that of
 * the script's own end. What changes for it is the time: it begins when the installation is over.
 */
export function planSetupComplete({ windows }: StagingTarget, jobRoot: string): PlannedChange[] {
  const { fs, systemRoot } = windows;
  const path = `${systemRoot}/Setup/Scripts/SetupComplete.cmd`;
  const lines = setupCompleteLines(jobRoot);
  const reason = "Windows Setup runs this script when it has come to its end";
  const found = readGuestText(fs, path);
  if (found === undefined) {
    // The folder above is made with the payload.
    const folders = missingFolders(fs, path).filter((folder) => folder.endsWith("/Scripts"));
    return [
      ...folders.map((folder): PlannedChange => {
        return {
          kind: "create-directory",
          stage: "preparation",
          path: folder,
          reason: "scripts for Windows Setup have no folder yet",
        };
      }),
      {
        kind: "create-file",
        stage: "arming",
        path,
        content: encodeText({ text: chain(lines, ""), encoding: "bytes" }),
        reason,
      },
    ];
  }
  if (found.encoding === "utf-16") {
    throw unsuitable("it is in UTF-16, which cmd.exe does not read", { path: found.path });
  }
  if (lines.every((line) => found.text.includes(line))) return [];
  const content = encodeText({ ...found, text: chain(lines, found.text) });
  const chained = `${reason}; what it does already follows unchanged`;
  return [{ kind: "replace-file", stage: "arming", path: found.path, content, reason: chained }];
}

function chain(lines: readonly string[], text: string): string {
  const lineEnd = lineEndOf(text);
  const head = lines.map((line) => line + lineEnd).join("");
  return /(?<!\r)\n/.test(text) ? head + fillBlock(head.length, lineEnd) + text : head + text;
}

/** A remark that makes `size` bytes whole blocks. */
function fillBlock(size: number, lineEnd: string): string {
  const missing = (LABEL_BLOCK - (size % LABEL_BLOCK)) % LABEL_BLOCK;
  if (missing === 0) return "";
  const length = missing < FILLER_SIZE_MIN ? missing + LABEL_BLOCK : missing;
  const remark = "@rem ";
  return remark + "-".repeat(length - remark.length - lineEnd.length) + lineEnd;
}
