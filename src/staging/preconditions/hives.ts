// SPDX-License-Identifier: MIT
import type { OpenedImage } from "../../audit/index.ts";
import { type Finding, finding, type Where } from "../../errors.ts";
import type { Hive } from "../../registry/index.ts";
import type { StagingTarget } from "../target.ts";

/** `flags` in the base block: the hive takes part in transactions. */
const FLAGS_OFFSET = 0x90;
const IN_TRANSACTIONS = 1;

/** Whether the hives can be believed and changed: those of SYSTEM and SOFTWARE, from which everything else is read. */
export function* checkHives({ image, volume, windows }: StagingTarget): Generator<Finding> {
  const hives = [
    { hive: windows.system, name: "SYSTEM", path: windows.systemPath },
    { hive: windows.software, name: "SOFTWARE", path: windows.softwarePath },
  ];
  for (const { hive, name, path } of hives) {
    const where = { partition: volume.index, path };
    yield* checkRecovery(hive, where);
    // What starts Windows reads the hives before anything could follow a link to them.
    const isInPlace = path.toLowerCase() === `${windows.systemRoot}/System32/config/${name}`.toLowerCase();
    if (!isInPlace || !isPlain(image, volume.index, path)) {
      const message = "the hive is compressed, sparse, encrypted or behind a reparse point";
      yield finding("NTFS_WRITE_TARGET", message, where);
    }
  }
}

/** What an editor would refuse too, before all of the hive is read for it. */
function* checkRecovery(hive: Hive, where: Where): Generator<Finding> {
  const doubt = hive.findings.find(({ code }) => code !== "REGF_LOG_APPLIED");
  if (hive.recovery === "unrecovered") {
    yield finding(
      "HIVE_EDIT_UNRECOVERED",
      "the hive was not flushed, and no log brings it up to date",
      where,
    );
  } else if (doubt !== undefined) {
    yield finding("HIVE_EDIT_UNRECOVERED", `the hive is not complete beyond doubt: ${doubt.message}`, where);
  } else if (hive.recovery === "recovered") {
    const message = "the hive was not flushed; an edit of it writes what its logs hold first";
    yield finding("REGF_LOG_APPLIED", message, where);
    if (!isInTransactions(hive)) return;
    yield finding(
      "STAGE_HIVE_TRANSACTIONS",
      "the hive was not flushed, and takes part in transactions",
      where,
    );
  }
}

/**
 * Windows marks SYSTEM and SOFTWARE so as soon as a transaction manager has them, and leaves the mark in hives that were
 * written completely. So it tells something only of one that was not.
 */
function isInTransactions({ image }: Hive): boolean {
  return (image.read(FLAGS_OFFSET, 4).getUint32(0, true) & IN_TRANSACTIONS) !== 0;
}

function isPlain(image: OpenedImage, volume: number, path: string): boolean {
  const file = image.ntfs(image.volume(volume)).find(path);
  return file === undefined || file.isStoredPlainly;
}
