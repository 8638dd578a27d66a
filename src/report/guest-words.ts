// SPDX-License-Identifier: MIT
import type { GuestReport } from "../audit/index.ts";
import { shownName, shownSentence } from "./visible-text.ts";

/** `Windows Server 2008 R2 Standard SP1 x64`, as far as the guest tells. */
export function describeOs({ os }: Pick<GuestReport, "os">): string {
  const words = [os.name === null ? nameOfFamily(os) : shownName(nameOfProduct(os, os.name))];
  if (os.servicePack !== null && os.servicePack > 0) words.push(`SP${os.servicePack}`);
  if (os.architecture !== "unknown") words.push(os.architecture);
  return words.join(" ");
}

/** Windows 11 has "Windows 10" in its own registry (ProductName); its build says better. */
function nameOfProduct({ id }: GuestReport["os"], name: string): string {
  return id === "win11" ? name.replace(/^Windows 10\b/, "Windows 11") : name;
}

function nameOfFamily({ family, version }: GuestReport["os"]): string {
  if (family === "linux") return "Linux";
  if (family === "freebsd") return "FreeBSD";
  return version === null ? "Windows of unknown version" : `Windows NT ${shownName(version)}`;
}

/** The guest's own name, or where it stands in the image: several guests of one image must differ. */
export function describeMachine({ os, volume }: GuestReport): string {
  return os.hostname === null
    ? `on volume ${volume.index}`
    : `${shownName(os.hostname)}, volume ${volume.index}`;
}

/** The version of the integration services and what says so. */
export function describeVersion({ integrationServices, os }: GuestReport): string[] {
  const { version, source, consistent } = integrationServices;
  if (version === null) return [os.family === "windows" ? "none found" : "not examined"];
  const from = `(${source})`;
  return consistent ? [shownName(version), from] : [shownName(version), from, "disputed"];
}

type Offer = NonNullable<GuestReport["verdict"]["offered"]>;

/** `vmguest.iso/support/x86/Windows6.x-...cab (6.3.9600.18692, signed with sha1)`, a path that the commands take. */
export function describeOffer({ place, version, digestAlgorithms }: Offer): string {
  const signed =
    digestAlgorithms.length === 0 ? "" : `, signed with ${digestAlgorithms.map(shownName).join(" and ")}`;
  return `${shownSentence(place.join("/"))} (${shownName(version)}${signed})`;
}
