import { expect, test } from "vitest";
import { type BatchAuditOptions, type Discovery, digestBatch } from "../../src/batch/index.ts";
import { VmguestError } from "../../src/errors.ts";

const AUDIT: BatchAuditOptions = { host: "ws2019" };
const FOUND: Discovery = { images: ["a/one.vhdx", "a/two.vhdx"], unreadable: [] };
const CLOSED = { path: "a/closed", error: new VmguestError("IO_OPEN", "permission denied") };

test("shards of one batch are known by one digest, whichever machine makes it", async () => {
  const digest = await digestBatch(FOUND, AUDIT);
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  const windows = { ...FOUND, images: FOUND.images.map((path) => path.replaceAll("/", "\\")) };
  expect(await digestBatch(windows, { ...AUDIT })).toBe(digest);
});

test("so are those whose URLs are signed for each machine anew", async () => {
  const at = (signature: string) => ({
    images: [`https://store.example/one.vhdx?X-Amz-Signature=${signature}`],
    unreadable: [],
  });
  expect(await digestBatch(at("12ab"), AUDIT)).toBe(await digestBatch(at("34cd"), AUDIT));
});

test.each<{ what: string; found?: Discovery; audit?: BatchAuditOptions }>([
  { what: "an image more", found: { ...FOUND, images: [...FOUND.images, "a/zz.vhdx"] } },
  { what: "another image in a place", found: { ...FOUND, images: ["a/one.vhdx", "a/2.vhdx"] } },
  { what: "another order", found: { ...FOUND, images: FOUND.images.toReversed() } },
  { what: "a folder that could not be searched", found: { ...FOUND, unreadable: [CLOSED] } },
  { what: "another host", audit: { host: "ws2012r2" } },
  { what: "a least version", audit: { ...AUDIT, minimumVersion: "6.3.9600.18692" } },
  { what: "packages that are offered", audit: { ...AUDIT, offered: [] } },
])("$what makes another batch", async ({ found = FOUND, audit = AUDIT }) => {
  expect(await digestBatch(found, audit)).not.toBe(await digestBatch(FOUND, AUDIT));
});
