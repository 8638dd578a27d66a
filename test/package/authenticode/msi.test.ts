import { describe, expect, test } from "vitest";
import { MemorySource } from "../../../src/io/index.ts";
import { verifyMsi } from "../../../src/package/authenticode/index.ts";
import { readSignedParts } from "../../../src/package/msi/index.ts";
import { buildMsi } from "../../lab/msi.ts";
import {
  buildAuthenticode,
  buildSignedMsi,
  interfaceSubject,
  msiDigest,
  SIGNATURE_STREAM,
  THROW_AWAY,
} from "../../lab/signing/index.ts";

const TRUST = { roots: [THROW_AWAY.root.certificate], now: new Date("2026-01-01T00:00:00Z") };
const verify = (bytes: Uint8Array, trust = TRUST) => verifyMsi(new MemorySource(bytes), trust);

describe("the signature of an MSI", () => {
  const signed = buildSignedMsi();

  test("is trusted under the root that vouches for it, and under no other", () => {
    expect(verify(signed)).toMatchObject({
      verdict: "signed-unknown-root",
      isTrusted: true,
      digestAlgorithms: ["sha256"],
    });
    expect(verifyMsi(new MemorySource(signed))).toMatchObject({
      verdict: "signed-unknown-root",
      isTrusted: false,
    });
  });

  test("says that the streams are not told apart by it, where it does not cover their names and sizes", () => {
    expect(verify(signed).reasons).toContainEqual(expect.stringContaining("one after the other"));
    expect(verifyMsi(new MemorySource(signed)).reasons.join()).not.toContain("one after the other");
  });

  test.each([
    { what: "a cabinet", subject: undefined },
    { what: "a file of another interface", subject: interfaceSubject("f0100c0000000000c000000000000046") },
    {
      what: "a file of an interface by a longer name",
      subject: interfaceSubject("f1100c0000000000c00000000000004600"),
    },
  ])("is not trusted where it is about $what", ({ subject }) => {
    const signature = buildAuthenticode(
      "cabinet",
      msiDigest(buildMsi()),
      subject === undefined ? {} : { subject },
    );
    const { isTrusted, verdict, reasons } = verify(buildMsi({ streams: { [SIGNATURE_STREAM]: signature } }));
    expect({ verdict, isTrusted }).toEqual({ verdict: "signed-unknown-root", isTrusted: false });
    expect(reasons.join()).toContain("which is no MSI");
  });

  test("falls with any stream of it", () => {
    const changed = Uint8Array.from(signed);
    const at = Buffer.from(changed).indexOf("Hyper-V Integration");
    changed[at] = 0x68;
    expect(verify(changed)).toMatchObject({ verdict: "tampered", isTrusted: false });
  });

  test("falls with a stream that is added, and holds where one changes its own", () => {
    const signature = streamOf(signed);
    const more = buildMsi({ streams: { [SIGNATURE_STREAM]: signature, "\u0005Further": Buffer.from("x") } });
    expect(verify(more).verdict).toBe("tampered");
    expect(verify(buildMsi({ streams: { [SIGNATURE_STREAM]: signature } }))).toMatchObject({
      isTrusted: true,
    });
  });

  test("falls with the digest of names and sizes, where that is stored", () => {
    const metadata = { "\u0005MsiDigitalSignatureEx": new Uint8Array(32) };
    const withMetadata = buildMsi({ streams: { [SIGNATURE_STREAM]: streamOf(signed), ...metadata } });
    const { verdict, reasons } = verify(withMetadata);
    expect(verdict).toBe("tampered");
    expect(reasons.join()).toContain("digest of names and sizes");
  });

  test("is told to be missing where it is", () => {
    expect(verify(buildMsi())).toMatchObject({ verdict: "unsigned", reasons: ["the MSI has no signature"] });
  });

  test("that is none is tampered with", () => {
    const broken = buildMsi({ streams: { [SIGNATURE_STREAM]: Buffer.from("no signature") } });
    expect(verify(broken).verdict).toBe("tampered");
  });
});

/** The signature that stands in an MSI. */
function streamOf(msi: Uint8Array): Uint8Array {
  return readSignedParts(new MemorySource(msi)).signature ?? expect.fail("no signature");
}
