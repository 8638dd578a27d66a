// SPDX-License-Identifier: MIT
import type { Finding } from "../../errors.ts";
import type { HostFolder } from "../../io/index.ts";
import type { PackageOffer } from "../../policy/index.ts";
import type { ChangeTarget } from "../options.ts";

/** What is to be done to an image, as far as it decides what may stand in the way. */
export interface StagingWish {
  /** Codes that the user has looked at and allows. */
  readonly allowed: ReadonlySet<string>;
  /** Where the change goes; into the image itself where left out. */
  readonly target?: ChangeTarget["kind"];
  /** An earlier change of the image is taken back first. */
  readonly replaces?: boolean;
  /** The host's files around the image; undefined where they cannot be seen, which is then warned of. */
  readonly hostFolder: HostFolder | undefined;
  /** The update to be staged; undefined for a change that installs nothing. */
  readonly update?: UpdateWish;
}

export interface UpdateWish {
  /** Undefined where none was chosen yet. */
  readonly package?: PackageOffer;
  /** Size of the package's file. */
  readonly payloadBytes: number;
  /** The user says that the guest does not get its updates from Windows Update. */
  readonly isNotOnWindowsUpdate?: boolean;
}

/** What was found, all at once. */
export interface Preconditions {
  /** Why nothing may be written; empty where it may. */
  readonly refusals: readonly Finding[];
  readonly warnings: readonly Finding[];
}
