// SPDX-License-Identifier: MIT
import { type Asn1Block, type Asn1Library, type Asn1Reader, readAsn1 } from "./asn1.ts";
import { malformed } from "./der.ts";

/** What is said in a certificate (RFC 5280, 4.1). */
export interface CertificateFields {
  /** DER of the names, for names are compared by their bytes. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** The value octets of the serial number. */
  readonly serial: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly signatureAlgorithm: string;
  readonly extensions: Extensions;
}

/** What the extensions say that chains depend on (RFC 5280, 4.2.1); undefined for each that is not there. */
export interface Extensions {
  /** basicConstraints: false where there is none. */
  readonly isAuthority: boolean;
  /** How many authorities may come between this one and the signer. */
  readonly pathLengthMax: number;
  /** First octet of keyUsage. */
  readonly keyUsage: number | undefined;
  /** extKeyUsage. */
  readonly purposes: ReadonlySet<string> | undefined;
  readonly subjectKeyId: Uint8Array | undefined;
  readonly authorityKeyId: Uint8Array | undefined;
  /** Critical extensions whose rules are not known. */
  readonly unknownCritical: readonly string[];
}

const EXTENSION = {
  subjectKeyId: "2.5.29.14",
  keyUsage: "2.5.29.15",
  basicConstraints: "2.5.29.19",
  authorityKeyId: "2.5.29.35",
  purposes: "2.5.29.37",
  /** Policies bind only those who ask for one (RFC 5280, 6.1.1); nobody does here. */
  policies: "2.5.29.32",
} as const;
/** The extensions that may be critical, because their rules are followed. */
const FOLLOWED: ReadonlySet<string> = new Set(Object.values(EXTENSION));

/** Reads a certificate with pkijs. Throws SIGNATURE_MALFORMED. */
export function parseCertificate(der: Uint8Array): CertificateFields {
  return readAsn1("certificate", der, (block, { pkijs }) => {
    const certificate = new pkijs.Certificate({ schema: block });
    const { issuer, subject, signature, signatureAlgorithm } = certificate;
    if (signature.algorithmId !== signatureAlgorithm.algorithmId) {
      throw malformed("the certificate names two signature algorithms");
    }
    const extensions = (certificate.extensions ?? []).map(({ extnID, critical, extnValue }) => ({
      identifier: extnID,
      isCritical: critical,
      value: extnValue.valueBlock.valueHexView,
    }));
    return {
      issuer: new Uint8Array(issuer.valueBeforeDecode),
      subject: new Uint8Array(subject.valueBeforeDecode),
      serial: certificate.serialNumber.valueBlock.valueHexView,
      notBefore: certificate.notBefore.value,
      notAfter: certificate.notAfter.value,
      signatureAlgorithm: signature.algorithmId,
      extensions: readExtensions(extensions),
    };
  });
}

interface Extension {
  readonly identifier: string;
  readonly isCritical: boolean;
  /** DER of the value. */
  readonly value: Uint8Array;
}

function readExtensions(extensions: readonly Extension[]): Extensions {
  const find = <T>(name: keyof typeof EXTENSION, read: Asn1Reader<T>): T | undefined => {
    const [found, ...more] = extensions.filter(({ identifier }) => identifier === EXTENSION[name]);
    if (more.length > 0) throw malformed(`the certificate has extension ${EXTENSION[name]} more than once`);
    return found === undefined ? undefined : readAsn1(name, found.value, read);
  };
  const constraints = find("basicConstraints", readConstraints);
  return {
    isAuthority: constraints?.isAuthority ?? false,
    pathLengthMax: constraints?.pathLengthMax ?? Number.POSITIVE_INFINITY,
    keyUsage: find("keyUsage", readKeyUsage),
    purposes: find("purposes", readPurposes),
    subjectKeyId: find("subjectKeyId", readSubjectKeyId),
    authorityKeyId: find("authorityKeyId", readAuthorityKeyId),
    unknownCritical: extensions
      .filter(({ isCritical, identifier }) => isCritical && !FOLLOWED.has(identifier))
      .map(({ identifier }) => identifier),
  };
}

function readConstraints(block: Asn1Block, { pkijs }: Asn1Library) {
  const { cA, pathLenConstraint } = new pkijs.BasicConstraints({ schema: block });
  const pathLengthMax = pathLenConstraint ?? Number.POSITIVE_INFINITY;
  // pkijs leaves numbers of more than four octets as they are; no chain is that long.
  if (typeof pathLengthMax !== "number" || pathLengthMax < 0) {
    throw malformed("basicConstraints has a path length beyond all use");
  }
  return { isAuthority: cA, pathLengthMax };
}

function readKeyUsage(block: Asn1Block, { asn1js }: Asn1Library): number {
  if (!(block instanceof asn1js.BitString)) throw malformed("keyUsage is no BIT STRING");
  return block.valueBlock.valueHexView[0] ?? 0;
}

function readPurposes(block: Asn1Block, { pkijs }: Asn1Library): ReadonlySet<string> {
  return new Set(new pkijs.ExtKeyUsage({ schema: block }).keyPurposes);
}

function readSubjectKeyId(block: Asn1Block, { asn1js }: Asn1Library): Uint8Array {
  if (!(block instanceof asn1js.OctetString)) throw malformed("subjectKeyIdentifier is no OCTET STRING");
  return block.valueBlock.valueHexView;
}

function readAuthorityKeyId(block: Asn1Block, { pkijs }: Asn1Library): Uint8Array | undefined {
  return new pkijs.AuthorityKeyIdentifier({ schema: block }).keyIdentifier?.valueBlock.valueHexView;
}
