// SPDX-License-Identifier: MIT
import { type CodeEntry, corrupt, io, unsafe, unsupported, usage } from "./entry.ts";

/** Changes of an image file on the host, and taking them back. */
export const COMMIT_CODES = {
  IMAGE_LOCKED: unsafe(
    "another run of vmguest holds the lock file of the image",
    "Wait for it to end; a lock from another host has to be judged there.",
  ),
  LOCK_STALE: unsafe(
    "a run of vmguest that has ended left the lock file of the image behind",
    "Make sure that no vmguest works on the image, and remove the lock file.",
  ),
  IMAGE_IN_USE: unsafe(
    "another program holds a lock on the image",
    "Shut the VM down, and close whatever else has the image open.",
  ),
  IMAGE_HARD_LINKED: unsafe(
    "the image file has more than one name, such as one in a backup, and all would change with it",
    "Work on a copy of the image.",
  ),
  HOST_SPACE: io(
    "the host has too little space for the change and its undo file",
    "Free space on the file system that holds the image.",
  ),
  OUTPUT_EXISTS: usage(
    "there is a file already where a new image is to be made",
    "Choose another name. A `.vmguest-new` is what a run that was cut off left, where none is under way: remove it.",
  ),
  COMMIT_UNDONE: io(
    "the image could not be written, and what had been written was taken back",
    "Check the storage that holds the image; the image is as it was.",
  ),
  COMMIT_INTERRUPTED: io(
    "the image could be written in part only, and that part could not be taken back",
    "Keep image and undo file together; once the storage works again, roll the change back or finish it.",
  ),
  UNDO_PRESENT: unsafe(
    "the image has an undo file: an earlier change of it can still be taken back",
    "Roll the earlier change back, or remove the undo file to keep that change for good.",
  ),
  UNDO_INTERRUPTED: unsafe(
    "a change of the image was interrupted, and the image is between before and after",
    "Roll the change back or finish it before the VM is started.",
  ),
  UNDO_IMAGE_CHANGED: unsafe(
    "the image was changed after vmguest had changed it, so that taking back its change would leave a mixture",
    "Keep the image as it is and remove the undo file, or restore the image from a backup.",
  ),
  UNDO_NOT_FOUND: usage("the image has no undo file, so there is nothing to take back or to finish"),
  UNDO_FOREIGN: unsafe(
    "the undo file is a link, belongs to somebody else, or may be written by more people than the image",
    "Find out who put it there before it is used or removed.",
  ),
  UNDO_OWNER_UNKNOWN: unsafe(
    "this host does not tell who may have written the undo file, which decides what goes into the image",
    "See who may write to the folder of the image; where nobody else may, say that the undo file is trusted.",
  ),
  UNDO_VERSION: unsupported("the undo file was written by a newer vmguest", "Use that version."),
  UNDO_DAMAGED: corrupt(
    "the undo file is damaged, or none of vmguest's",
    "Restore the undo file, or the image, from a backup.",
  ),
} as const satisfies Record<string, CodeEntry>;
