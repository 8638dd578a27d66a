import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { type DerElement, readElement } from "../../src/package/authenticode/der.ts";
import { OID } from "../../src/package/authenticode/identifiers.ts";
import { parseSignedData, parseTimestampInfo } from "../../src/package/authenticode/pkcs7.ts";
import { fixturesIn, readFixture } from "../support/fixtures.ts";

// Signers and time stamps of Microsoft's packages, field by field, against what openssl prints of them.

const folder = mkdtempSync(join(tmpdir(), "vmguest-signatures-"));
afterAll(() => rmSync(folder, { recursive: true }));

function openssl(input: Uint8Array, ...args: string[]): string {
  const file = join(folder, "signature.der");
  writeFileSync(file, input);
  const { status, stdout, stderr, error } = spawnSync("openssl", [...args, "-in", file], {
    encoding: "utf8",
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`openssl ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** Each ContentInfo in a signed cabinet: its signature, those nested in it, and the tokens on them. */
const SIGNATURES = fixturesIn("ic-cab/6.3.9600.18692")
  .concat(fixturesIn("ic-cab/6.3.9600.19456"), fixturesIn("msu"))
  .filter((name) => /\/windows6[^/]*\.(cab|msu)$/i.test(name))
  .flatMap((name) => {
    const bytes = readFixture(name);
    return withInner(readElement(bytes.subarray(bytes.readUInt32LE(44)))).map((element) => ({
      name,
      element,
    }));
  });

function withInner(contentInfo: DerElement): DerElement[] {
  const inner = parseSignedData(contentInfo).signers.flatMap(({ unsigned }) => [
    ...(unsigned.get(OID.nestedSignature) ?? []),
    ...(unsigned.get(OID.timestampToken) ?? []),
  ]);
  return [contentInfo, ...inner.flatMap(withInner)];
}

/** The octets in a dump of openssl's: `0000 - 67 4d 38 ee a4 44 ff b6-3d 3d ...   gM8..D..==`. */
function dumped(text: string): string {
  const lines = [...text.matchAll(/^ *[0-9a-f]{4} - ((?:[0-9a-f]{2}[ -])+)/gm)];
  return lines.map(([, octets = ""]) => octets.replace(/[ -]/g, "")).join("");
}

const identifiersIn = (text: string) =>
  [...text.matchAll(/^ {12}object: .*\(([\d.]+)\)$/gm)].map(([, oid]) => oid);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

const typeOf = ({ element }: (typeof SIGNATURES)[number]) => parseSignedData(element).contentType;
const TOKENS = SIGNATURES.filter((item) => typeOf(item) === OID.timestampInfo);

test("the packages have signatures, nested ones and tokens", () => {
  expect(SIGNATURES.length - TOKENS.length).toBeGreaterThan(12);
  expect(TOKENS.length).toBeGreaterThan(5);
});

// Those of tokens are left out, for openssl's reader of PKCS #7 does not know the attribute certificates beside them.
test.each(SIGNATURES.filter((item) => !TOKENS.includes(item)))(
  "a signature of $name has the signer that openssl prints",
  ({ element }) => {
    const printed = openssl(element.encoded, "pkcs7", "-inform", "DER", "-print", "-noout");
    const [, info = "", ...more] = printed.split(/^ {4}signer_info:/m);
    expect(more).toEqual([]);
    const [head = "", unsigned = ""] = info.split(/^ {8}unauth_attr:/m);
    const [signed = "", signature = ""] = head.split(/^ {8}enc_digest:/m);
    const algorithms = [...signed.matchAll(/^ {10}algorithm: .*\(([\d.]+)\)$/gm)].map(([, oid]) => oid);
    const ours = parseSignedData(element).signers.map((signer) => ({
      serial: BigInt(`0x${hex(signer.serial)}`),
      algorithms: [signer.digestAlgorithm, signer.signatureAlgorithm],
      signature: hex(signer.signature),
      signed: [...signer.signed.keys()],
      unsigned: [...signer.unsigned.keys()],
    }));
    expect(ours).toEqual([
      {
        serial: BigInt(/serial: (0x[0-9A-F]+|\d+)/.exec(signed)?.[1] ?? -1),
        algorithms,
        signature: dumped(signature),
        signed: identifiersIn(signed),
        unsigned: identifiersIn(unsigned),
      },
    ]);
  },
);

test.each(TOKENS)("a time stamp of $name says what openssl prints", ({ element }) => {
  const { content } = parseSignedData(element);
  const { time, imprint } = parseTimestampInfo(content);
  const printed = openssl(content, "asn1parse", "-inform", "DER");
  const [, date = "", clock = "", fraction = ""] =
    /GENERALIZEDTIME +:(\d{8})(\d{6})(\.\d+)?Z/.exec(printed) ?? [];
  const digits = time.toISOString().replace(/\D/g, "");
  expect(digits).toBe(`${date}${clock}${fraction.slice(1).padEnd(3, "0")}`);
  expect(hex(imprint).toUpperCase()).toBe(/OCTET STRING +\[HEX DUMP\]:([0-9A-F]+)/.exec(printed)?.[1]);
});
