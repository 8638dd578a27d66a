// SPDX-License-Identifier: MIT
import type { Anchor, ChainPurpose } from "./anchors.ts";
import { type Certificate, KEY_USAGE } from "./certificate.ts";
import { PURPOSE } from "./identifiers.ts";

/** Certificates from a signer to an anchor; Microsoft's have three, Windows takes no more than this. */
const CHAIN_LENGTH_MAX = 8;

const PURPOSE_OF = { code: PURPOSE.codeSigning, time: PURPOSE.timestamping } as const;
const PURPOSE_WORDS = { code: "code signing", time: "time stamping" } as const;

/** What a chain is judged by. */
export interface ChainRules {
  readonly purpose: ChainPurpose;
  readonly anchors: readonly Anchor[];
  /** Certificates that may stand between the signer and an anchor, and the anchors themselves where they are known. */
  readonly bag: readonly Certificate[];
  /** The time at which every certificate must have been valid; undefined where nobody knows it. */
  readonly time: Date | undefined;
}

/** What came of looking for a chain. */
export interface ChainVerdict {
  /** The anchor that the chain ends at, where all of it is sound. */
  readonly anchor: Anchor | null;
  /** Why there is no anchor; empty where there is one. */
  readonly reasons: readonly string[];
  /** Certificates whose issuer, by name and key, is in the bag and did not sign them: one of the two was changed. */
  readonly forged: readonly string[];
}

/** A certificate, and the one below it whose issuer it is. */
interface Step {
  readonly certificate: Certificate;
  readonly below: Step | undefined;
  readonly length: number;
}

/**
 * Looks for a way from `signer` up to an anchor, each step by name, key identifier and signature, and judges it: purpose,
 * authority, path length, validity. Each certificate is entered once, so a bag of any kind costs no more than the square
 * of its size.
 */
export function judgeChain(signer: Certificate, rules: ChainRules): ChainVerdict {
  const seen = new Set([signer.fingerprint]);
  const queue: Step[] = [{ certificate: signer, below: undefined, length: 1 }];
  const forged: string[] = [];
  let found: { readonly faults: readonly string[] } | undefined;
  let last = signer;
  for (const step of queue) {
    const { certificate } = step;
    last = certificate;
    const anchor = anchorOf(certificate, rules);
    if (anchor !== undefined) {
      const faults = faultsOf(step, rules);
      if (faults.length === 0) return { anchor, reasons: [], forged: [] };
      found ??= { faults };
      continue;
    }
    if (step.length === CHAIN_LENGTH_MAX) continue;
    const named = rules.bag.filter((other) => isNamedBy(certificate, other));
    const issuers = named.filter((other) => certificate.isSignedBy(other));
    if (named.length > 0 && issuers.length === 0) {
      forged.push(`certificate ${certificate.name} is not signed by its issuer ${named[0]?.name}`);
    }
    for (const issuer of issuers) {
      if (seen.has(issuer.fingerprint)) continue;
      seen.add(issuer.fingerprint);
      queue.push({ certificate: issuer, below: step, length: step.length + 1 });
    }
  }
  const unknown = `the chain ends at ${last.name}, issued by ${last.issuer}, which is no anchor for ${PURPOSE_WORDS[rules.purpose]}`;
  return { anchor: null, reasons: found?.faults ?? [unknown], forged };
}

function anchorOf(certificate: Certificate, { anchors, purpose }: ChainRules): Anchor | undefined {
  return anchors.find(
    ({ fingerprint, purposes }) => fingerprint === certificate.fingerprint && purposes.includes(purpose),
  );
}

/** Whether `other` is the issuer that the certificate names: authorities keep their name when they change their key. */
function isNamedBy({ issuerKey, authorityKeyId }: Certificate, other: Certificate): boolean {
  if (issuerKey !== other.subjectKey) return false;
  return (
    authorityKeyId === undefined || other.subjectKeyId === undefined || authorityKeyId === other.subjectKeyId
  );
}

/** What is wrong with the chain that ends at `top`, from there down to the signer. */
function faultsOf(top: Step, { purpose, time }: ChainRules): string[] {
  const faults: string[] = [];
  for (let step: Step | undefined = top; step !== undefined; step = step.below) {
    const { certificate, length } = step;
    const { name, notBefore, notAfter, unknownCritical } = certificate;
    for (const identifier of unknownCritical) {
      faults.push(`certificate ${name} has the critical extension ${identifier}, which is not known here`);
    }
    if (time !== undefined && (time < notBefore || time > notAfter)) {
      const span = `${notBefore.toISOString()} to ${notAfter.toISOString()}`;
      faults.push(`certificate ${name} is valid from ${span}, not on ${time.toISOString()}`);
    }
    faults.push(
      ...(length === 1
        ? signerFaults(certificate, purpose)
        : // The signer and the authorities that issued it do not count: only those in between do.
          authorityFaults(certificate, purpose, length - 2)),
    );
  }
  return faults;
}

function signerFaults({ name, purposes, keyUsage }: Certificate, purpose: ChainPurpose): string[] {
  const faults: string[] = [];
  if (purposes?.has(PURPOSE_OF[purpose]) !== true) {
    faults.push(`certificate ${name} is not meant for ${PURPOSE_WORDS[purpose]}`);
  }
  if (keyUsage !== undefined && (keyUsage & (KEY_USAGE.digitalSignature | KEY_USAGE.nonRepudiation)) === 0) {
    faults.push(`the key of certificate ${name} is not meant for signatures`);
  }
  return faults;
}

/** `below` is the number of authorities between this one and the signer. */
function authorityFaults(certificate: Certificate, purpose: ChainPurpose, below: number): string[] {
  const { name, isAuthority, keyUsage, pathLengthMax, purposes } = certificate;
  const faults: string[] = [];
  if (!isAuthority) faults.push(`certificate ${name} is none of an authority`);
  if (keyUsage !== undefined && (keyUsage & KEY_USAGE.keyCertSign) === 0) {
    faults.push(`the key of certificate ${name} is not meant for signing certificates`);
  }
  if (below > pathLengthMax) faults.push(`certificate ${name} allows ${pathLengthMax} authorities below it`);
  // As in Windows, the purposes of an authority bound those of all that it issues.
  if (purposes !== undefined && !purposes.has(PURPOSE_OF[purpose]) && !purposes.has(PURPOSE.any)) {
    faults.push(`authority ${name} is not meant for ${PURPOSE_WORDS[purpose]}`);
  }
  return faults;
}
