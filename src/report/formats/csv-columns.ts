// SPDX-License-Identifier: MIT
import type { GuestReport, ImageReport, StreamedReport } from "../../audit/index.ts";

/** One row: a guest, or an image that has none. */
export interface AuditRow {
  readonly host: StreamedReport["host"];
  readonly image: ImageReport;
  readonly guest: GuestReport | null;
}

/** Text, or a number or a truth value of ours; null leaves the cell empty. */
export type CsvValue = string | number | boolean | null;

/** A column and where it comes from. Names are never changed, and new columns come last. */
export interface CsvColumn {
  readonly name: string;
  /** What the docs say of it. */
  readonly describe: string;
  readonly read: (row: AuditRow) => CsvValue;
}

/** Between the items of a list in one cell: newlines would end the row for many a reader. */
const SEPARATOR = " | ";

const ofImage = (read: (image: ImageReport) => CsvValue) => (row: AuditRow) => read(row.image);

const ofGuest = (read: (guest: GuestReport) => CsvValue) => (row: AuditRow) =>
  row.guest === null ? null : read(row.guest);

/** A column for each line; what stands in the docs is made from it. */
export const CSV_COLUMNS: readonly CsvColumn[] = [
  { name: "image", describe: "Path or URL of the image", read: ofImage(({ path }) => path) },
  {
    name: "role",
    describe: "`parent` where other images of the audit are written over it, else `leaf`",
    read: ofImage(({ role }) => role),
  },
  { name: "host", describe: "Hyper-V host that it was judged for", read: ({ host }) => host.id },
  {
    name: "format",
    describe: "`vhdx`, `vhd` or `raw`",
    read: ofImage(({ container }) => container?.format ?? null),
  },
  {
    name: "kind",
    describe: "`fixed`, `dynamic` or `differencing`",
    read: ofImage(({ container }) => container?.kind ?? null),
  },
  {
    name: "virtual_size",
    describe: "Bytes of the virtual disk",
    read: ofImage(({ container }) => container?.virtualSize ?? null),
  },
  {
    name: "volume",
    describe: "Index of the volume that the guest is on",
    read: ofGuest(({ volume }) => volume.index),
  },
  {
    name: "system_root",
    describe: "Folder of Windows on it",
    read: ofGuest(({ systemRoot }) => systemRoot),
  },
  {
    name: "os_id",
    describe: "Operating system as `vmguest table` names it",
    read: ofGuest(({ os }) => os.id),
  },
  { name: "os_family", describe: "`windows`, `linux` or `freebsd`", read: ofGuest(({ os }) => os.family) },
  { name: "os_name", describe: "Product name as the guest spells it", read: ofGuest(({ os }) => os.name) },
  { name: "os_version", describe: "NT version", read: ofGuest(({ os }) => os.version) },
  { name: "os_build", describe: "Build number", read: ofGuest(({ os }) => os.build) },
  { name: "os_revision", describe: "Update build revision", read: ofGuest(({ os }) => os.revision) },
  {
    name: "os_service_pack",
    describe: "Number of the service pack",
    read: ofGuest(({ os }) => os.servicePack),
  },
  {
    name: "os_edition",
    describe: "Edition, such as `ServerStandard`",
    read: ofGuest(({ os }) => os.edition),
  },
  {
    name: "architecture",
    describe: "`x86`, `x64`, `arm64`, `ia64` or `unknown`",
    read: ofGuest(({ os }) => os.architecture),
  },
  { name: "hostname", describe: "The guest's own name", read: ofGuest(({ os }) => os.hostname) },
  {
    name: "setup_state",
    describe: "`specialized`, `generalized` (sysprepped), `audit`, `undeployable` or `unknown`",
    read: ofGuest(({ setupState }) => setupState),
  },
  {
    name: "ic_version",
    describe: "Version of the integration services",
    read: ofGuest(({ integrationServices }) => integrationServices.version),
  },
  {
    name: "ic_source",
    describe: "What says so: `recorded`, `computed`, `driver-file`, `package` or `none`",
    read: ofGuest(({ integrationServices }) => integrationServices.source),
  },
  {
    name: "ic_consistent",
    describe: "`false` where the sources of the version disagree",
    read: ofGuest(({ integrationServices }) => integrationServices.consistent),
  },
  {
    name: "data_exchange",
    describe: "The Data Exchange service: `enabled`, `disabled`, `absent` or `unknown`",
    read: ofGuest(({ integrationServices }) => integrationServices.dataExchange),
  },
  {
    name: "windows_update",
    describe: "What serves the guest: `windows-update`, `wsus`, `disabled` or `unknown`",
    read: ofGuest(({ windowsUpdate }) => windowsUpdate.verdict),
  },
  {
    name: "pending_servicing",
    describe: "What says that servicing operations are pending",
    read: ofGuest(({ pendingServicing }) => pendingServicing.join(SEPARATOR)),
  },
  {
    name: "sha2",
    describe: "SHA-2 code signing: `supported`, `missing`, `unknown` or `not-needed`",
    read: ofGuest(({ sha2 }) => sha2),
  },
  {
    name: "mechanism",
    describe: "How Microsoft's table has the guest updated",
    read: ofGuest(({ rule }) => rule.mechanism),
  },
  {
    name: "status",
    describe: "`current`, `outdated`, `missing`, `unknown` or `not-applicable`",
    read: ofGuest(({ verdict }) => verdict.status),
  },
  { name: "action", describe: "What is to be done", read: ofGuest(({ verdict }) => verdict.action) },
  {
    name: "package",
    describe: "Microsoft's package that serves the guest",
    read: ofGuest(({ verdict }) => verdict.package),
  },
  {
    name: "offered",
    describe: "The file of `--package` that was chosen",
    read: ofGuest(({ verdict }) => verdict.offered?.place.join("/") ?? null),
  },
  {
    name: "staging_state",
    describe: "What came of an earlier staging ([staging-states.md](staging-states.md))",
    read: ofGuest(({ staging }) => staging.state),
  },
  {
    name: "reasons",
    describe: "Why status and action are what they are",
    read: ofGuest(({ verdict }) => verdict.reasons.join(SEPARATOR)),
  },
  {
    name: "finding_codes",
    describe: "Codes of what was found in the image ([errors.md](errors.md)), each once",
    read: ofImage(({ findings }) => [...new Set(findings.map(({ code }) => code))].join(SEPARATOR)),
  },
  {
    name: "error_code",
    describe: "Why the image could not be read, as a code",
    read: ofImage(({ error }) => error?.code ?? null),
  },
  {
    name: "error_message",
    describe: "The same in words",
    read: ofImage(({ error }) => error?.message ?? null),
  },
  { name: "error_where", describe: "Where in it", read: ofImage(({ error }) => error?.where ?? null) },
];
