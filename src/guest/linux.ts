// SPDX-License-Identifier: MIT
import type { GuestFacts } from "./facts.ts";

/**
 * What can be said of a Linux guest by its volumes alone, whose insides are not read: that it is one.
 *
 * Its integration services are part of its kernel and kept up to date by its package manager, so that nothing about
 * them is a fact of this layer.
 */
export function linuxGuestFacts(): GuestFacts {
  return {
    os: {
      id: "linux",
      family: "linux",
      name: null,
      version: null,
      build: null,
      revision: null,
      edition: null,
      installationType: null,
      servicePack: null,
      architecture: "unknown",
      hostname: null,
    },
    systemRoot: null,
    setupState: "unknown",
    integrationServices: null,
    windowsUpdate: { verdict: "unknown", reasons: ["Windows Update does not serve Linux guests"] },
    pendingServicing: [],
    sha2: "unknown",
    staging: { state: "not-applicable", detail: "updates are staged into Windows guests only", evidence: [] },
    findings: [],
  };
}
