// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { type Certificate, readCertificate } from "./certificate.ts";

/** What a chain is to prove: who made a file, or when a signature was there. */
export type ChainPurpose = "code" | "time";

/** A certificate that is believed without anybody vouching for it. */
export interface Anchor {
  readonly name: string;
  /** SHA-256 of the certificate's DER as lower-case hex. */
  readonly fingerprint: string;
  /** Pinned: Microsoft's, by this table. Given: named by the caller. */
  readonly origin: "pinned" | "given";
  readonly purposes: readonly ChainPurpose[];
}

/**
 * The authorities of Microsoft that are believed, by fingerprint, and nobody else: not even Microsoft's own roots,
 * under which third parties are certified as well (docs/trust.md says for each where the fingerprint is known from).
 */
const PINNED: readonly (readonly [ChainPurpose, string, string])[] = [
  [
    "code",
    "Microsoft Windows Verification PCA (2005)",
    "ceaebbf07a70db33c5b5f7e7b8560ceba3cfe9a3676a392fe447407b2fe9c5eb",
  ],
  [
    "code",
    "Microsoft Windows Verification PCA (2016)",
    "f823ab1e2d49e81dd3aed3352213fc2f6c4a1ea3bbf6651baa47d04a78d852e6",
  ],
  [
    "code",
    "Microsoft Windows Production PCA 2011",
    "e8e95f0733a55e8bad7be0a1413ee23c51fcea64b3c8fa6a786935fddcc71961",
  ],
  [
    "code",
    "Microsoft Code Signing PCA (2006)",
    "930c1e42359239558adce064b019473db84dd09b9f3fc6586d099dc222a5a392",
  ],
  [
    "code",
    "Microsoft Code Signing PCA (2010)",
    "9cbf22fae0dd53a7395556ce6154aa14a0d03360aa8c51cfea05d1fd8819e043",
  ],
  [
    "code",
    "Microsoft Code Signing PCA 2010",
    "9aad6c1a83a1b974ba574a995af35b8ca772da919270db1605a8b81e1bbc896f",
  ],
  [
    "code",
    "Microsoft Code Signing PCA 2011",
    "56da8722afd94066ffe1e4595473a4854892b843a0827d53fb7d8f4aeed1e18b",
  ],
  [
    "time",
    "Microsoft Time-Stamp PCA (2007)",
    "4f987bbe4e0d1dcf48fcefc9239ac6e62ee9df38cac2d32993b8533cd95c2e49",
  ],
  [
    "time",
    "Microsoft Time-Stamp PCA 2010",
    "86ec118d1ee69670a46e2be29c4b4208be043e36600d4e1dd3f3d515ca119020",
  ],
  [
    "time",
    "Microsoft Time-Stamp PCA 2010 (2021)",
    "ebec1edd9e140d9c105cc62b15a915c5443ddc514a35e5773c09afb0274c7ba5",
  ],
];

/** Microsoft's authorities. */
export const PINNED_ANCHORS: readonly Anchor[] = PINNED.map(([purpose, name, fingerprint]) => ({
  name,
  fingerprint,
  origin: "pinned",
  purposes: [purpose],
}));

/** Certificates of the caller's own as anchors for everything. */
export function givenAnchor(certificate: Certificate): Anchor {
  const { name, fingerprint } = certificate;
  return { name, fingerprint, origin: "given", purposes: ["code", "time"] };
}

/** The caller's certificates, DER. Throws USAGE where one of them is none. */
export function readRoots(roots: readonly Uint8Array[] = []): readonly Certificate[] {
  return roots.map((der, index) => {
    try {
      return readCertificate(der);
    } catch (cause) {
      throw new VmguestError("USAGE", `root ${index + 1} is no certificate in DER`, {}, { cause });
    }
  });
}
