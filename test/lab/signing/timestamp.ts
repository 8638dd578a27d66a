import { type Credential, SIGNING_TIME, THROW_AWAY } from "./certificates.ts";
import { attribute, buildSignedData, buildSignerInfo, type SignerFaults } from "./cms.ts";
import { generalizedTime, integer, objectIdentifier, octetString, sequence, time } from "./der.ts";
import { algorithm, DIGESTS, type DigestName, hash, OID } from "./identifiers.ts";

/** A timestamp as it is to be made on a signature. */
export interface LabTimestamp {
  readonly kind: "pkcs9" | "rfc3161";
  /** UTC; with a fraction of the second only for rfc3161. */
  readonly time?: string;
  readonly credential?: Credential;
  readonly digest?: DigestName;
  /** Bytes that are stamped in place of the signature. */
  readonly stamped?: Uint8Array;
  /** Certificates in the token; the timestamper's unless said otherwise (rfc3161 only, pkcs9 uses the signature's). */
  readonly bag?: readonly Uint8Array[];
  /** Leaves the time out of a countersignature. */
  readonly hasNoTime?: boolean;
  readonly faults?: SignerFaults;
}

/** The unsigned attribute that holds a timestamp of `signature`. */
export function buildTimestamp(stamp: LabTimestamp, signature: Uint8Array): Uint8Array {
  return stamp.kind === "pkcs9"
    ? attribute(OID.countersignature, buildCountersignature(stamp, signature))
    : attribute(OID.timestampToken, buildTimestampToken(stamp, signature));
}

/** A countersignature with a time (PKCS #9, 5.6): a SignerInfo over the signature's octets. */
export function buildCountersignature(stamp: LabTimestamp, signature: Uint8Array): Uint8Array {
  const { credential = THROW_AWAY.timestamper, digest = "sha1" } = stamp;
  return buildSignerInfo({
    credential,
    digest,
    contentType: OID.data,
    content: stamp.stamped ?? signature,
    attributes:
      stamp.hasNoTime === true ? [] : [attribute(OID.signingTime, time(stamp.time ?? SIGNING_TIME))],
    faults: stamp.faults,
  });
}

/** A timestamp token (RFC 3161, 2.4.2): a SignedData of its own, whose TSTInfo names the digest of the signature. */
export function buildTimestampToken(stamp: LabTimestamp, signature: Uint8Array): Uint8Array {
  const { credential = THROW_AWAY.timestamper, digest = "sha256" } = stamp;
  const info = sequence(
    integer(1),
    objectIdentifier("1.3.6.1.4.1.311.99999.1"),
    sequence(algorithm(DIGESTS[digest].digest), octetString(hash(digest, stamp.stamped ?? signature))),
    integer(7),
    generalizedTime(stamp.time ?? SIGNING_TIME),
  );
  const certificateId = sequence(octetString(hash("sha256", credential.certificate)));
  return buildSignedData({
    version: 3,
    contentType: OID.timestampInfo,
    content: octetString(info),
    digests: [digest],
    bag: stamp.bag ?? [credential.certificate],
    signerInfos: [
      buildSignerInfo({
        credential,
        digest,
        contentType: OID.timestampInfo,
        content: info,
        attributes: [
          attribute(OID.signingTime, time((stamp.time ?? SIGNING_TIME).replace(/\.\d+/, ""))),
          attribute(OID.signingCertificateV2, sequence(sequence(certificateId))),
        ],
        faults: stamp.faults,
      }),
    ],
  });
}
