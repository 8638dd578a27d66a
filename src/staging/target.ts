// SPDX-License-Identifier: MIT
import type { GuestReport, OpenedImage } from "../audit/index.ts";
import type { WindowsInstallation } from "../guest/index.ts";
import type { Volume } from "../volume/index.ts";

/** The guest that is to be changed, opened for reading, and what the audit says of it. */
export interface StagingTarget {
  readonly image: OpenedImage;
  readonly volume: Volume;
  readonly windows: WindowsInstallation;
  readonly report: GuestReport;
}
