// SPDX-License-Identifier: MIT
import type { HostGeneration, HostId, HostSummary } from "./decision.ts";

interface HostEntry {
  readonly name: string;
  readonly generation: HostGeneration;
  /** The documents do not name this host. */
  readonly extrapolated: boolean;
}

const host = (name: string, generation: HostGeneration, extrapolated = false): HostEntry => ({
  name,
  generation,
  extrapolated,
});

/** Hyper-V hosts from the oldest on. Those newer than the documents are judged as the newest that they have. */
const HOSTS: Readonly<Record<HostId, HostEntry>> = {
  win8: host("Windows 8", "2012"),
  ws2012: host("Windows Server 2012", "2012"),
  "win8.1": host("Windows 8.1", "2012r2"),
  ws2012r2: host("Windows Server 2012 R2", "2012r2"),
  win10: host("Windows 10", "2016"),
  ws2016: host("Windows Server 2016", "2016"),
  ws2019: host("Windows Server 2019", "2016"),
  win11: host("Windows 11", "2016", true),
  ws2022: host("Windows Server 2022", "2016", true),
  ws2025: host("Windows Server 2025", "2016", true),
};

/** Every host there is a rule for, oldest first. */
export const HOST_IDS = Object.keys(HOSTS) as readonly HostId[];

/** The host that is assumed where nobody names one: the newest that the documents name. */
export const DEFAULT_HOST: HostId = "ws2019";

/** Generations of hosts, oldest first. */
export const GENERATIONS: readonly HostGeneration[] = ["2012", "2012r2", "2016"];

/** The host's generation, and whether the documents name the host at all. */
export function summariseHost(id: HostId): HostSummary {
  const { generation, extrapolated } = HOSTS[id];
  return { id, generation, extrapolated };
}

/** `Windows Server 2012 R2`. */
export function nameHost(id: HostId): string {
  return HOSTS[id].name;
}

/** The hosts of a generation, oldest first. */
export function hostsOf(generation: HostGeneration): HostId[] {
  return HOST_IDS.filter((id) => HOSTS[id].generation === generation);
}

/** Words that people write before the number: `Microsoft Windows Server 2019`, `Hyper-V Server 2019`, `WS2019`. */
const CLIENT_PREFIX = /^(?:microsoft)?(?:windows|win|w)?(?=\d)/;
const SERVER_PREFIX = /^(?:microsoft)?(?:windows|win)?(?:hyperv)?(?:server|ws)?(?=20)/;

/**
 * The host a person means: an id in any case, or a name like `2019`, `Windows Server 2012 R2`, `Windows 10`.
 * Undefined where it is not clear which.
 */
export function parseHostId(text: string): HostId | undefined {
  const word = text.toLowerCase().replace(/[^a-z0-9.]/g, "");
  const client = word.replace(CLIENT_PREFIX, "");
  const server = word.replace(SERVER_PREFIX, "");
  return HOST_IDS.find((id) => {
    const number = id.replace(/^(?:win|ws)/, "");
    return id.startsWith("ws") ? server === number : client === number || client === number.replace(".", "");
  });
}
