// SPDX-License-Identifier: MIT
import { finding } from "../../errors.ts";
import { readPeVersion } from "../../package/pe/index.ts";
import type { Architecture, OsFacts } from "../facts.ts";
import type { FindingLog } from "./finding-log.ts";
import type { GuestReader } from "./guest-reader.ts";
import type { KeyView } from "./hive-view.ts";
import { identifyWindows } from "./os-id.ts";

const CURRENT_VERSION = "Microsoft\\Windows NT\\CurrentVersion";

/** Version and build numbers beyond these are none of Windows; the registry value is damaged. */
const NUMBER_MAX = 0xffff_ffff;

/** Which Windows it is, as its own registry says. */
export function readOs(guest: GuestReader, log: FindingLog): OsFacts {
  const current = guest.software.key(CURRENT_VERSION);
  const build = readBuild(current);
  const name = current.text("ProductName") ?? null;
  const edition = current.text("EditionID") ?? null;
  const installationType = current.text("InstallationType") ?? null;
  const version = readVersion(current);
  const isServer = readIsServer(guest, installationType, edition);
  const { id, isCertain } = identifyWindows({ version, build, isServer, edition, name });
  if (id === "unknown") {
    const product = `version ${version ?? "?"}, build ${build ?? "?"}, ${productWord(isServer)}`;
    log.add(finding("OS_UNKNOWN", `no known Windows has ${product}`, { path: current.where() }));
  }
  if (!isCertain) {
    const message = `the edition ${edition} stands for ${id}, but the product is called ${name ?? "nothing"}`;
    log.add(finding("OS_EDITION_UNCERTAIN", message, { path: current.where("EditionID") }));
  }
  return {
    id,
    family: "windows",
    name,
    version,
    build,
    revision: readRevision(current, version),
    edition,
    installationType,
    servicePack: readServicePack(guest, current),
    architecture: readArchitecture(guest, current, log),
    hostname: readHostname(guest),
  };
}

/** Windows 10 and later give 6.3 in the old value for the sake of old programs, so the new ones come first. */
function readVersion(current: KeyView): string | null {
  const major = current.number("CurrentMajorVersionNumber");
  const minor = current.number("CurrentMinorVersionNumber");
  if (major !== undefined && minor !== undefined) return `${major}.${minor}`;
  const version = current.text("CurrentVersion")?.trim() ?? "";
  return /^\d{1,3}\.\d{1,3}$/.test(version) ? version : null;
}

/** Windows XP keeps obsolete words in CurrentBuild, later ones the same number in both. */
function readBuild(current: KeyView): number | null {
  return parseNumber(current.text("CurrentBuildNumber")) ?? parseNumber(current.text("CurrentBuild")) ?? null;
}

/**
 * UBR where it is kept (8.1 with updates, 10 and later), else the second part of `7601.17514.amd64fre.win7...`. Updates
 * of Windows 10 and later leave that one as it was.
 */
function readRevision(current: KeyView, version: string | null): number | null {
  const revision = current.number("UBR");
  if (revision !== undefined || version === "10.0") return revision ?? null;
  const lab = current.text("BuildLabEx") ?? current.text("BuildLab");
  return parseNumber(lab?.split(".")[1]) ?? null;
}

/** `Service Pack 2`, or the high byte of the number that the kernel starts with; no such value is no service pack. */
function readServicePack(guest: GuestReader, current: KeyView): number | null {
  const inWords = /^Service Pack (\d{1,2})\b/.exec(current.text("CSDVersion") ?? "");
  if (inWords !== null) return Number(inWords[1]);
  const packed = guest.control("Windows").number("CSDVersion");
  if (packed !== undefined) return (packed >>> 8) & 0xff;
  return current.has("CSDVersion") || !current.isPresent || current.isDamaged ? null : 0;
}

/** ProductType decides; the installation type helps where it is missing, as far as it goes. */
function readIsServer(
  guest: GuestReader,
  installationType: string | null,
  edition: string | null,
): boolean | undefined {
  // The multi-session edition of Windows 10 and 11 calls itself a server, but is the client in all that counts here.
  if (edition === "ServerRdsh" && installationType === "Client") return false;
  switch (guest.control("ProductOptions").text("ProductType")?.toLowerCase()) {
    case "winnt":
      return false;
    case "servernt":
    case "lanmannt":
      return true;
  }
  if (installationType === null) return undefined;
  if (installationType === "Client") return false;
  return installationType.startsWith("Server") ? true : undefined;
}

const productWord = (isServer: boolean | undefined) =>
  isServer === undefined ? "neither client nor server" : isServer ? "server" : "client";

const ARCHITECTURES: ReadonlyMap<string, Architecture> = new Map([
  ["x86", "x86"],
  ["amd64", "x64"],
  ["arm64", "arm64"],
  ["ia64", "ia64"],
]);

/** The machine's own environment, else the name of the build, else the kernel's file. */
function readArchitecture(guest: GuestReader, current: KeyView, log: FindingLog): Architecture {
  const environment = guest.control("Session Manager\\Environment").text("PROCESSOR_ARCHITECTURE");
  const named = ARCHITECTURES.get(environment?.trim().toLowerCase() ?? "");
  if (named !== undefined) return named;
  const [, build] = /\.(x86|amd64|arm64|ia64)(?:fre|chk)\./i.exec(current.text("BuildLabEx") ?? "") ?? [];
  return ARCHITECTURES.get(build?.toLowerCase() ?? "") ?? readKernelMachine(guest, log);
}

function readKernelMachine(guest: GuestReader, log: FindingLog): Architecture {
  const path = guest.pathOf("System32/ntoskrnl.exe");
  const kernel = log.attempt({ path }, () => guest.findFile(path), undefined);
  if (kernel === undefined) return "unknown";
  const machine = log.attempt({ path }, () => readPeVersion(kernel.open()).machine, "unknown" as const);
  return machine === "arm" ? "unknown" : machine;
}

function readHostname(guest: GuestReader): string | null {
  const netbios = guest.control("ComputerName\\ComputerName").text("ComputerName");
  if (netbios !== undefined && netbios !== "") return netbios;
  const host = guest.service("Tcpip").subkey("Parameters").text("Hostname");
  return host === undefined || host === "" ? null : host;
}

function parseNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined;
  const number = Number(text);
  return number <= NUMBER_MAX ? number : undefined;
}
