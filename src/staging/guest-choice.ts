// SPDX-License-Identifier: MIT
import { auditOpened, type ImageReport, type OpenedImage } from "../audit/index.ts";
import { type Finding, finding } from "../errors.ts";
import { openWindows } from "../guest/index.ts";
import type { StagingTarget } from "./target.ts";

/** The guest that a change is for, or why there is none. */
export type GuestChoice =
  | { readonly target: StagingTarget; readonly report: ImageReport }
  | { readonly refusal: Finding; readonly report: ImageReport };

type AuditOptions = Parameters<typeof auditOpened>[1];

/** Audits the image and picks the Windows on `volume`, or the only one that there is. */
export function chooseGuest(
  image: OpenedImage,
  volume: number | undefined,
  options: AuditOptions,
): GuestChoice {
  const report = auditOpened(image, options);
  const windows = report.guests.filter((guest) => guest.os.family === "windows");
  const candidates = windows.filter((guest) => volume === undefined || guest.volume.index === volume);
  const [guest, another] = candidates;
  const refuse = (code: "STAGE_NO_GUEST" | "STAGE_GUEST_AMBIGUOUS", message: string) => ({
    refusal: finding(code, message, volume === undefined ? {} : { partition: volume }),
    report,
  });
  if (guest === undefined || guest.systemRoot === null) {
    const known = windows.map((one) => `volume ${one.volume.index}`).join(", ");
    const where = volume === undefined ? "in the image" : `on volume ${volume}`;
    const others = known === "" ? "" : `; there is one on ${known}`;
    return refuse("STAGE_NO_GUEST", `no Windows that can be read was found ${where}${others}`);
  }
  if (another !== undefined) {
    const known = candidates.map((one) => `volume ${one.volume.index} (${one.systemRoot ?? "?"})`).join(", ");
    return refuse("STAGE_GUEST_AMBIGUOUS", `the image holds several Windows: ${known}`);
  }
  const { index } = guest.volume;
  const place = image.volume(index);
  const target = {
    image,
    volume: place,
    windows: openWindows(image.ntfs(place), guest.systemRoot),
    report: guest,
  };
  return { target, report };
}
