import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readCatalog, verifyCatalog } from "../../../src/package/authenticode/index.ts";
import { octetString, sequence } from "../../lab/signing/der.ts";
import { appendSignature, buildCatalog, signCabinet, THROW_AWAY } from "../../lab/signing/index.ts";
import { CABINET, judge } from "./signed.ts";

const { signer, authority, timestamper } = THROW_AWAY;
/** Everything in its bag is needed: the signer, its authority, and who stamped it. */
const SIGNED = signCabinet(CABINET, { timestamps: [{ kind: "pkcs9" }] });
const SIGNATURE_AT = new DataView(SIGNED.buffer, SIGNED.byteOffset).getUint32(44, true);

describe("a signed cabinet with one bit changed", () => {
  test("is tampered with, up to its signature", () => {
    const others: number[] = [];
    for (let at = 0; at < SIGNATURE_AT; at++) {
      const { verdict, isTrusted } = judge(flipped(at, at % 8));
      expect(isTrusted).toBe(false);
      if (verdict !== "tampered") others.push(at);
    }
    // Without its magic, or without the mark of a signature, it is a file that nobody signed.
    expect(others).toEqual([0, 1, 2, 3, 36, 37, 40, 41, 42, 43]);
  });

  test("has another report, in its signature, or nothing follows from that bit", () => {
    const bytes = Buffer.from(SIGNED);
    const places = [signer, authority, timestamper].map(({ certificate }) => {
      const start = bytes.indexOf(certificate);
      return { start, end: start + certificate.length };
    });
    const before = JSON.stringify(judge(SIGNED));
    const same: number[] = [];
    let tried = 0;
    // One bit of every thirty-first byte: all of them take minutes.
    for (let at = SIGNATURE_AT + 2; at < SIGNED.length; at += 31) {
      tried += 1;
      if (JSON.stringify(judge(flipped(at, at % 8))) === before) same.push(at);
    }
    expect(same.filter((at) => places.some(({ start, end }) => at >= start && at < end))).toEqual([]);
    // Version numbers, the list of digests in front, and what stands beside an algorithm's identifier.
    expect(same.length).toBeLessThan(tried / 50);
  });
});

function flipped(at: number, bit: number): Uint8Array {
  const copy = Uint8Array.from(SIGNED);
  copy[at]! ^= 1 << bit;
  return copy;
}

describe("bytes of any kind", () => {
  test("in the place of a signature give a verdict", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(judge(appendSignature(CABINET, () => bytes)).isTrusted).toBe(false);
      }),
    );
  });

  test("over a part of a signature give a verdict", () => {
    fc.assert(
      fc.property(fc.nat(SIGNED.length - 1), fc.uint8Array({ minLength: 1, maxLength: 40 }), (at, bytes) => {
        const copy = Uint8Array.from(SIGNED);
        copy.set(bytes.subarray(0, copy.length - at), at);
        expect(["tampered", "signed-unknown-root", "unsigned"]).toContain(judge(copy).verdict);
      }),
      { numRuns: 60 },
    );
  });

  test("over a part of a catalog give members or a typed error", () => {
    const catalog = buildCatalog({ files: [{ bytes: CABINET }], attributes: { PackageName: "package" } });
    fc.assert(
      fc.property(fc.nat(catalog.length - 1), fc.uint8Array({ minLength: 1, maxLength: 8 }), (at, bytes) => {
        const copy = Uint8Array.from(catalog);
        copy.set(bytes.subarray(0, copy.length - at), at);
        expect(typeof verifyCatalog(copy).verdict).toBe("string");
        try {
          expect(readCatalog(copy).members.length).toBeLessThan(3);
        } catch (error) {
          expect(error).toMatchObject({ name: "VmguestError" });
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("a signature made to cost much", () => {
  const asSignature = (bytes: Uint8Array) => judge(appendSignature(CABINET, () => bytes));

  test("is refused when it is nested ten thousand deep", () => {
    const bytes = Buffer.alloc(60_000);
    for (let at = 0; at + 260 < bytes.length; at += 4) {
      bytes.writeUInt16BE(0x3082, at);
      bytes.writeUInt16BE(bytes.length - at - 4, at + 2);
    }
    expect(asSignature(bytes).verdict).toBe("tampered");
  });

  test("is refused with more certificates than anybody needs", () => {
    const bag = Array.from({ length: 65 }, () => THROW_AWAY.root.certificate);
    expect(judge(signCabinet(CABINET, { bag })).reasons.join()).toContain("more than 64 certificates");
  });

  test("is refused with larger certificates than anybody needs", () => {
    const large = sequence(octetString(new Uint8Array(3 * 1024)));
    const bag = Array.from({ length: 50 }, () => large);
    expect(judge(signCabinet(CABINET, { bag })).reasons.join()).toContain("certificates and signers have");
  });

  test("is refused with more signers than anybody needs", () => {
    expect(judge(signCabinet(CABINET, { signerCount: 9 })).reasons.join()).toContain("more than 8 signers");
  });

  test("is refused with more nested signatures than anybody needs", () => {
    const nested = Array.from({ length: 9 }, () => ({ timestamps: [] }));
    expect(judge(signCabinet(CABINET, { nested })).reasons.join()).toContain("more than 8");
  });

  test("is refused with more time stamps than anybody needs", () => {
    const timestamps = Array.from({ length: 9 }, () => ({ kind: "pkcs9" }) as const);
    expect(judge(signCabinet(CABINET, { timestamps })).reasons.join()).toContain("more than 8 time stamps");
  });

  test("is read at its first level alone where it is nested in itself", () => {
    const innermost = { nested: [{ nested: [{ fileDigest: new Uint8Array(32) }] }] };
    expect(judge(signCabinet(CABINET, innermost)).signers).toHaveLength(2);
  });

  test("is refused where it is only a sequence of sequences", () => {
    expect(asSignature(sequence(...Array.from({ length: 10_000 }, () => sequence()))).verdict).toBe(
      "tampered",
    );
  });
});
