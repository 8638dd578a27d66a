// SPDX-License-Identifier: MIT
import type { GuestFacts } from "../facts.ts";
import { readStaging } from "../staging/read-staging.ts";
import { ComponentStore } from "./component-store.ts";
import { FindingLog } from "./finding-log.ts";
import { GuestReader } from "./guest-reader.ts";
import type { WindowsInstallation } from "./installation.ts";
import { readIntegrationServices } from "./integration-services.ts";
import { readOs } from "./operating-system.ts";
import { readPendingServicing } from "./servicing.ts";
import { readSetupState } from "./setup-signs.ts";
import { readSha2 } from "./sha2.ts";
import { readWindowsUpdate } from "./windows-update.ts";

/**
 * Everything a report says of a Windows, each fact read by direct look-up and each by itself: damage costs the fact it
 * hits and becomes a finding.
 */
export function readWindowsFacts(windows: WindowsInstallation): GuestFacts {
  const log = new FindingLog();
  log.add(...windows.findings);
  const guest = new GuestReader(windows, log);
  const os = readOs(guest, log);
  const store = new ComponentStore(guest);
  const facts = {
    os,
    systemRoot: windows.systemRoot,
    setupState: readSetupState(guest, os.version, log),
    integrationServices: readIntegrationServices(guest, store, os.version, log),
    windowsUpdate: readWindowsUpdate(guest, os.version),
    pendingServicing: readPendingServicing(guest, log),
    sha2: readSha2(os, store, log),
  };
  const staging = readStaging(guest, store, facts, log);
  return { ...facts, staging, findings: log.findings };
}
