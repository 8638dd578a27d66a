import type { GateCondition } from "../../../src/audit/index.ts";
import { stagedWindows } from "../../guest/staging/staged-windows.ts";
import { CONTAINERS, layGpt, windowsVolume } from "../../lab/guest-image.ts";
import { DATA_WRITE_GUID, vhdxOf } from "../../lab/vhdx.ts";

const NEWEST = "6.3.9600.19456";
const current = () => windowsVolume({ release: "ws2012r2", drivers: NEWEST });
const vhdx = (...volumes: readonly Uint8Array[]) => CONTAINERS.vhdx(layGpt(volumes));
const recorded = (version: string) => ({
  Microsoft: { "Virtual Machine": { Auto: { IntegrationServicesVersion: version } } },
});

export interface Kind {
  readonly bytes: () => Uint8Array;
  /** What of it a gate may forbid. */
  readonly meets: readonly GateCondition[];
  /** What an audit of it ends with where nothing is forbidden. */
  readonly code: number;
}

/** Images of every sort, by name. */
export const IMAGES: Readonly<Record<string, Kind>> = {
  current: { bytes: () => vhdx(current()), meets: [], code: 0 },
  outdated: { bytes: () => vhdx(windowsVolume({ release: "ws2012r2" })), meets: ["outdated"], code: 0 },
  missing: { bytes: () => vhdx(windowsVolume({ release: "vista" })), meets: ["missing", "warning"], code: 0 },
  unknown: {
    bytes: () => vhdx(windowsVolume({ release: "win7", drivers: null })),
    meets: ["unknown", "warning"],
    code: 0,
  },
  inconsistent: {
    bytes: () =>
      vhdx(windowsVolume({ release: "ws2012r2", drivers: NEWEST, software: recorded("6.3.9600.16384") })),
    meets: ["inconsistent", "warning"],
    code: 0,
  },
  staging: {
    bytes: () =>
      vhdx(windowsVolume(stagedWindows({ drivers: NEWEST, result: { phase: "failed", exit: 740 } }))),
    meets: ["staging", "warning"],
    code: 0,
  },
  "error finding": { bytes: () => vhdx(current(), current().subarray(0, 512)), meets: ["error"], code: 0 },
  empty: { bytes: () => vhdx(), meets: ["no-guest"], code: 0 },
  broken: { bytes: () => vhdx(current()).subarray(0, 3 * 2 ** 20), meets: ["error"], code: 3 },
  unsafe: {
    bytes: () =>
      vhdxOf(layGpt([]), {
        parent: { parent_linkage: `{${DATA_WRITE_GUID}}`, relative_path: ".\\no-file.vhdx" },
      }).toBytes(),
    meets: ["error"],
    code: 4,
  },
};
