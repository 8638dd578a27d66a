// SPDX-License-Identifier: MIT
import type { WindowsUpdateFacts } from "../facts.ts";
import type { GuestReader } from "./guest-reader.ts";
import type { KeyView } from "./hive-view.ts";
import { readStart } from "./services.ts";

/** Group policy, which overrides what the machine's own administrator chose. */
const POLICY_KEY = "Policies\\Microsoft\\Windows\\WindowsUpdate";
const OWN_KEY = "Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update";
/** Policy that a management service (MDM) set, Windows 10 and later. */
const MDM_KEY = "Microsoft\\PolicyManager\\current\\device\\Update";

/** `AUOptions`: how far automatic updates go (Configure Automatic Updates using Registry Editor, Microsoft). */
const AU_OPTIONS = {
  off: 1,
  notify: 2,
  download: 3,
  schedule: 4,
  administratorChooses: 5,
  notifyAll: 7,
} as const;

/** MDM `AllowAutoUpdate`: 5 turns automatic updates off. */
const MDM_OFF = 5;

/** The keys that say where updates come from. */
interface UpdateKeys {
  readonly service: KeyView;
  readonly orchestrator: KeyView;
  readonly installer: KeyView;
  readonly policy: KeyView;
  readonly automatic: KeyView;
  readonly own: KeyView;
  readonly mdm: KeyView;
}

/** One thing the guest says, and what it says of its updates; no verdict where it only explains. */
interface Sign {
  readonly verdict?: "disabled" | "wsus" | "windows-update";
  readonly reason: string;
}

/** The strongest verdict comes first: what is off is off, whatever else is set. */
const STRENGTH = ["disabled", "wsus", "windows-update"] as const;

/**
 * Where the guest gets its updates from, with the values that say so.
 *
 * `disabled` and `wsus` need a value that says it; so does `windows-update`, but for Windows 10 and later, which
 * update themselves unless something turns it off. Where nothing is said, where the service is not there or has no
 * valid start type, or where damage hides what might turn updates off, it is `unknown`.
 */
export function readWindowsUpdate(guest: GuestReader, version: string | null): WindowsUpdateFacts {
  const isNt10 = version === "10.0";
  const keys = readKeys(guest);
  const signs = [
    ...serviceSigns(keys, isNt10),
    ...policySigns(keys),
    ...wsusSigns(keys),
    ...(isNt10 ? mdmSigns(keys) : ownSigns(keys)),
  ];
  if (isNt10 && signs.every(({ verdict }) => verdict === undefined)) {
    signs.push({
      verdict: "windows-update",
      reason: "Windows 10 and later update themselves unless turned off",
    });
  }
  const verdict = STRENGTH.find((candidate) => signs.some((sign) => sign.verdict === candidate));
  const reasons = signs.map(({ reason }) => reason);
  if (verdict === "disabled") return { verdict, reasons };

  const { service, policy, automatic, own, mdm } = keys;
  const damaged = [service, policy, automatic, own, mdm].filter(({ isDamaged }) => isDamaged);
  if (damaged.length > 0) {
    return {
      verdict: "unknown",
      reasons: [...reasons, ...damaged.map((key) => `${key.where()} cannot be read`)],
    };
  }
  if (verdict === undefined) reasons.push("no value says whether automatic updates are on");
  // Without a start type that Windows has, nobody can say that the service runs.
  return { verdict: (readStart(service) === "unknown" ? undefined : verdict) ?? "unknown", reasons };
}

function readKeys(guest: GuestReader): UpdateKeys {
  const policy = guest.software.key(POLICY_KEY);
  return {
    service: guest.service("wuauserv"),
    orchestrator: guest.service("UsoSvc"),
    installer: guest.service("TrustedInstaller"),
    policy,
    automatic: policy.subkey("AU"),
    own: guest.software.key(OWN_KEY),
    mdm: guest.software.key(MDM_KEY),
  };
}

function serviceSigns({ service, orchestrator, installer }: UpdateKeys, isNt10: boolean): Sign[] {
  const signs: Sign[] = [];
  const start = readStart(service);
  if (!service.isPresent) {
    signs.push({ reason: `the Windows Update service is not registered (${service.where()})` });
  } else if (start === "disabled") {
    signs.push({ verdict: "disabled", reason: disabledService("Windows Update", service) });
  } else {
    signs.push({
      reason: `the Windows Update service has the start type ${start} (${said(service, "Start")})`,
    });
  }
  if (isNt10 && readStart(orchestrator) === "disabled") {
    signs.push({ verdict: "disabled", reason: disabledService("Update Orchestrator", orchestrator) });
  }
  if (readStart(installer) === "disabled")
    signs.push({ reason: disabledService("TrustedInstaller", installer) });
  return signs;
}

