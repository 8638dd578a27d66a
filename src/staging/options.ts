// SPDX-License-Identifier: MIT
import type { OpenImageOptions } from "../audit/index.ts";
import type { RebootPolicy, TriggerId } from "../guest/index.ts";
import type { ByteSource } from "../io/index.ts";
import type { OfferedPackage, TrustOptions } from "../package/index.ts";
import type { HostId } from "../policy/index.ts";

/** What every change of an image needs to know. */
export interface ImageChangeOptions extends OpenImageOptions {
  /** The host release whose update table applies. */
  readonly host: HostId;
  /** Version of this program, for the reports. */
  readonly toolVersion: string;
  /** A GUID that nobody has used, each time. */
  readonly newGuid: () => string;
  /** The time that files and keys get. */
  readonly now: Date;
  /** Index of the volume with the guest; needed only where the image holds several. */
  readonly volume?: number;
  /** Codes of refusals that the user has looked at and allows; those that cannot be allowed are refused all the same. */
  readonly allowed?: ReadonlySet<string>;
}

/** What is to be staged, and how. */
export interface StagingOptions extends ImageChangeOptions {
  /** Packages at hand, of which the guest's is chosen. */
  readonly offered: readonly OfferedPackage[];
  /** Opens a file of the host that an offer names. */
  readonly openFile: (path: string) => ByteSource;
  /** What the signature of the package is judged by, once more and over the very bytes that are staged. */
  readonly trust?: TrustOptions;
  /** Asks for this trigger instead of the first of the ladder that will do. */
  readonly trigger?: TriggerId;
  /** Whether the script may have the guest restart once when the installer asks for it; `auto` where left out. */
  readonly reboot?: RebootPolicy;
  /** Makes the key in which the guest records its version one that stays on the disk. */
  readonly persistsVersion?: boolean;
  /** The user says that the guest does not get its updates from Windows Update. */
  readonly isNotOnWindowsUpdate?: boolean;
}

/** Where a change goes: into the image, or into a new file that stands for it. */
export type ChangeTarget =
  | { readonly kind: "in-place" }
  /** A copy of the image, sharing its blocks where the host's file system can. */
  | { readonly kind: "copy"; readonly path: string }
  /** A new differencing disk over the image, which is not touched. */
  | { readonly kind: "child"; readonly path: string };

/** What is going on, for a progress line. */
export type StageActivity = "examining" | "planning" | "preparing" | "verifying" | "writing" | "checking";

/** Where a change goes, and who watches it. */
export interface WriteOptions {
  /** The image itself where left out. */
  readonly target?: ChangeTarget;
  /** Takes an earlier change of the image back first, if it can be. */
  readonly replaces?: boolean;
  /** Looks at a lock file that a dead process may have left, and replaces it. */
  readonly replaceStaleLock?: boolean;
  /** Asked now and then: until the arming step has begun the change is then taken back. */
  readonly isCancelled?: () => boolean;
  readonly onActivity?: (activity: StageActivity) => void;
}
