import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import {
  bitString,
  boolean,
  context,
  implicit,
  integer,
  objectIdentifier,
  octetString,
  printableString,
  sequence,
  set,
  time,
  utf8String,
} from "./der.ts";
import { algorithm, DIGESTS, type DigestName, EKU, hash, sign } from "./identifiers.ts";
import { THROW_AWAY_KEYS } from "./keys.ts";

export type KeyName = keyof typeof THROW_AWAY_KEYS;

/** A certificate together with the key that it speaks for. */
export interface Credential {
  /** DER. */
  readonly certificate: Uint8Array;
  readonly key: KeyObject;
  readonly subject: Uint8Array;
  readonly issuer: Uint8Array;
  readonly serial: bigint;
}

/** A certificate as it is to be; everything has a default but its name. */
export interface LabCertificate {
  /** Common name; the organisation is always the same. */
  readonly name: string;
  /** Whose key it is; the signer's unless said otherwise. */
  readonly key?: KeyName;
  /** Who signs it; itself unless said otherwise. */
  readonly issuer?: Credential;
  readonly serial?: number | bigint;
  readonly notBefore?: string;
  readonly notAfter?: string;
  /** Digest of the signature on the certificate. */
  readonly digest?: DigestName;
  /** Object identifiers of the purposes; none means no such extension. */
  readonly purposes?: readonly string[];
  readonly isPurposeCritical?: boolean;
  /** Whether basicConstraints says CA; undefined leaves the extension out. */
  readonly isAuthority?: boolean | undefined;
  readonly pathLength?: number;
  /** First octet of keyUsage, 0x80 digitalSignature to 0x04 keyCertSign; undefined leaves the extension out. */
  readonly keyUsage?: number | undefined;
  /** Further extensions, each a whole SEQUENCE. */
  readonly extensions?: readonly Uint8Array[];
  /** Names in place of the true ones, as a forger writes them. */
  readonly subjectName?: Uint8Array;
  readonly issuerName?: Uint8Array;
  /** Identifiers in place of those of the true keys. */
  readonly subjectKeyIdentifier?: Uint8Array;
  readonly issuerKeyIdentifier?: Uint8Array;
  /** Signature in place of the true one. */
  readonly signature?: Uint8Array;
}

const KEY_USAGE = { digitalSignature: 0x80, certificateAndListSigning: 0x06 } as const;
const EXTENSIONS = {
  subjectKey: "2.5.29.14",
  keyUsage: "2.5.29.15",
  basicConstraints: "2.5.29.19",
  issuerKey: "2.5.29.35",
  purposes: "2.5.29.37",
} as const;
const NAME_TYPES = { country: "2.5.4.6", organisation: "2.5.4.10", commonName: "2.5.4.3" } as const;

const keyCache = new Map<KeyName, KeyObject>();

/** One of the fixed keys. */
export function keyOf(name: KeyName): KeyObject {
  const key = keyCache.get(name) ?? createPrivateKey(THROW_AWAY_KEYS[name]);
  keyCache.set(name, key);
  return key;
}

/** The X.501 name that all of the lab's certificates have, but for the common name. */
export function distinguishedName(commonName: string): Uint8Array {
  const part = (type: string, value: Uint8Array) => set(sequence(objectIdentifier(type), value));
  return sequence(
    part(NAME_TYPES.country, printableString("XX")),
    part(NAME_TYPES.organisation, utf8String("vmguest throw-away")),
    part(NAME_TYPES.commonName, utf8String(commonName)),
  );
}

/** An X.509 v3 certificate (RFC 5280, 4.1). */
export function buildCertificate(options: LabCertificate): Credential {
  const { name, key: keyName = "signer", digest = "sha256", serial = 0x1234 } = options;
  const key = keyOf(keyName);
  const subject = options.subjectName ?? distinguishedName(name);
  const issuer = options.issuerName ?? options.issuer?.subject ?? subject;
  const issuerKey = options.issuer?.key ?? key;
  const signatureAlgorithm = algorithm(DIGESTS[digest].rsa);
  const toBeSigned = sequence(
    context(0, integer(2)),
    integer(serial),
    signatureAlgorithm,
    issuer,
    sequence(
      time(options.notBefore ?? "2020-01-01T00:00:00Z"),
      time(options.notAfter ?? "2049-12-31T23:59:59Z"),
    ),
    subject,
    publicKeyInfo(key),
    context(3, sequence(...extensionsOf(options, key, issuerKey))),
  );
  const signature = options.signature ?? sign(digest, toBeSigned, issuerKey);
  const certificate = sequence(toBeSigned, signatureAlgorithm, bitString(signature));
  return { certificate, key, subject, issuer, serial: BigInt(serial) };
}

