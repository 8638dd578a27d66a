// SPDX-License-Identifier: MIT
import { VmguestError } from "../errors.ts";
import { formatPlace } from "./choice-reasons.ts";
import type { PackageChoice } from "./choose.ts";
import type { HostGeneration, JudgeInput } from "./decision.ts";
import { findGuest, type NtVersion } from "./guests.ts";
import { summariseHost } from "./hosts.ts";
import { describeRule, minimumFor } from "./minimums.ts";
import { isVersion } from "./versions.ts";

/** A version that a guest is measured by, and where it comes from, in words that follow its number. */
export interface Standard {
  readonly version: string;
  readonly origin: string;
}

/** What to measure a guest by; null where there is nothing, as for the builds of Windows 10. */
export interface StandardChoice {
  readonly standard: Standard | null;
  /** Why something that was given is not used. */
  readonly notes: readonly string[];
}

/**
 * The last integration services for guests before Windows 10: built on 2019-08-10, released again as KB4072650, and
 * unchanged in the rollups of Windows 8.1 since (KB5063950 of August 2025 still has them).
 */
const NEWEST_CAB: Standard = { version: "6.3.9600.19456", origin: "the newest known (KB4072650)" };

/**
 * The MSI of NT 5 guests only ever came on the host's own vmguest.iso, and updates of the CABs left it alone: the
 * rollup that brought 6.2.9200.16433 kept the MSI at 16384. So it is measured by the disk of the host's generation;
 * hosts from 2016 on have no disk, and the last one is taken.
 */
const NEWEST_MSI: Readonly<Record<HostGeneration, Standard>> = {
  "2012": {
    version: "6.2.9200.16384",
    origin: "the newest MSI known of vmguest.iso on Windows Server 2012 hosts",
  },
  "2012r2": {
    version: "6.3.9600.16384",
    origin: "the newest MSI known of vmguest.iso on Windows Server 2012 R2 hosts",
  },
  "2016": {
    version: "6.3.9600.16384",
    origin: "the newest MSI known, of vmguest.iso on Windows Server 2012 R2 hosts",
  },
};

/**
 * What the guest is measured by: what the best package of those offered has; failing that, the minimum that was asked
 * for, of all guests or by the policy of such; failing that, the newest version known for such a guest.
 *
 * @throws USAGE where the minimum is not a version.
 */
export function chooseStandard(input: JudgeInput, choice?: PackageChoice): StandardChoice {
  const { nt } = findGuest(input.os);
  if (nt === null) return { standard: null, notes: [] };
  const offered = choice?.standard ?? null;
  if (choice !== undefined && offered !== null) {
    const standard = { version: offered.version, origin: `what ${formatPlace(offered)} offers` };
    // What is chosen is explained with the action; where the guest has it already, its version says all but this.
    return { standard, notes: choice.package === null ? choice.remarks : [] };
  }
  const notes = [...(choice?.reasons ?? [])];
  const minimum = readMinimum(input, nt);
  if (typeof minimum === "object") return { standard: minimum, notes };
  if (minimum !== undefined) notes.push(minimum);
  const ruled = minimum === undefined ? readPolicy(input) : undefined;
  if (typeof ruled === "object") return { standard: ruled, notes };
  if (ruled !== undefined) notes.push(ruled);
  return { standard: newestKnown(nt, input), notes };
}

function newestKnown(nt: NtVersion, input: JudgeInput): Standard | null {
  if (nt === "10.0") return null;
  return nt.startsWith("5.") ? NEWEST_MSI[summariseHost(input.host).generation] : NEWEST_CAB;
}

/**
 * The minimum, where this guest could ever reach it. The version of a Windows 10 guest is its build: no update lifts
 * it to another build, and no CAB lifts an older guest to version 10.
 */
function readMinimum({ minimum, os }: JudgeInput, nt: NtVersion): Standard | string | undefined {
  if (minimum === undefined) return undefined;
  if (!isVersion(minimum)) {
    throw new VmguestError("USAGE", `the minimum must be a version like 6.3.9600.18692, not "${minimum}"`);
  }
  const standard = { version: minimum, origin: "the minimum asked for" };
  const [major = 0, minor = 0, build = 0] = minimum.split(".").map(Number);
  if (nt !== "10.0") {
    return major >= 10
      ? `the minimum ${minimum} is a build of Windows 10, and does not apply to this guest`
      : standard;
  }
  return major === 10 && minor === 0 && build === os.build
    ? standard
    : `the minimum ${minimum} is not of this guest's build, and does not apply to it`;
}

/** The minimum of the policy's rule for such a guest on such a host. */
function readPolicy({ minimums, host, os }: JudgeInput): Standard | string | undefined {
  if (minimums === undefined) return undefined;
  const rule = minimumFor(minimums, host, os);
  if (rule === undefined) return "no minimum of the policy is for such a guest on such a host";
  return { version: rule.version, origin: describeRule(rule) };
}
