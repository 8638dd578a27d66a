// SPDX-License-Identifier: MIT
import { type CodeEntry, corrupt, damaged, notice, RECOPY, unsupported, usage } from "./entry.ts";

const EXTRACT = "Mount the image with another program, copy its files to a folder, and name that folder.";

/** Images of optical discs. */
export const OPTICAL_CODES = {
  DISC_NOT: corrupt("the file is no image of an optical disc: it has neither ISO 9660 nor UDF on it"),
  DISC_TRUNCATED: corrupt("an image of a disc ends before something that the disc says it holds", RECOPY),
  DISC_FALLBACK: damaged(
    "the file system of a disc that is read first could not be read, and another one on it was used",
    RECOPY,
  ),
  DISC_NAME: notice("a name on a disc cannot stand in a path as it is, and was changed"),
  DISC_LOOP: damaged(
    "a directory of a disc is found again below itself or elsewhere, and was left out",
    RECOPY,
  ),
  DISC_NOT_A_FILE: usage(
    "a file was asked for, but the entry of the disc is a directory, a link or a device",
  ),
  ISO_DESCRIPTOR: corrupt("a volume descriptor of ISO 9660 is missing or damaged", RECOPY),
  ISO_DIRECTORY: corrupt("a directory of ISO 9660 is damaged", RECOPY),
  ISO_ROCK_RIDGE: damaged("what Rock Ridge says of a file is damaged, and was not used", RECOPY),
  ISO_UNSUPPORTED: unsupported(
    "a file of ISO 9660 is stored interleaved, compressed or on another disc of a set",
    EXTRACT,
  ),
  UDF_TAG: corrupt("a descriptor of UDF is not what should stand there, or its tag is damaged", RECOPY),
  UDF_TAG_DOUBT: damaged("the checksum or the place in the tag of a UDF descriptor does not match", RECOPY),
  UDF_VOLUME: corrupt("the volume descriptors of UDF are missing or contradict each other", RECOPY),
  UDF_RESERVE_USED: damaged("a UDF structure is damaged; its second copy was used", RECOPY),
  UDF_FILE_ENTRY: corrupt("a file entry of UDF is damaged", RECOPY),
  UDF_ALLOCATION: corrupt("the allocation descriptors of a UDF file are damaged", RECOPY),
  UDF_DIRECTORY: corrupt("a directory of UDF is damaged", RECOPY),
  UDF_UNSUPPORTED: unsupported("a UDF volume uses a feature that vmguest does not read", EXTRACT),
} as const satisfies Record<string, CodeEntry>;
