// SPDX-License-Identifier: MIT
import type { ByteSource } from "../../io/index.ts";
import { readRoots } from "./anchors.ts";
import { digestCabinet, findSignature } from "./cabinet-signature.ts";
import { judgeSignatures } from "./judge.ts";
import {
  reportOn,
  type SignatureReport,
  type TrustOptions,
  tamperedReport,
  unsignedReport,
} from "./report.ts";
import { readSignatures } from "./signature.ts";
import { compareDigests, readStatedDigest } from "./stated-digest.ts";

/**
 * Judges the Authenticode signature of a cabinet (CAB, MSU), without the network: docs/trust.md says what is believed.
 *
 * The file is read once, in chunks. Signatures of any kind, however broken, give a verdict; only what reading `source`
 * throws is thrown, and USAGE for a root in `trust` that is no certificate.
 */
export function verifyCabinet(source: ByteSource, trust: TrustOptions = {}): SignatureReport {
  const roots = readRoots(trust.roots);
  const search = findSignature(source);
  if (search.state === "unsigned") return unsignedReport(search.reason);
  if (search.state === "tampered") return tamperedReport(search.reason);
  return reportOn(() => {
    const signed = readSignatures(search.bytes).map((signature) => ({
      signature,
      stated: readStatedDigest(signature, "cabinet"),
    }));
    if (signed.length === 0) return unsignedReport("the signature has no signer");
    const algorithms = signed.map(({ stated }) => stated.algorithm).filter((name) => name !== undefined);
    const digests = digestCabinet(source, search.offset, algorithms);
    const subjects = signed.map(({ signature, stated }) => ({
      signature,
      subject: compareDigests(stated, digests),
    }));
    return judgeSignatures(subjects, roots, trust.now);
  });
}
