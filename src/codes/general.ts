// SPDX-License-Identifier: MIT
import { type CodeEntry, corrupt, io, notice, RECOPY, usage } from "./entry.ts";

/** Usage, the host's own files, and bytes. */
export const GENERAL_CODES = {
  USAGE: usage("the command line or the arguments of a call are wrong"),
  PATH_NOT_FOUND: usage("no file, folder or image matches what was named"),
  NOT_FOUND: usage("the file, key or value asked for does not exist in the image"),
  IO_OPEN: io(
    "a file on the host could not be opened",
    "Check that the path exists and that you may read it.",
  ),
  IO_READ: io("a file on the host could not be read", "Check the storage that holds the image."),
  READ_LIMIT: io(
    "reading the image takes more time, bytes or memory than the limits allow",
    "Check the storage that holds the image; --limit-seconds, --limit-bytes and --limit-memory allow more.",
  ),
  IO_CHANGED: io("the image changed while it was being read", "Shut the VM down and run the command again."),
  IO_WRITE: io(
    "a file on the host could not be written",
    "Check that its folder exists, that you may write to it, and that there is space.",
  ),
  INTERNAL: corrupt("a mistake in vmguest itself", "Please report it with the command line that led to it."),
  OUT_OF_BOUNDS: corrupt("a structure reaches past the end of what holds it", RECOPY),
  VALUE_TOO_LARGE: corrupt("a 64-bit number is larger than any real disk can need", RECOPY),
  CHECK_SKIPPED: notice("a part of the image was not checked, because vmguest does not read it"),
  LIMIT_EXCEEDED: corrupt("a count or size is beyond the limit that keeps one image from stalling the rest"),
} as const satisfies Record<string, CodeEntry>;
