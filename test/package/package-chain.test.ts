import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VmguestError } from "../../src/errors.ts";
import { MemorySource } from "../../src/io/index.ts";
import {
  Cabinet,
  findOffers,
  peDigests,
  readCatalog,
  readComponentManifest,
  readPackageManifest,
  type TrustOptions,
  verifyCabinet,
  verifyCatalog,
  verifyPackage,
} from "../../src/package/index.ts";
import { buildIcPackage, FEW_COMPONENTS, icPackageFiles, type LabIcPackage } from "../lab/ic-package.ts";
import { buildPe } from "../lab/pe.ts";
import { buildSamples } from "../lab/samples.ts";
import { cabinetDigest, hash, isPe, peDigest, signPe, THROW_AWAY } from "../lab/signing/index.ts";

// A package as the lab builds it goes through every reader, whole and with bytes changed anywhere.

const TRUST: TrustOptions = { roots: [THROW_AWAY.root.certificate], now: new Date("2026-01-01T00:00:00Z") };
const FEW: LabIcPackage = { components: FEW_COMPONENTS };
const PACKAGE = buildIcPackage(FEW);
const SIGNATURE = Cabinet.open(new MemorySource(PACKAGE)).signature!;

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const verify = (bytes: Uint8Array, trust = TRUST) => verifyCabinet(new MemorySource(bytes), trust);

/** The package with the bits of `mask` turned over in each of the bytes. */
function flipped(places: readonly { at: number; mask: number }[]): Uint8Array {
  const bytes = Uint8Array.from(PACKAGE);
  for (const { at, mask } of places) bytes[at] = (bytes[at] ?? 0) ^ mask;
  return bytes;
}

const place = (from: number, to: number) =>
  fc.record({ at: fc.integer({ min: from, max: to - 1 }), mask: fc.integer({ min: 1, max: 255 }) });

describe.each<LabIcPackage>([
  { target: "6.x", architecture: "amd64", compression: "mszip" },
  { target: "6.x", architecture: "x86", compression: "none" },
  { target: "6.2", architecture: "amd64", compression: "lzx" },
  { target: "6.2", architecture: "x86", compression: "mszip" },
])("a package for $target on $architecture", (options) => {
  const files = icPackageFiles(options);
  const cabinet = Cabinet.open(new MemorySource(buildIcPackage(options)));
  const contents = new Map<string, Uint8Array>();
  for (const { member, chunks } of cabinet.contents()) {
    contents.set(member.name, Buffer.concat(Array.from(chunks, (chunk) => chunk.slice())));
  }

  test("gives back every member, and nothing is odd about it", () => {
    expect(cabinet.findings).toEqual([]);
    expect([...contents.keys()]).toEqual([...files.keys()]);
    const changed = [...files].filter(([path, bytes]) => Buffer.compare(contents.get(path)!, bytes) !== 0);
    expect(changed.map(([path]) => path)).toEqual([]);
    expect(cabinet.members.filter(({ unsafe }) => unsafe !== null)).toEqual([]);
  });

  test("says what it is and which packages it needs", () => {
    const { identity, parents, kb, restart } = readPackageManifest(contents.get("update.mum")!);
    expect({ identity, kb, restart }).toMatchObject({
      identity: { version: "6.3.9600.19456", architecture: options.architecture },
      kb: "KB4072650",
      restart: "required",
    });
    expect(parents.length).toBe(options.target === "6.x" ? 10 : 4);
  });

  test("has the digest of every driver in its component's manifest", () => {
    const stated = [...contents]
      .filter(([path]) => path.endsWith(".manifest"))
      .flatMap(([path, bytes]) =>
        readComponentManifest(bytes).files.map(
          ({ name, digest }) =>
            [`${path.slice(0, -".manifest".length)}/${name.toLowerCase()}`, digest] as const,
        ),
      );
    const found = [...contents]
      .filter(([path]) => path.includes("/"))
      .map(([path, bytes]) => [path, hex(hash("sha256", bytes))] as const);
    expect(new Map(stated)).toEqual(new Map(found));
  });
});

