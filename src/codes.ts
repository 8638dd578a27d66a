// SPDX-License-Identifier: MIT
import { BATCH_CODES } from "./codes/batch.ts";
import { CABINET_CODES } from "./codes/cabinets.ts";
import { CACHE_CODES } from "./codes/cache.ts";
import { COMMIT_CODES } from "./codes/commit.ts";
import { CONTAINER_CODES } from "./codes/containers.ts";
import { DISK_WRITE_CODES } from "./codes/disk-write.ts";
import { EXTRACTION_CODES } from "./codes/extraction.ts";
import { GENERAL_CODES } from "./codes/general.ts";
import { GUEST_CODES } from "./codes/guests.ts";
import { MANIFEST_CODES } from "./codes/manifests.ts";
import { NTFS_CODES } from "./codes/ntfs.ts";
import { NTFS_CHECK_CODES } from "./codes/ntfs-check.ts";
import { NTFS_WRITE_CODES } from "./codes/ntfs-write.ts";
import { OFFER_CODES } from "./codes/offers.ts";
import { OPTICAL_CODES } from "./codes/optical.ts";
import { POLICY_CODES } from "./codes/policy.ts";
import { REGISTRY_CODES } from "./codes/registry.ts";
import { REGISTRY_EDIT_CODES } from "./codes/registry-edit.ts";
import { REMOTE_CODES } from "./codes/remote.ts";
import { REPORT_CODES } from "./codes/reports.ts";
import { SIGNATURE_CODES } from "./codes/signatures.ts";
import { STAGING_CODES } from "./codes/staging.ts";
import { STAGING_PROOF_CODES } from "./codes/staging-proof.ts";
import { STAGING_REFUSAL_CODES } from "./codes/staging-refusals.ts";
import { STAGING_RUN_CODES } from "./codes/staging-run.ts";
import { STAGING_TRACE_CODES } from "./codes/staging-traces.ts";
import { VOLUME_CODES } from "./codes/volumes.ts";

export type { CodeEntry, ErrorKind } from "./codes/entry.ts";

/**
 * The one registry of codes, for errors and findings alike, by area in `codes/`. A code is part of the public
 * interface: it is never renamed or given another meaning. `docs/errors.md` is generated from this table.
 */
export const CODES = {
  ...GENERAL_CODES,
  ...CONTAINER_CODES,
  ...VOLUME_CODES,
  ...NTFS_CODES,
  ...NTFS_CHECK_CODES,
  ...NTFS_WRITE_CODES,
  ...REGISTRY_CODES,
  ...REGISTRY_EDIT_CODES,
  ...GUEST_CODES,
  ...POLICY_CODES,
  ...CABINET_CODES,
  ...SIGNATURE_CODES,
  ...MANIFEST_CODES,
  ...OPTICAL_CODES,
  ...OFFER_CODES,
  ...EXTRACTION_CODES,
  ...COMMIT_CODES,
  ...DISK_WRITE_CODES,
  ...STAGING_CODES,
  ...STAGING_TRACE_CODES,
  ...STAGING_RUN_CODES,
  ...STAGING_PROOF_CODES,
  ...STAGING_REFUSAL_CODES,
  ...REMOTE_CODES,
  ...BATCH_CODES,
  ...CACHE_CODES,
  ...REPORT_CODES,
} as const;

/** One of {@link CODES}: what an error or a finding is called, whatever its message says. */
export type Code = keyof typeof CODES;
