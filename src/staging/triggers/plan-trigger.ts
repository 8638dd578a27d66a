// SPDX-License-Identifier: MIT
import { locate, VmguestError } from "../../errors.ts";
import { armedCommandLine, runOnceCommand, type StagingJob, type TriggerId } from "../../guest/index.ts";
import { encodeDword, encodeString, VALUE_TYPES } from "../../registry/edit/index.ts";
import type { PlannedChange, ValueChange } from "../plan.ts";
import type { StagingTarget } from "../target.ts";
import { planGroupPolicy } from "./group-policy.ts";
import { planSetupComplete } from "./setup-complete.ts";

/** What planning a trigger needs to know of a job. */
export type TriggerJob = Pick<StagingJob, "systemRoot">;

/**
 * The changes that make a trigger start the script of a job; none where the guest has all of them already. They come
 * after those of the payload.
 *
 * @throws TRIGGER_FILE_UNSUITABLE where a file of the guest cannot be added to, TRIGGER_UNSAFE where its place is taken,
 * STAGE_SYSTEM_ROOT where the folder of Windows may not stand in a command, and what reading the guest throws.
 */
export function planTrigger(
  trigger: TriggerId,
  target: StagingTarget,
  { systemRoot }: TriggerJob,
): readonly PlannedChange[] {
  switch (trigger) {
    case "setup-mode":
      return planSetupMode(target, systemRoot);
    case "setup-complete":
      return planSetupComplete(target, systemRoot);
    case "group-policy":
      return planGroupPolicy(target, systemRoot);
    case "run-once":
      return planRunOnce(target, systemRoot);
    case "stage-only":
      return [];
  }
}

/** SetupType 2: Winlogon runs the command, and then goes on to the logon. */
const RUN_THEN_LOG_ON = 2;

/**
 * Two values, and never `SetupShutdownRequired`: nothing that is written here can restart the guest. The command is of no
 * effect until SetupType says so, which is four bytes in a cell that is there.
 */
function planSetupMode({ windows }: StagingTarget, systemRoot: string): PlannedChange[] {
  const command = armedCommandLine(systemRoot);
  const place = { kind: "set-value", hive: windows.systemPath, key: "Setup" } as const;
  const changes: readonly ValueChange[] = [
    {
      ...place,
      stage: "preparation",
      name: "CmdLine",
      type: VALUE_TYPES.string,
      data: encodeString(command),
      text: command,
      reason: "the command takes its own trigger back first, and then runs the script if it is still there",
    },
    {
      ...place,
      stage: "arming",
      name: "SetupType",
      type: VALUE_TYPES.dword,
      data: encodeDword(RUN_THEN_LOG_ON),
      text: String(RUN_THEN_LOG_ON),
      reason: "Winlogon runs the command once at the next start, and then goes on to the logon",
    },
  ];
  return locate({ path: windows.systemPath }, () => {
    const setup = windows.system.find("Setup");
    return changes.filter(({ name, type, data }) => {
      const found = setup?.value(name);
      return found?.type !== type || Buffer.compare(found.data(), data) !== 0;
    });
  });
}

const RUN_ONCE_KEY = "Microsoft\\Windows\\CurrentVersion\\RunOnce";

/**
 * Without a mark before it: `!` would keep the value until the command has come to its end, so that one that never does
 * runs at every logon, and `*` would run it in safe mode. So Windows deletes the value before it runs it, and what was
 * interrupted does not come again by itself.
 */
const RUN_ONCE_NAME = "vmguest";

/** Windows does not run longer ones ("Run and RunOnce Registry Keys", learn.microsoft.com). */
const RUN_ONCE_LENGTH_MAX = 260;

function planRunOnce({ windows }: StagingTarget, systemRoot: string): PlannedChange[] {
  const { software, softwarePath } = windows;
  const command = runOnceCommand(systemRoot);
  if (command.length > RUN_ONCE_LENGTH_MAX) {
    throw new VmguestError(
      "TRIGGER_UNSAFE",
      `the command for RunOnce has ${command.length} characters, and Windows runs ${RUN_ONCE_LENGTH_MAX}`,
    );
  }
  return locate({ path: softwarePath }, () => {
    const key = software.find(RUN_ONCE_KEY);
    const found = key?.value(RUN_ONCE_NAME);
    if (found !== undefined && found.text() === command) return [];
    if (found !== undefined) {
      throw new VmguestError(
        "TRIGGER_UNSAFE",
        `RunOnce has a value ${RUN_ONCE_NAME} that holds something else`,
        {
          structure: `key ${RUN_ONCE_KEY}`,
        },
      );
    }
    const place = { hive: softwarePath, key: RUN_ONCE_KEY };
    const changes: PlannedChange[] = [];
    if (key === undefined) {
      const reason = "what is to run once at the next logon has no key yet";
      changes.push({ kind: "create-key", stage: "preparation", ...place, reason });
    }
    changes.push({
      kind: "set-value",
      stage: "arming",
      ...place,
      name: RUN_ONCE_NAME,
      type: VALUE_TYPES.string,
      data: encodeString(command),
      text: command,
      reason: "the logon of the audit mode's administrator deletes the value and runs the command",
    });
    return changes;
  });
}