describe("the signature of a package", () => {
  test("is trusted under the root that vouches for it, and under no other", () => {
    expect(verify(PACKAGE)).toMatchObject({
      verdict: "signed-unknown-root",
      isTrusted: true,
      signers: [
        { digestMatches: true, isValid: true, anchor: { origin: "given" }, timestamp: { kind: "rfc3161" } },
      ],
    });
    expect(verify(PACKAGE, {})).toMatchObject({ verdict: "signed-unknown-root", isTrusted: false });
  });

  test("falls with every single byte of the header in front of it", () => {
    for (let at = 0; at < 60; at++) {
      const { verdict, isTrusted } = verify(flipped([{ at, mask: 0x01 }]));
      expect({ at, isTrusted }).toEqual({ at, isTrusted: false });
      expect(["tampered", "unsigned"]).toContain(verdict);
    }
  });

  test("calls any change of what it covers tampering", () => {
    fc.assert(
      fc.property(fc.array(place(60, SIGNATURE.offset), { minLength: 1, maxLength: 3 }), (places) => {
        fc.pre(new Set(places.map(({ at }) => at)).size === places.length);
        expect(verify(flipped(places))).toMatchObject({ verdict: "tampered", isTrusted: false });
      }),
      { numRuns: 30 },
    );
  });

  test("gives a verdict, and no error, for any bytes in its own place", () => {
    fc.assert(
      fc.property(
        fc.array(place(SIGNATURE.offset, PACKAGE.length), { minLength: 1, maxLength: 4 }),
        (places) => {
          expect(["tampered", "unsigned", "signed-unknown-root"]).toContain(verify(flipped(places)).verdict);
        },
      ),
      { numRuns: 30 },
    );
  });

  test.each([
    { what: "the file's digest", bytes: cabinetDigest(PACKAGE.subarray(0, SIGNATURE.offset))("sha256") },
    { what: "the signer's certificate", bytes: THROW_AWAY.signer.certificate },
    { what: "its authority's certificate", bytes: THROW_AWAY.authority.certificate },
    { what: "the time that keeps an expired signer good", bytes: Buffer.from("20240229123456Z") },
  ])("holds no longer with any byte of $what changed", ({ bytes }) => {
    const from = Buffer.from(PACKAGE).indexOf(Buffer.from(bytes), SIGNATURE.offset);
    expect(from).toBeGreaterThan(0);
    fc.assert(
      fc.property(place(from, from + bytes.length), ({ at, mask }) => {
        expect(verify(flipped([{ at, mask }])).isTrusted).toBe(false);
      }),
      { numRuns: 8 },
    );
  });

  test("falls with any byte cut off or put behind it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: PACKAGE.length }), (count) => {
        expect(verify(PACKAGE.subarray(0, PACKAGE.length - count)).isTrusted).toBe(false);
        expect(verify(Buffer.concat([PACKAGE, new Uint8Array(count)])).isTrusted).toBe(false);
      }),
      { numRuns: 30 },
    );
  });

  test("does not move to another package", () => {
    const other = buildIcPackage({ ...FEW, version: "6.3.9600.19999" });
    const { offset, sizeBytes } = Cabinet.open(new MemorySource(other)).signature!;
    const foreign = PACKAGE.subarray(SIGNATURE.offset, SIGNATURE.offset + sizeBytes);
    const moved = Buffer.concat([other.subarray(0, offset), foreign]);
    expect(verify(moved)).toMatchObject({ verdict: "tampered", isTrusted: false });
  });
});

