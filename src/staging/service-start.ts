// SPDX-License-Identifier: MIT
import { locate, VmguestError } from "../errors.ts";
import type { WindowsInstallation } from "../guest/index.ts";
import { SERVICE_NAMES, type ServiceName } from "../policy/index.ts";
import { encodeDword, VALUE_TYPES } from "../registry/edit/index.ts";
import type { Key } from "../registry/index.ts";
import type { PlannedChange } from "./plan.ts";
import type { StagingTarget } from "./target.ts";

/** `Start` of a service key, as the service control manager numbers it. */
const START = { automatic: 2, demand: 3, disabled: 4 } as const;
const START_WORDS = new Map<number, string>([
  [START.automatic, "automatic"],
  [START.demand, "demand"],
  [START.disabled, "disabled"],
]);

/** What is to become of a service. */
export type ServiceStartWish = "enable" | "disable";

/**
 * Lets the guest start an integration service, or keeps it from it; none where that is so already. A service that is
 * enabled in another way than Windows has it by itself stays so.
 *
 * Changed is the control set that Windows starts with next (`Select\Default`) and the one it started with last, which the
 * audit reads; they are one but for rare cases. The last known good one stays as it is: it is what Windows falls back to,
 * and not to be touched for that.
 *
 * @throws SERVICE_UNKNOWN, SERVICE_ABSENT, and what reading the registry throws.
 */
export function planServiceStart(
  { windows, report }: StagingTarget,
  name: string,
  wish: ServiceStartWish,
): PlannedChange[] {
  const service = requireKnown(name);
  return locate({ path: windows.systemPath }, () => {
    const keys = controlSetsOf(windows).flatMap((set) => findService(windows, set, service) ?? []);
    if (keys.length === 0) {
      throw new VmguestError("SERVICE_ABSENT", `the guest has no service ${service}`, {
        structure: `service ${service}`,
      });
    }
    const start = wish === "disable" ? START.disabled : enabledStart(report.os.version);
    return keys
      .filter((key) => !isSo(key, wish))
      .map(
        (key): PlannedChange => ({
          kind: "set-value",
          stage: "arming",
          hive: windows.systemPath,
          key: key.path,
          name: "Start",
          type: VALUE_TYPES.dword,
          data: encodeDword(start),
          text: `${start} (${START_WORDS.get(start)})`,
          reason:
            wish === "disable"
              ? "the guest no longer starts the service"
              : "the guest starts the service again, as Windows does by itself",
        }),
      );
  });
}

function requireKnown(name: string): ServiceName {
  const found = SERVICE_NAMES.find((known) => known.toUpperCase() === name.toUpperCase());
  if (found !== undefined) return found;
  throw new VmguestError(
    "SERVICE_UNKNOWN",
    `"${name}" is none of the integration services: ${SERVICE_NAMES.join(", ")}`,
  );
}

function controlSetsOf({ system, controlSet }: WindowsInstallation): string[] {
  const next = system.find("Select")?.value("Default")?.number();
  const names = next === undefined ? [] : [`ControlSet${String(next).padStart(3, "0")}`];
  return [...new Set([controlSet, ...names.flatMap((name) => system.find(name)?.name ?? [])])];
}

/** A key without a start type is what is left of a service that was removed. */
function findService({ system }: WindowsInstallation, controlSet: string, name: string): Key | undefined {
  const key = system.find(`${controlSet}\\Services\\${name}`);
  return key?.value("Start") === undefined ? undefined : key;
}

/** What is no start type at all is neither. */
function isSo(key: Key, wish: ServiceStartWish): boolean {
  const start = key.value("Start")?.number();
  if (wish === "disable") return start === START.disabled;
  return start !== undefined && start < START.disabled;
}

/**
 * Since Windows 8 the services are started on demand, by their device (a trigger of the service); before, the drivers'
 * INF makes them start with Windows.
 */
function enabledStart(version: string | null): number {
  const [major = 0, minor = 0] = (version ?? "").split(".").map(Number);
  return major > 6 || (major === 6 && minor >= 2) ? START.demand : START.automatic;
}