/** What is given as undefined is left out; what is not given has a default. */
function extensionsOf(options: LabCertificate, key: KeyObject, issuerKey: KeyObject): Uint8Array[] {
  const { purposes = [], isPurposeCritical = false } = options;
  const usualUse =
    options.isAuthority === true ? KEY_USAGE.certificateAndListSigning : KEY_USAGE.digitalSignature;
  const { isAuthority, keyUsage } = { isAuthority: false, keyUsage: usualUse, ...options };
  return [
    isAuthority === undefined ? undefined : basicConstraints(isAuthority, options.pathLength),
    keyUsage === undefined ? undefined : extension(EXTENSIONS.keyUsage, usageBits(keyUsage), true),
    purposes.length === 0
      ? undefined
      : extension(EXTENSIONS.purposes, sequence(...purposes.map(objectIdentifier)), isPurposeCritical),
    extension(EXTENSIONS.subjectKey, octetString(options.subjectKeyIdentifier ?? keyIdentifier(key))),
    extension(
      EXTENSIONS.issuerKey,
      sequence(implicit(0, options.issuerKeyIdentifier ?? keyIdentifier(issuerKey))),
    ),
    ...(options.extensions ?? []),
  ].filter((value) => value !== undefined);
}

function basicConstraints(isAuthority: boolean, pathLength: number | undefined): Uint8Array {
  const isCa = isAuthority ? [boolean(true)] : [];
  const depth = pathLength === undefined ? [] : [integer(pathLength)];
  return extension(EXTENSIONS.basicConstraints, sequence(...isCa, ...depth), true);
}

/** One octet of flags as DER has them: trailing zeros are no bits of the string (X.690, 11.2.2). */
function usageBits(octet: number): Uint8Array {
  const trailingZeros = octet === 0 ? 7 : 31 - Math.clz32(octet & -octet);
  return bitString(Uint8Array.of(octet), trailingZeros);
}

function extension(type: string, value: Uint8Array, isCritical = false): Uint8Array {
  return sequence(objectIdentifier(type), ...(isCritical ? [boolean(true)] : []), octetString(value));
}

function publicKeyInfo(key: KeyObject): Uint8Array {
  return createPublicKey(key).export({ type: "spki", format: "der" });
}

/** SHA-1 of the public key's bits (RFC 5280, 4.2.1.2, method 1). */
function keyIdentifier(key: KeyObject): Uint8Array {
  return hash("sha1", createPublicKey(key).export({ type: "pkcs1", format: "der" }));
}

/** The certificate as text, as `--trust-root` and openssl take it. */
export function pemOf(certificate: Uint8Array): string {
  const lines =
    Buffer.from(certificate)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

const root = buildCertificate({ name: "Throw-away Root", key: "root", isAuthority: true, serial: 1 });
const authority = buildCertificate({
  name: "Throw-away Code Signing CA",
  key: "authority",
  issuer: root,
  isAuthority: true,
  pathLength: 0,
  serial: 2,
});

/**
 * The chain that everything is signed with unless a test says otherwise: root, authority, signer and timestamper.
 * The signer was valid from 2023 to 2025 only, so that what it signed holds by its timestamp ({@link SIGNING_TIME}).
 */
export const THROW_AWAY = {
  root,
  authority,
  signer: buildCertificate({
    name: "Throw-away Signer",
    issuer: authority,
    notBefore: "2023-01-01T00:00:00Z",
    notAfter: "2025-12-31T23:59:59Z",
    purposes: [EKU.codeSigning, EKU.windowsComponent],
    serial: 0x33000001066ec325c431c9180en,
  }),
  timestamper: buildCertificate({
    name: "Throw-away Timestamper",
    key: "timestamper",
    issuer: root,
    purposes: [EKU.timestamping],
    isPurposeCritical: true,
    serial: 4,
  }),
} as const;

/** When everything is said to be signed unless a test says otherwise; the signer was valid then. */
export const SIGNING_TIME = "2024-02-29T12:34:56Z";