describe("the catalog of a package", () => {
  test.each(["6.x", "6.2"] as const)("for %s lists every other file, by the digest of its kind", (target) => {
    const files = icPackageFiles({ ...FEW, target });
    const { members } = readCatalog(files.get("update.cat")!);
    const algorithms = target === "6.x" ? (["sha1"] as const) : (["sha1", "sha256"] as const);
    const expected = [...files]
      .filter(([path]) => path !== "update.cat")
      .flatMap(([, bytes]) =>
        algorithms.map((algorithm) => ({
          algorithm,
          kind: isPe(bytes) ? "pe" : "flat",
          digest: hex(isPe(bytes) ? peDigest(bytes)(algorithm) : hash(algorithm, bytes)),
        })),
      );
    const byDigest = (a: { digest: string }, b: { digest: string }) => (a.digest < b.digest ? -1 : 1);
    expect(
      members.map(({ digest, algorithm, kind }) => ({ algorithm, kind, digest })).toSorted(byDigest),
    ).toEqual(expected.toSorted(byDigest));
  });

  test("is tampered with where any byte of its list is another", () => {
    const catalog = icPackageFiles(FEW).get("update.cat")!;
    const { attributes } = readCatalog(catalog);
    expect(attributes.get("OSAttr")).toContain("2:6.1");
    expect(verifyCatalog(catalog, TRUST)).toMatchObject({ isTrusted: true });
    const certificates = Buffer.from(catalog).indexOf(Buffer.from(THROW_AWAY.signer.certificate));
    fc.assert(
      fc.property(place(64, certificates - 4), ({ at, mask }) => {
        const changed = Uint8Array.from(catalog);
        changed[at] = (changed[at] ?? 0) ^ mask;
        expect(verifyCatalog(changed, TRUST)).toMatchObject({ verdict: "tampered", isTrusted: false });
      }),
      { numRuns: 20 },
    );
  });

  test("takes the digest of an image as the lab does, signed or not, of any size", () => {
    fc.assert(
      fc.property(fc.nat(40), fc.boolean(), fc.boolean(), (more, is32, isSigned) => {
        const plain = buildPe({ codeSizeBytes: 0x200 + more, machine: is32 ? 0x14c : 0x8664 });
        const image = isSigned ? signPe(plain, { timestamps: [] }) : plain;
        expect(peDigests(new MemorySource(image))).toEqual({
          sha1: hex(peDigest(plain)("sha1")),
          sha256: hex(peDigest(plain)("sha256")),
        });
      }),
      { numRuns: 40 },
    );
  });
});

describe("the whole of a package", () => {
  const verifyAll = (options: LabIcPackage) =>
    verifyPackage(new MemorySource(buildIcPackage({ ...FEW, ...options })), { trust: TRUST });

  test("is in order, member by member", () => {
    const { isTrusted, members, problems } = verifyAll({});
    expect({ isTrusted, problems }).toEqual({ isTrusted: true, problems: [] });
    const odd = members.filter(({ name, catalog, manifest }) => {
      const isDriver = name.includes("/");
      return (
        catalog !== (name === "update.cat" ? "none" : "matched") ||
        manifest !== (isDriver ? "matched" : "none")
      );
    });
    expect(odd).toEqual([]);
  });

  test("names the member that is not as its catalog and manifest have it, though its signer signed it so", () => {
    const paths = [...icPackageFiles(FEW)].filter(([path]) => path !== "update.cat");
    fc.assert(
      fc.property(
        fc.constantFrom(...paths),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        ([path], where, mask) => {
          const { isTrusted, members } = verifyAll({
            beforePacking: (files) => {
              const changed = Uint8Array.from(files.get(path)!);
              const at = where % changed.length;
              changed[at] = (changed[at] ?? 0) ^ mask;
              files.set(path, changed);
            },
          });
          const named = members.filter(
            ({ catalog, manifest }) => catalog === "contradicted" || manifest === "contradicted",
          );
          expect(isTrusted).toBe(false);
          expect(named.map(({ name }) => name)).toContain(path);
        },
      ),
      { numRuns: 15 },
    );
  });

  test("is found in the sample of a host's disc, for every guest", () => {
    const disc = buildSamples().get("vmguest.iso")!;
    const input = { file: "vmguest.iso", open: () => new MemorySource(disc) };
    const { offers, findings } = findOffers([input], { trust: TRUST });
    expect(findings).toEqual([]);
    expect(
      offers.map(({ name, architecture, isIntegrationServices }) => ({
        name,
        architecture,
        isIntegrationServices,
      })),
    ).toEqual(
      (["x64", "x86"] as const).flatMap((architecture) =>
        ["Windows5.x-#.msi", "Windows6.x-#.cab", "Windows6.2-#.cab"].map((name) => ({
          name: name.replace("#", `HyperVIntegrationServices-${architecture}`),
          architecture,
          isIntegrationServices: true,
        })),
      ),
    );
    const cabinets = offers.filter(({ kind }) => kind === "cab");
    expect(cabinets.map(({ signature }) => signature.isTrusted)).toEqual([true, true, true, true]);
  });
});

test("any change of a package gives members or a typed error", () => {
  fc.assert(
    fc.property(fc.array(place(0, PACKAGE.length), { minLength: 1, maxLength: 5 }), (places) => {
      try {
        const cabinet = Cabinet.open(new MemorySource(flipped(places)));
        for (const { chunks } of cabinet.contents()) for (const chunk of chunks) void chunk.length;
      } catch (error) {
        expect(error).toBeInstanceOf(VmguestError);
      }
    }),
    { numRuns: 60 },
  );
});
