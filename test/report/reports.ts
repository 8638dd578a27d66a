import type { AuditReport, FindingReport, GuestReport, ImageReport } from "../../src/audit/index.ts";

/** Reports written by hand, for the tests of the formatters: every builder takes what the test is about. */

type Part<T> = { readonly [Key in keyof T]?: T[Key] extends object | null ? Part<T[Key]> : T[Key] };

/** A Windows Server 2008 R2 guest whose integration services are outdated. */
export function guest(changes: Part<GuestReport> = {}): GuestReport {
  const base: GuestReport = {
    volume: {
      index: 1,
      offset: 105_906_176,
      size: 42_842_714_112,
      fileSystem: "ntfs",
      role: "data",
      state: [],
    },
    systemRoot: "Windows",
    os: {
      id: "ws2008r2",
      family: "windows",
      name: "Windows Server 2008 R2 Standard",
      version: "6.1",
      build: 7601,
      revision: 24_384,
      edition: "ServerStandard",
      installationType: "Server",
      servicePack: 1,
      architecture: "x64",
      hostname: "WEB01",
    },
    setupState: "specialized",
    integrationServices: {
      version: "6.3.9600.16384",
      source: "computed",
      consistent: true,
      evidence: [],
      services: [],
      drivers: [],
      dataExchange: "enabled",
    },
    windowsUpdate: { verdict: "unknown", reasons: [] },
    pendingServicing: [],
    sha2: "supported",
    rule: {
      host: "ws2012r2",
      guest: "ws2008r2",
      mechanism: "integration-services-disk",
      alternative: null,
      requiresDataExchange: false,
      note: "",
      source: "update-table.csv",
      extrapolated: false,
    },
    verdict: {
      status: "outdated",
      action: "stage-cab",
      package: "Windows6.x-HyperVIntegrationServices-x64",
      offered: null,
      passedOver: [],
      reasons: ["6.3.9600.16384 is older than 6.3.9600.19456, the newest version known for this guest"],
    },
    staging: {
      state: "none",
      detail: "no update was staged into this guest",
      job: null,
      exitCode: null,
      evidence: [],
    },
  };
  return merge(base, changes);
}

/** A VHDX with one guest. */
export function image(changes: Part<Omit<ImageReport, "guests" | "findings">> & Lists = {}): ImageReport {
  const { guests = [guest()], findings = [], ...rest } = changes;
  const base: ImageReport = {
    path: "fleet/web01.vhdx",
    role: "leaf",
    container: {
      format: "vhdx",
      kind: "dynamic",
      virtualSize: 42_949_672_960,
      logicalSectorSize: 512,
      logState: "clean",
      chain: ["fleet/web01.vhdx"],
      dataWriteGuid: "0f8b5c1e-2a55-4c5e-9a3a-1c2d3e4f5061",
    },
    partitionTable: "mbr",
    volumes: [],
    guests,
    findings,
    error: null,
  };
  return merge(base, rest);
}

interface Lists {
  readonly guests?: readonly GuestReport[];
  readonly findings?: readonly FindingReport[];
}

/** An image whose container could not be read. */
export function brokenImage(path = "fleet/broken.vhdx"): ImageReport {
  return {
    path,
    role: "leaf",
    container: null,
    partitionTable: null,
    volumes: [],
    guests: [],
    findings: [],
    error: {
      code: "VHDX_HEADERS_INVALID",
      kind: "corrupt",
      message: "neither header copy has a valid checksum",
      where: `${path}: VHDX header at 0x10000`,
      hint: "Copy the image again from its source, or restore it from a backup.",
    },
  };
}

/** A report over images, for a ws2012r2 host. */
export function report(...images: readonly ImageReport[]): AuditReport {
  const guests = images.flatMap((image) => image.guests);
  const count = (names: readonly string[]) =>
    Object.fromEntries(
      [...new Set(names)].sort().map((name) => [name, names.filter((n) => n === name).length]),
    );
  return {
    schema: "vmguest.audit/1",
    tool: { name: "vmguest", version: "0.0.0" },
    host: { id: "ws2012r2", generation: "2012r2", extrapolated: false },
    images,
    summary: {
      images: images.length,
      parents: images.filter(({ role }) => role === "parent").length,
      guests: guests.length,
      byStatus: count(guests.map(({ verdict }) => verdict.status)),
      byAction: count(guests.map(({ verdict }) => verdict.action)),
      errors: images.filter(({ error }) => error !== null).length,
    },
  };
}

function merge<T extends object>(base: T, changes: object): T {
  const merged: Record<string, unknown> = Object.fromEntries(Object.entries(base));
  for (const [key, value] of Object.entries(changes)) {
    const before = merged[key];
    merged[key] = isPlain(before) && isPlain(value) ? merge(before, value) : value;
  }
  return merged as T;
}

function isPlain(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
