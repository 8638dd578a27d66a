// SPDX-License-Identifier: MIT
import { locate } from "../../errors.ts";
import type { FileSystem } from "../../fs/index.ts";
import { groupPolicyCommand } from "../../guest/index.ts";
import type { PlannedChange } from "../plan.ts";
import type { StagingTarget } from "../target.ts";
import { missingFolders } from "./folders.ts";
import { announceScripts, namesScripts } from "./gpt-ini.ts";
import { encodeText, type GuestText, readGuestText, type TextEncoding } from "./guest-text.ts";
import { addStartupScript, startupScripts } from "./scripts-ini.ts";

/** FILE_ATTRIBUTE_HIDDEN: Windows hides the folder of local group policy, and nothing else here. */
const HIDDEN = 0x2;

/** The files of local group policy on the volume. */
export function policyFiles(systemRoot: string) {
  const folder = `${systemRoot}/System32/GroupPolicy`;
  return { folder, gpt: `${folder}/gpt.ini`, scripts: `${folder}/Machine/Scripts/scripts.ini` };
}

/**
 * A start-up script of local group policy, beside whatever policy the guest has: an entry in scripts.ini, and then gpt.ini,
 * by whose version Windows sees that there is something new. psscripts.ini, for PowerShell, is left alone.
 */
export function planGroupPolicy({ windows }: StagingTarget, jobRoot: string): PlannedChange[] {
  const { fs, systemRoot } = windows;
  const files = policyFiles(systemRoot);
  const script = groupPolicyCommand(jobRoot);
  // Windows writes scripts.ini in UTF-16 (MS-GPSCR 2.2.2) and gpt.ini in bytes; files that are there stay as they are.
  const scripts = openText(fs, files.scripts, "utf-16");
  const gpt = openText(fs, files.gpt, "bytes");
  const isEntered = startupScripts(scripts.text).some(
    ({ commandLine, parameters }) => commandLine === script.commandLine && parameters === script.parameters,
  );
  const isAnnounced = locate({ path: gpt.path }, () => namesScripts(gpt.text));
  if (isEntered && isAnnounced) return [];
  const folders = missingFolders(fs, files.scripts).map((path): PlannedChange => {
    const isPolicyFolder = path === files.folder;
    const reason = isPolicyFolder
      ? "local group policy has no folder yet"
      : "start-up scripts have no folder yet";
    return {
      kind: "create-directory",
      stage: "preparation",
      path,
      reason,
      ...(isPolicyFolder && { attributes: HIDDEN }),
    };
  });
  const added = isEntered
    ? scripts.text
    : locate({ path: scripts.path }, () => addStartupScript(scripts.text, script));
  const announced = locate({ path: gpt.path }, () => announceScripts(gpt.text));
  return [
    ...folders,
    ...writeText(scripts, added, "Windows starts the script with the other start-up scripts"),
    ...writeText(
      gpt,
      announced,
      "by its version Windows sees that there are scripts that it does not know yet",
    ),
  ];
}

interface PolicyText extends GuestText {
  readonly isNew: boolean;
}

function openText(fs: FileSystem, path: string, encoding: TextEncoding): PolicyText {
  const found = readGuestText(fs, path);
  return found === undefined ? { path, text: "", encoding, isNew: true } : { ...found, isNew: false };
}

function writeText(
  { path, text, encoding, isNew }: PolicyText,
  changed: string,
  reason: string,
): PlannedChange[] {
  if (changed === text) return [];
  const content = encodeText({ text: changed, encoding });
  return [{ kind: isNew ? "create-file" : "replace-file", stage: "arming", path, content, reason }];
}
