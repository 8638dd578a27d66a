import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { MemorySource } from "../../src/io/index.ts";
import { findOffers } from "../../src/package/catalogue/index.ts";
import { verifiedPayload } from "../../src/staging/payload.ts";
import { buildGuestDisc } from "../lab/ic-package/guest-disc.ts";
import { readFixture } from "../support/fixtures.ts";
import { IC_CABS, readFacts } from "./ic-cabs.ts";

describe.each(IC_CABS)("%s", (file) => {
  const bytes = readFixture(file);
  const payloadOf = (name: string, host: Uint8Array, later = host) => {
    const offered = findOffers([{ file: name, open: () => new MemorySource(host) }]).offers;
    return verifiedPayload(offered[0] ?? expect.fail("nothing is offered"), {
      openFile: () => new MemorySource(later),
    });
  };

  test("may be staged as it is, by Microsoft's own word", () => {
    const { identity } = readFacts(file);
    expect(payloadOf(file, bytes)).toMatchObject({
      sizeBytes: bytes.length,
      sha256: createHash("sha256").update(bytes).digest("hex"),
      identity: `${identity["name"]}~31bf3856ad364e35~${file.includes("x64") ? "amd64" : "x86"}~~${identity["version"]}`,
      signature: "microsoft",
      trustRoot: null,
    });
  });

  test("may be staged from a disc", () => {
    const name = file.split("/").at(-1) ?? "";
    const disc = buildGuestDisc({ packages: { amd64: new Map([[name, bytes]]), x86: new Map() } });
    expect(Buffer.from(payloadOf("vmguest.iso", disc).bytes).equals(bytes)).toBe(true);
  });

  test("may not be staged with a byte changed after it was chosen, wherever that is", () => {
    for (const part of [0.1, 0.3, 0.5, 0.7, 0.9]) {
      const changed = Uint8Array.from(bytes);
      const at = Math.floor(changed.length * part);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => payloadOf(file, bytes, changed)).toThrow(
        expect.objectContaining({ code: "STAGE_PACKAGE_UNTRUSTED" }),
      );
    }
  });
});
