// SPDX-License-Identifier: MIT
import { NAMESPACE, RECORD } from "../../../src/fs/ntfs/layout.ts";
import { type LabFile, link, newFile } from "./tree.ts";

/** The records with a fixed purpose, named in the root as on every volume. */
export function systemFiles(root: LabFile) {
  const add = (name: string, recordNumber: number, isDirectory = false): LabFile => {
    const file = newFile(name, recordNumber, Math.max(1, recordNumber), { isDirectory });
    link(file, { name, namespace: NAMESPACE.win32AndDos, parent: root });
    return file;
  };
  // The root names itself too.
  link(root, { name: ".", namespace: NAMESPACE.win32AndDos, parent: root });
  return {
    mft: add("$MFT", RECORD.mft),
    mftMirror: add("$MFTMirr", RECORD.mftMirror),
    logFile: add("$LogFile", RECORD.logFile),
    volume: add("$Volume", RECORD.volume),
    attributeDefinitions: add("$AttrDef", RECORD.attributeDefinitions),
    bitmap: add("$Bitmap", RECORD.bitmap),
    boot: add("$Boot", RECORD.boot),
    badClusters: add("$BadClus", RECORD.badClusters),
    secure: add("$Secure", RECORD.secure),
    upcase: add("$UpCase", RECORD.upcase),
    extend: add("$Extend", RECORD.extend, true),
    /** In use, but without a name. */
    reserved: [12, 13, 14, 15].map((recordNumber) => newFile("", recordNumber, recordNumber, {})),
  };
}
