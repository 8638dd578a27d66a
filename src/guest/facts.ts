// SPDX-License-Identifier: MIT
import type { Finding } from "../errors.ts";
import type { Origin } from "../io/index.ts";
import type { StagingFacts } from "./staging/job.ts";

/** Operating systems as the report names them. */
export type OsId =
  | "xp"
  | "vista"
  | "win7"
  | "win8"
  | "win8.1"
  | "win10"
  | "win11"
  | "ws2003"
  | "ws2003r2"
  | "ws2008"
  | "ws2008r2"
  | "ws2012"
  | "ws2012r2"
  | "ws2016"
  | "ws2019"
  | "ws2022"
  | "ws2025"
  | "ws-sac"
  | "whs2011"
  | "sbs2011"
  | "linux"
  | "freebsd"
  | "unknown";

/** For which processors a Windows is. */
export type Architecture = "x86" | "x64" | "arm64" | "ia64" | "unknown";

/** What an operating system is; null where it does not say. */
export interface OsFacts {
  readonly id: OsId;
  readonly family: "windows" | "linux" | "freebsd";
  /** Product name as the guest itself spells it; null where it does not say. */
  readonly name: string | null;
  /** NT version `major.minor`. */
  readonly version: string | null;
  readonly build: number | null;
  /** Update build revision (UBR). */
  readonly revision: number | null;
  readonly edition: string | null;
  readonly installationType: string | null;
  readonly servicePack: number | null;
  readonly architecture: Architecture;
  readonly hostname: string | null;
}

/** Specialised: set up for one machine. Generalised: sysprepped, waiting for its first boot. */
export type SetupState = "specialized" | "generalized" | "audit" | "undeployable" | "unknown";

/** Ranked from the strongest: what the guest recorded, what its own rule computes, driver files, CBS packages. */
export type EvidenceSource = "recorded" | "computed" | "driver-file" | "package";

/** Where a fact of a guest stands, down to its bytes. */
export interface Place {
  /** File on the volume of the guest. */
  readonly path: string;
  /** In a hive: the key, from the root of the hive. Null in any other file. */
  readonly key: string | null;
  /** Name of the value; null where the key says the fact by its own name. */
  readonly value: string | null;
  /** Byte offset in the file: in a hive of the value's or key's cell, in a driver of VS_FIXEDFILEINFO. Null where unknown. */
  readonly offset: number | null;
  /**
   * Where the bytes that say the fact stand in a file of the host: the data of the value, the name of the key,
   * VS_FIXEDFILEINFO. Undefined where they stand nowhere in one piece and as they are ({@link Origin}).
   */
  readonly origin: Origin | undefined;
}

/** One source of the version: where it was found, and what stood there. */
export interface Evidence {
  readonly source: EvidenceSource;
  /** File and, in a hive, key and value: `Windows/System32/config/SOFTWARE: Microsoft\...\IntegrationServicesVersion`. */
  readonly where: string;
  readonly value: string;
  readonly place: Place;
}

/** When a service starts, as its `Start` value says. */
export type ServiceStart = "boot" | "system" | "automatic" | "demand" | "disabled" | "unknown";

/** One of the services of the integration services, and how it starts. */
export interface IntegrationService {
  readonly name: string;
  readonly displayName: string;
  /** False where it is known to be absent: what could not be read is present, with the start type `unknown`. */
  readonly present: boolean;
  /** Null where the service is absent; `unknown` where its start type is none that Windows has, or is unreadable. */
  readonly start: ServiceStart | null;
}

/** What is known of the integration services of a guest, by rank of the sources. */
export interface IntegrationServicesFacts {
  /** Version of the highest-ranked source that exists, `a.b.c.d`; null where there is none. */
  readonly version: string | null;
  readonly source: EvidenceSource | "none";
  /**
   * Version to judge by: {@link version}, or the derived one where a recorded value is stale; null where {@link version}
   * is only a lower bound.
   */
  readonly judgedVersion: string | null;
  /** False where the sources disagree. */
  readonly consistent: boolean;
  readonly evidence: readonly Evidence[];
  /** The eight vmic* services. */
  readonly services: readonly IntegrationService[];
  /** Start types of the VMBus drivers that are registered as services (vmbus, storvsc, netvsc...). */
  readonly drivers: readonly IntegrationService[];
  /** State of the Data Exchange service (vmickvpexchange); `unknown` where its start type is. */
  readonly dataExchange: "enabled" | "disabled" | "absent" | "unknown";
}

/** Where a guest gets its updates from, and what says so. */
export interface WindowsUpdateFacts {
  readonly verdict: "windows-update" | "wsus" | "disabled" | "unknown";
  readonly reasons: readonly string[];
}

/** Everything that is known of one operating system in an image. */
export interface GuestFacts {
  readonly os: OsFacts;
  /** Folder of Windows on its volume, e.g. `Windows`; null for other systems. */
  readonly systemRoot: string | null;
  readonly setupState: SetupState;
  /** Null where integration services are not this layer's matter (Linux). */
  readonly integrationServices: IntegrationServicesFacts | null;
  readonly windowsUpdate: WindowsUpdateFacts;
  /** What says that servicing operations are pending; empty where nothing does. */
  readonly pendingServicing: readonly string[];
  /** SHA-2 code signing support: `not-needed` from NT 6.2 on. */
  readonly sha2: "supported" | "missing" | "unknown" | "not-needed";
  /** What an earlier staging left, and what came of it. */
  readonly staging: StagingFacts;
  readonly findings: readonly Finding[];
}
