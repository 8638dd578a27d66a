import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { MemorySource } from "../../src/io/index.ts";
import { verifiedPayload } from "../../src/staging/payload.ts";
import { buildCabinetSet, SIGNATURE_ROOM } from "../lab/cab.ts";
import { buildRollup, FEW_COMPONENTS, icPackageFileName, icPackageFiles } from "../lab/ic-package.ts";
import { buildMsi } from "../lab/msi.ts";
import { buildCertificate, EKU, signCabinet, THROW_AWAY } from "../lab/signing/index.ts";
import { labPackage, offersOf, TRUST } from "../package/catalogue/inputs.ts";

const PACKAGE = labPackage();

/** The first offer of a file, and what opening and verifying it gives when the file then has other bytes. */
function verify(bytes: Uint8Array, { trust = TRUST, later = bytes, file = "a.cab" } = {}) {
  const offer = offersOf({ [file]: bytes }).offers[0] ?? expect.fail("nothing is offered");
  const opened: string[] = [];
  const payload = verifiedPayload(offer, {
    openFile: (path) => {
      opened.push(path);
      return new MemorySource(later);
    },
    trust,
  });
  return { offer, payload, opened };
}

const refusal = (code: string, words: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(words) });

const anotherSigner = buildCertificate({
  name: "Signer of anything",
  issuer: THROW_AWAY.authority,
  notBefore: "2023-01-01T00:00:00Z",
  notAfter: "2025-12-31T23:59:59Z",
  purposes: [EKU.codeSigning],
  serial: 77,
});

const anotherSigning = {
  credential: anotherSigner,
  bag: [anotherSigner, THROW_AWAY.authority, THROW_AWAY.timestamper].map(({ certificate }) => certificate),
};

describe("a package that holds", () => {
  test("is taken with all that a job says of it", () => {
    const { payload, offer, opened } = verify(PACKAGE);
    expect(opened).toEqual(["a.cab"]);
    expect(payload).toMatchObject({
      offer,
      sizeBytes: PACKAGE.length,
      sha256: createHash("sha256").update(PACKAGE).digest("hex"),
      identity: "Microsoft-Hyper-V-Integration-Services-Package~31bf3856ad364e35~amd64~~6.3.9600.19456",
      signature: "signed-unknown-root",
    });
    expect(Buffer.from(payload.bytes).equals(PACKAGE)).toBe(true);
  });

  test("names the root of the user that it needs", () => {
    expect(verify(PACKAGE).payload.trustRoot).toBe("Throw-away Root");
  });

  test("is taken out of a rollup", () => {
    const rollup = buildRollup({ packages: new Map([[icPackageFileName(), PACKAGE]]) });
    const { payload } = verify(rollup, { file: "rollup.cab" });
    expect(Buffer.from(payload.bytes).equals(PACKAGE)).toBe(true);
    expect(payload.offer.place).toHaveLength(2);
  });

  test("is a copy of what was read: what becomes of the file changes nothing", () => {
    const bytes = Uint8Array.from(PACKAGE);
    const { payload } = verify(bytes);
    bytes.fill(0);
    expect(Buffer.from(payload.bytes).equals(PACKAGE)).toBe(true);
  });
});

describe("a package is refused", () => {
  const flip = (bytes: Uint8Array, at: number) =>
    bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
  const set = buildCabinetSet(
    [
      {
        members: [...icPackageFiles({ components: FEW_COMPONENTS })].map(([name, bytes]) => ({
          name: name.replaceAll("/", "\\"),
          bytes,
        })),
      },
    ],
    {
      cuts: [{ folder: 0, block: 1, byte: 0 }],
      edit: (cabinet) => ({ ...cabinet, headerReserve: SIGNATURE_ROOM }),
    },
  );
  const firstOfSet = signCabinet([...set.values()][0] ?? expect.fail("no set"));

  test.each([
    { because: "nobody vouches for it", bytes: PACKAGE, trust: {}, words: /root|vouch|anchor/i },
    { because: "it is not signed", bytes: labPackage({ signing: null }), words: /signature is empty/ },
    {
      because: "it is signed, but not as a part of Windows",
      bytes: labPackage({ signing: anotherSigning }),
      words: /^it is not signed as a part of Windows/,
    },
    {
      because: "nobody vouches for its catalog",
      bytes: labPackage({ catalog: { signing: null } }),
      words: /catalog/,
    },
    {
      because: "it has no catalog",
      bytes: labPackage({ beforePacking: (files) => void files.delete("update.cat") }),
      words: /^it has no catalog of its files/,
    },
    {
      because: "a file that its manifest names is not there",
      bytes: labPackage({
        beforePacking: (files) => {
          const path = [...files.keys()].find((name) => name.endsWith("/vmbus.sys"));
          files.delete(path ?? expect.fail("no driver"));
        },
      }),
      words: /vmbus\.sys: the file is not there/,
    },
    {
      because: "a file of it is not the one that was listed",
      bytes: labPackage({
        beforePacking: (files) => {
          for (const [path, bytes] of files) {
            if (path.endsWith("/wvmbus.inf")) files.set(path, flip(bytes, bytes.length - 1));
          }
        },
      }),
      words: /wvmbus\.inf is not the file that was listed/,
    },
    { because: "it is one cabinet of a set", bytes: firstOfSet, words: /one cabinet of a set/ },
  ])("where $because", ({ bytes, words, ...options }) => {
    expect(() => verify(bytes, options)).toThrow(refusal("STAGE_PACKAGE_UNTRUSTED", words));
  });

  test("where it was changed since it was offered, even to another that holds", () => {
    const older = labPackage({ version: "6.3.9600.18692" });
    expect(() => verify(PACKAGE, { later: older })).toThrow(
      refusal("STAGE_PACKAGE_CHANGED", /not what it said/),
    );
    const broken = flip(PACKAGE, Math.floor(PACKAGE.length / 2));
    expect(() => verify(PACKAGE, { later: broken })).toThrow(refusal("STAGE_PACKAGE_UNTRUSTED", /./));
    const disc = Uint8Array.from(Buffer.from("no package any more"));
    expect(() => verify(PACKAGE, { later: disc })).toThrow(refusal("PACKAGE_UNKNOWN", /./));
  });

  test.each([
    { what: "an MSI", bytes: buildMsi(), words: /an MSI/ },
    {
      what: "an update of Windows",
      bytes: labPackage({ packageName: "Package_for_KB1", components: FEW_COMPONENTS.slice(0, 0) }),
      words: /none of integration services/,
    },
  ])("where it is $what", ({ bytes, words }) => {
    expect(() => verify(bytes)).toThrow(refusal("STAGE_PACKAGE_KIND", words));
  });

  test("where it is larger than any that there is, before it is read", () => {
    const large = { sizeBytes: 65 * 2 ** 20, read: () => expect.fail("it is read") };
    const offer = offersOf({ "a.cab": PACKAGE }).offers[0] ?? expect.fail("nothing is offered");
    expect(() => verifiedPayload(offer, { openFile: () => large })).toThrow(
      refusal("STAGE_PACKAGE_SIZE", /68157440 bytes/),
    );
  });

  test("with the place where it was found", () => {
    const rollup = buildRollup({ packages: new Map([[icPackageFileName(), PACKAGE]]) });
    const where = expect.objectContaining({ image: "r.cab", path: expect.stringContaining("x64.cab") });
    expect(() => verify(rollup, { file: "r.cab", trust: {} })).toThrow(expect.objectContaining({ where }));
  });
});
