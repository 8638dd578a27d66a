// SPDX-License-Identifier: MIT
import { decodeLatin1, decodeUtf16 } from "../../bytes/index.ts";
import { locate, VmguestError } from "../../errors.ts";
import {
  isArmedCommand,
  type OsFacts,
  type SetupState,
  type TriggerId,
  type WindowsInstallation,
} from "../../guest/index.ts";
import type { Value } from "../../registry/index.ts";
import type { StagingTarget } from "../target.ts";
import { machinePartIsOff } from "./gpt-ini.ts";
import { policyFiles } from "./group-policy.ts";
import { readGuestText } from "./guest-text.ts";
import { planTrigger, type TriggerJob } from "./plan-trigger.ts";

/** What of a guest decides which trigger it gets. */
export interface TriggerSigns {
  readonly setupState: SetupState;
  readonly isDomainController: boolean;
  /** Why Winlogon's setup mode is not free to be used, as a sentence; undefined where it is. */
  readonly setupModeTaken: string | undefined;
  /** Why the guest would not process its local group policy; undefined where nothing says so. */
  readonly localPolicyOff: string | undefined;
  /** Whether Windows Setup runs SetupComplete.cmd here. */
  readonly setupComplete: SetupCompleteRun;
  /** Triggers for which what is there in the guest cannot be added to, and why, as a sentence. */
  readonly unfit: ReadonlyMap<TriggerId, string>;
}

/** `skipped` with the key of a manufacturer; `unknown` where it depends on the key and that says nothing. */
export type SetupCompleteRun = "runs" | "skipped" | "unknown";

/** Reads the signs. Throws what the registry throws where a hive is damaged there. */
export function readTriggerSigns(target: StagingTarget): TriggerSigns {
  const { windows, report } = target;
  const unfit = new Map<TriggerId, string>();
  for (const trigger of ["setup-complete", "group-policy", "run-once"] as const) {
    const reason = whyUnfit(trigger, target);
    if (reason !== undefined) unfit.set(trigger, reason);
  }
  return {
    setupState: report.setupState,
    isDomainController: locate({ path: windows.systemPath }, () => isDomainController(windows)),
    setupModeTaken: locate({ path: windows.systemPath }, () => whySetupModeIsTaken(windows)),
    localPolicyOff: unfit.has("group-policy") ? undefined : whyLocalPolicyIsOff(windows),
    setupComplete: locate({ path: windows.softwarePath }, () => setupCompleteRun(windows, report.os)),
    unfit,
  };
}

/** A folder of Windows to plan with where only it counts whether there is a plan. */
const TRIAL: TriggerJob = { systemRoot: "C:\\Windows" };

function whyUnfit(trigger: TriggerId, target: StagingTarget): string | undefined {
  try {
    planTrigger(trigger, target, TRIAL);
    return undefined;
  } catch (error) {
    if (!(error instanceof VmguestError) || error.kind === "io") throw error;
    const { path } = error.where;
    return path === undefined ? error.message : `${path}: ${error.message}`;
  }
}

/** A guest that does not say what it is may be one, too. */
function isDomainController({ system, controlSet }: WindowsInstallation): boolean {
  const type = system.find(`${controlSet}\\Control\\ProductOptions`)?.value("ProductType")?.text();
  return type !== "WinNT" && type !== "ServerNT";
}

/** Setup mode is one slot for all: Windows Setup, deployment tools, and the guest's own updates use it. */
function whySetupModeIsTaken({ system }: WindowsInstallation): string | undefined {
  const setup = system.find("Setup");
  const type = setup?.value("SetupType")?.number();
  if (type === undefined) return "SYSTEM\\Setup has no SetupType, without which Windows does not start";
  const command = setup?.value("CmdLine")?.text()?.trim() ?? "";
  // Winlogon would restart the guest as soon as our command ends.
  if ((setup?.value("SetupShutdownRequired")?.number() ?? 0) !== 0) {
    return "SYSTEM\\Setup asks for a restart already (SetupShutdownRequired)";
  }
  if (isArmedCommand(command)) return undefined;
  if (type !== 0) return `SYSTEM\\Setup is in use already (SetupType = ${type})`;
  if (command !== "") return "SYSTEM\\Setup holds somebody else's command already (CmdLine)";
  return undefined;
}

/** Policy "Turn off Local Group Policy Objects processing". */
const POLICY_KEY = "Policies\\Microsoft\\Windows\\System";

function whyLocalPolicyIsOff({
  fs,
  systemRoot,
  software,
  softwarePath,
}: WindowsInstallation): string | undefined {
  const policy = locate({ path: softwarePath }, () =>
    software.find(POLICY_KEY)?.value("DisableLGPOProcessing")?.number(),
  );
  if ((policy ?? 0) !== 0) return "a policy turns local group policy off (DisableLGPOProcessing)";
  const gpt = readGuestText(fs, policyFiles(systemRoot).gpt);
  if (gpt === undefined || !machinePartIsOff(gpt.text)) return undefined;
  return "the part of local group policy that is for the computer is turned off (Options in gpt.ini)";
}

/**
 * Since Windows 8, Windows Setup passes over SetupComplete.cmd where the product key is one of a manufacturer, but for
 * Enterprise editions and Windows Server (learn.microsoft.com, "Add a custom script to Windows Setup").
 */
function setupCompleteRun({ software }: WindowsInstallation, os: OsFacts): SetupCompleteRun {
  const [major = 0, minor = 0] = (os.version ?? "").split(".").map(Number);
  const mayBeSkipped = major > 6 || (major === 6 && minor >= 2);
  const isServer = os.id.startsWith("ws") || os.installationType?.startsWith("Server") === true;
  if (!mayBeSkipped || isServer || /^Enterprise/i.test(os.edition ?? "")) return "runs";
  const key = software.find("Microsoft\\Windows NT\\CurrentVersion");
  const texts = [
    key?.value("ProductId")?.text() ?? "",
    decodeId(key?.value("DigitalProductId"), decodeLatin1),
    decodeId(key?.value("DigitalProductId4"), decodeUtf16),
  ].join("\0");
  // The number of the product has OEM for its second group or at its end; the channel of the key is a word of its own.
  if (/-OEM-|[0-9A-Z]OEM\b|\bOEM:/.test(texts)) return "skipped";
  return /\b(Retail|Volume)\b/.test(texts) ? "runs" : "unknown";
}

/** The longer of the two has 1,272 bytes. */
const PRODUCT_ID_SIZE_MAX = 4096;

/** The texts in the description of a product key, whose fields are filled up with zeros. */
function decodeId(value: Value | undefined, decode: typeof decodeUtf16): string {
  if (value === undefined || value.sizeBytes > PRODUCT_ID_SIZE_MAX) return "";
  const data = value.data();
  return decode(new DataView(data.buffer, data.byteOffset, data.length), 0, data.length);
}
