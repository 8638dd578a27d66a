// SPDX-License-Identifier: MIT
import { VmguestError } from "../errors.ts";
import { DEFAULT_HOST, HOST_IDS, type HostId, parseHostId } from "../policy/index.ts";

/** `--host` of the commands that judge guests. */
export const HOST = {
  kind: "text",
  describe: `The Hyper-V host that runs the guests: ${HOST_IDS.join(", ")}`,
  default: DEFAULT_HOST,
} as const;

/** What `--host` says. Throws USAGE for a host that no table is about. */
export function readHost(host: string): HostId {
  const id = parseHostId(host);
  if (id !== undefined) return id;
  throw new VmguestError("USAGE", `--host takes ${HOST_IDS.join(", ")}, not "${host}"`);
}
