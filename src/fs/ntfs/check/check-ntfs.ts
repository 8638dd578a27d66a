// SPDX-License-Identifier: MIT
import type { Code, Finding } from "../../../errors.ts";
import { AttributeSet } from "../attribute.ts";
import { ATTRIBUTE, RECORD } from "../layout.ts";
import { readNtfsState } from "../ntfs-state.ts";
import type { NtfsVolume } from "../ntfs-volume.ts";
import { checkBoot } from "./boot-check.ts";
import { checkBitmapSize, reportLost } from "./cluster-check.ts";
import { checkCycles } from "./cycle-check.ts";
import { DirectoryCheck, directoriesOf } from "./directory-check.ts";
import { LinkCheck } from "./link-check.ts";
import { RecordScan } from "./record-scan.ts";
import { readSecurityStream } from "./security-stream.ts";
import { checkMirror, checkSystemFiles } from "./system-check.ts";
import { VolumeCheck } from "./volume-check.ts";

/** Far more than anybody reads, but whoever counts findings gets a true count of all but ruined volumes. */
const FINDINGS_PER_CODE_MAX = 10_000;

/** What opening the volume went around; whatever else reading it found is found here again. */
const READ_FROM_COPY: ReadonlySet<Code> = new Set<Code>(["NTFS_BOOT_DAMAGED", "NTFS_MFT_DAMAGED"]);

/** How much a check lists. */
export interface NtfsCheckOptions {
  /** Findings of one code that are listed; at the end one more tells how many were not. */
  readonly findingsPerCodeMax?: number;
}

/**
 * Checks a whole volume and yields what is wrong with it, with the code, the severity and the place of each fault.
 *
 * Reads all of $MFT once, in order, then the index of every directory, $Bitmap and $Secure, but no file's data. What it
 * keeps is bounded by the number of records and clusters, whatever the volume says. Damage never throws; one fault is
 * one finding, and what merely follows from it is not reported.
 *
 * On a volume that was not dismounted (NTFS_LOG_UNCLEAN) changes wait in $LogFile: there, findings may be no more than
 * what Windows itself sets right at its next start.
 */
export function* checkNtfs(
  volume: NtfsVolume,
  options: NtfsCheckOptions = {},
): Generator<Finding, undefined> {
  yield* readNtfsState(volume).findings;
  const check = new VolumeCheck(volume, options.findingsPerCodeMax ?? FINDINGS_PER_CODE_MAX);
  const { queue } = check;
  checkBoot(check);
  checkBitmapSize(check);
  const securityIds = readSecurityIds(check);
  yield* queue.drain();
  for (const _ of new RecordScan(check, securityIds).run()) yield* queue.drain();
  checkMirror(check);
  checkSystemFiles(check);
  yield* queue.drain();
  for (const directory of directoriesOf(check)) {
    new DirectoryCheck(check, directory).run();
    yield* queue.drain();
  }
  checkCycles(check);
  new LinkCheck(check).run();
  yield* queue.drain();
  reportLost(check);
  yield* queue.drain();
  yield* queue.rest();
  yield* volume.findings.filter(({ code }) => READ_FROM_COPY.has(code));
}

/** The identifiers that $Secure knows; undefined where there are none, or they cannot all be told. */
function readSecurityIds(check: VolumeCheck): ReadonlySet<number> | undefined {
  const { mft, space } = check.context;
  const ids = check.attempt(() => {
    const attributes = new AttributeSet(mft.record(RECORD.secure), mft, space);
    const stream = attributes.find(ATTRIBUTE.data, "$SDS")?.open("$Secure:$SDS");
    if (stream === undefined) return undefined;
    return readSecurityStream(stream, (code, message, offset) =>
      check.add(code, message, { path: "$Secure:$SDS", structure: "security descriptor", offset }),
    );
  });
  return ids === undefined || ids.size === 0 ? undefined : ids;
}