const disabledService = (name: string, service: KeyView) =>
  `the ${name} service is disabled (${said(service, "Start")})`;

function policySigns({ policy, automatic }: UpdateKeys): Sign[] {
  const signs: Sign[] = [];
  if (policy.number("DisableWindowsUpdateAccess") === 1) {
    const value = said(policy, "DisableWindowsUpdateAccess");
    signs.push({ verdict: "disabled", reason: `policy blocks access to updates (${value})` });
  }
  if (automatic.number("NoAutoUpdate") === 1) {
    const value = said(automatic, "NoAutoUpdate");
    signs.push({ verdict: "disabled", reason: `policy turns automatic updates off (${value})` });
  }
  const options = automatic.number("AUOptions");
  if (options === AU_OPTIONS.administratorChooses) {
    const value = said(automatic, "AUOptions");
    signs.push({ reason: `policy leaves automatic updates to the administrator (${value})` });
  } else if (options !== undefined) {
    signs.push(optionsSign("policy", options, said(automatic, "AUOptions")));
  }
  return signs;
}

/** An update server of the organisation counts only where the switch for it is on. */
function wsusSigns({ policy, automatic }: UpdateKeys): Sign[] {
  const signs: Sign[] = [];
  const server = policy.text("WUServer") ?? "";
  const isUsed = automatic.number("UseWUServer") === 1;
  if (isUsed && server !== "") {
    const value = `${policy.where("WUServer")} = ${server}`;
    signs.push({ verdict: "wsus", reason: `policy names an update server (${value})` });
  } else if (isUsed) {
    signs.push({
      reason: `policy asks for an update server, but names none (${said(automatic, "UseWUServer")})`,
    });
  } else if (server !== "") {
    signs.push({ reason: `an update server is named, but not used (${policy.where("WUServer")})` });
  }
  if (policy.number("DoNotConnectToWindowsUpdateInternetLocations") === 1) {
    const value = said(policy, "DoNotConnectToWindowsUpdateInternetLocations");
    signs.push({ reason: `policy keeps a guest with an update server away from Microsoft's (${value})` });
  }
  return signs;
}

/** The choice of the machine's own administrator; a policy that says on or off takes its place. */
function ownSigns({ automatic, own }: UpdateKeys): Sign[] {
  const policy = automatic.number("AUOptions");
  const isOverruled = policy === AU_OPTIONS.off || isOn(policy);
  const options = own.number("AUOptions");
  if (options === undefined || isOverruled) return [];
  return [optionsSign("the administrator", options, said(own, "AUOptions"))];
}

function mdmSigns({ mdm }: UpdateKeys): Sign[] {
  const signs: Sign[] = [];
  if (mdm.number("AllowAutoUpdate") === MDM_OFF) {
    const value = said(mdm, "AllowAutoUpdate");
    signs.push({ verdict: "disabled", reason: `device management turns automatic updates off (${value})` });
  }
  const server = mdm.text("UpdateServiceUrl") ?? "";
  if (server !== "") {
    const value = `${mdm.where("UpdateServiceUrl")} = ${server}`;
    signs.push({ verdict: "wsus", reason: `device management names an update server (${value})` });
  }
  return signs;
}

function optionsSign(who: string, options: number, value: string): Sign {
  if (options === AU_OPTIONS.off)
    return { verdict: "disabled", reason: `${who} turned automatic updates off (${value})` };
  if (isOn(options))
    return { verdict: "windows-update", reason: `${who} turned automatic updates on (${value})` };
  return { reason: `${who} set automatic updates to a value without a meaning (${value})` };
}

function isOn(options: number | undefined): boolean {
  const { notify, download, schedule, notifyAll } = AU_OPTIONS;
  return options === notify || options === download || options === schedule || options === notifyAll;
}

/** A number value as a reason cites it. */
const said = (key: KeyView, valueName: string) =>
  `${key.where(valueName)} = ${key.number(valueName) ?? "unreadable"}`;
