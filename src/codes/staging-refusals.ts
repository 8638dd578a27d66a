// SPDX-License-Identifier: MIT
import { BOOT_ONCE, type CodeEntry, IN_GUEST, notice, unsafe, unsupported } from "./entry.ts";

const OWN_FOLDER = "If that is not so, stage into a copy in a folder of its own (`--output copy.vhdx`).";

/** Why nothing is staged into an image, and what a staging warns of. */
export const STAGING_REFUSAL_CODES = {
  STAGE_HAS_CHILDREN: unsafe(
    "the image is the parent of a checkpoint or differencing disk, which would be worthless after any change of it",
    "Merge or delete the checkpoints, stage into the newest disk of the chain, or into a new child (`--output child.avhdx`).",
  ),
  CHILDREN_UNKNOWN: notice(
    "checkpoints and differencing disks over the image that stand elsewhere cannot be seen, and a change would make them worthless",
    "Make sure that no other disk has the image for its parent.",
  ),
  STAGE_DIFFERENCING: unsafe(
    "the image is itself a checkpoint or differencing disk: what is staged is lost when the checkpoint is reverted",
    "Merge the chain first, or allow it for the disk that the VM starts from.",
  ),
  STAGE_SAVED_STATE: unsafe(
    "there is a saved memory of a VM that has the image, or may have it: the disk must not change under it",
    `Start the VM and shut it down, or delete its saved state in Hyper-V Manager. ${OWN_FOLDER}`,
  ),
  STAGE_SAVED_STATE_UNKNOWN: notice(
    "a state file of the VM exists, as it does for VMs that are off too; whether it holds saved memory cannot be told for certain",
    "Make sure that Hyper-V calls the VM off, not saved.",
  ),
  STAGE_CHANGE_TRACKING: notice(
    "Hyper-V tracks the changes of the image for backup or replication, and does not see those of vmguest",
    "Let the next backup be a full one; resynchronise the replica.",
  ),
  STAGE_VOLUME_FLAGS: notice("the volume carries flags that do not stand in the way of a change"),
  STAGE_NO_CBS: unsupported(
    "Windows XP and Server 2003 have no component servicing, and take their integration services from an MSI",
    "Install the MSI in the running guest.",
  ),
  STAGE_BUILT_IN: unsupported(
    "the integration services of Windows 10, Server 2016 and later are part of Windows and come with its cumulative updates",
    "Update the guest itself.",
  ),
  STAGE_NANO: unsupported(
    "Nano Server has no logon and no script host that could start an installation",
    "Replace the image by a newer one.",
  ),
  STAGE_SETUP_STATE: unsafe(
    "Windows Setup has not come to its end in the guest, or its state is not known",
    "Start the VM once and let Windows Setup finish, or take the image before it was prepared.",
  ),
  STAGE_AUDIT_MODE: notice(
    "the guest is in audit mode, where the installation waits for the administrator's logon (RunOnce)",
  ),
  STAGE_DOMAIN_CONTROLLER: notice(
    "the guest is a domain controller, on which setup mode is not used; a start-up script starts the installation",
  ),
  STAGE_TRUSTED_INSTALLER: unsafe(
    "the service TrustedInstaller, which installs packages, is disabled or missing in the guest",
    "Set the service to manual start in the guest: `sc config TrustedInstaller start= demand`.",
  ),
  STAGE_SPACE: unsafe(
    "the volume of the guest has less free space than an installation should have: 100 MiB, or five times the package",
    "Free space in the guest, or enlarge its disk.",
  ),
  STAGE_HIVE_TRANSACTIONS: notice(
    "a hive of the guest was not written completely and takes part in transactions (KTM): some may be pending beside its logs",
    BOOT_ONCE,
  ),
  STAGE_FOLDER_COMPRESSED: notice(
    "the folder for new files is marked compressed or encrypted; what is staged there is stored plainly",
  ),
  STAGE_SYSTEM_ROOT: unsupported(
    "the guest does not say where its Windows is in a form that may stand in a command line: a drive and a plain folder",
    IN_GUEST,
  ),
  STAGE_WINDOWS_UPDATE: unsafe(
    "Microsoft's table names Windows Update for this guest on this host, and the guest gets its updates there, or may",
    "If the guest does not reach Windows Update, say so: `--not-on-windows-update`.",
  ),
  STAGE_PACKAGE_UNTRUSTED: unsafe(
    "the package is not one that Microsoft signed as a part of Windows, and not signed under a root that was given",
    "Take the package from Microsoft's media or download; for a package of one's own there is `--trust-root`.",
  ),
  STAGE_PACKAGE_UNFIT: unsupported(
    "the package does not serve this guest",
    "See `vmguest audit --package` for what does.",
  ),
  STAGE_SHA2_UNKNOWN: notice(
    "whether the guest supports SHA-2, which the signature of the package needs, is not known",
    "Without it the guest refuses the package; install KB4474419 and the servicing stack update first.",
  ),
} as const satisfies Record<string, CodeEntry>;
