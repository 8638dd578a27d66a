// SPDX-License-Identifier: MIT
import { locate, VmguestError } from "../errors.ts";
import type { PlannedChange } from "./plan.ts";
import type { StagingTarget } from "./target.ts";

/** Key of the data that guest and host exchange. It is made with permissions for the service that writes below it. */
const EXCHANGE_KEY = "Microsoft\\Virtual Machine";
const AUTO_KEY = `${EXCHANGE_KEY}\\Auto`;

/**
 * Makes the key into which the guest writes the version of its integration services one that stays on the disk, so that
 * later audits read it there. The service makes it volatile only where it finds none. Nothing is planned where it is there.
 *
 * The new key takes the permissions of the one above it. Where that is missing too, a key would get those of all of
 * `Microsoft`, which do not let the service write: it would find the key, fail, and exchange nothing. So that refuses.
 *
 * @throws PERSIST_VERSION_UNSAFE, and what reading the registry throws.
 */
export function planPersistVersion({ windows }: StagingTarget): PlannedChange[] {
  const { software, softwarePath } = windows;
  return locate({ path: softwarePath }, () => {
    if (software.find(AUTO_KEY) !== undefined) return [];
    if (software.find(EXCHANGE_KEY) === undefined) {
      throw new VmguestError(
        "PERSIST_VERSION_UNSAFE",
        `the guest has no key ${EXCHANGE_KEY}, whose permissions are needed`,
      );
    }
    const reason = "the guest writes its version into the key that it finds, and this one stays on the disk";
    return [{ kind: "create-key", stage: "preparation", hive: softwarePath, key: AUTO_KEY, reason }];
  });
}
