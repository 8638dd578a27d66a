import type { StagingJob } from "../../../src/guest/index.ts";

/** A package of 5 bytes, `cab 1`, and its job: the newest services for Server 2008 R2. */
export const PAYLOAD = new TextEncoder().encode("cab 1");

export const JOB: StagingJob = {
  schema: 1,
  id: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
  sha256: "c5304fdbb63e7d504e5e3f78cc8a9b0e3889d9708df9ccf75e12f019d90ef474",
  sizeBytes: PAYLOAD.length,
  packageName: "Windows6.x-HyperVIntegrationServices-x64.cab",
  identity: "Microsoft-Hyper-V-Integration-Services-Package~31bf3856ad364e35~amd64~~6.3.9600.19456",
  version: "6.3.9600.19456",
  architecture: "x64",
  nt: "6.1",
  trigger: "setup-mode",
  maxAttempts: 3,
  reboot: "auto",
  tools: ["dism", "pkgmgr"],
  systemRoot: "C:\\Windows",
};
