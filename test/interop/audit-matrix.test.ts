import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { auditImage, type ImageReport, openImage } from "../../src/audit/index.ts";
import { readBytes } from "../../src/io/index.ts";
import { factAt } from "../support/fact-at.ts";
import { type BuiltGuest, buildGuest } from "./guests/builder.ts";
import * as expectation from "./guests/expectation.ts";
import { GUESTS } from "./guests/matrix.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-matrix-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HOSTS: expectation.TestedHost[] = ["ws2019", "ws2012r2", "ws2012"];

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

function expectGuest({ truth }: BuiltGuest, host: expectation.TestedHost, report: ImageReport): void {
  const [guest, ...more] = report.guests;
  expect(more).toEqual([]);
  expect(guest?.os).toMatchObject(expectation.osOf(truth));
  expect(guest?.rule.mechanism).toBe(expectation.mechanismOf(host, truth));
  expect(guest?.verdict.status).toBe(expectation.statusOf(host, truth));
  if (truth.kind === "linux") {
    const mechanism = guest?.rule.mechanism;
    expect(guest?.verdict.action).toBe(mechanism === "package-manager" ? "package-manager" : "none");
    return;
  }
  const ic = guest?.integrationServices;
  const { version, source, consistent } = expectation.icOf(truth);
  expect({ version: ic?.version, source: ic?.source, consistent: ic?.consistent }).toEqual({
    version,
    source,
    consistent,
  });
  expect(Object.fromEntries((ic?.services ?? []).map(({ name, start }) => [name, start]))).toEqual(
    expectation.servicesOf(truth),
  );
  expect(ic?.dataExchange).toBe(expectation.dataExchangeOf(truth));
  expect(guest?.windowsUpdate.verdict).toBe(expectation.windowsUpdateOf(truth));
  expect(guest?.setupState).toBe(truth.args["generalized"] === true ? "generalized" : "specialized");
  expect((guest?.pendingServicing.length ?? 0) > 0).toBe(truth.args["pending"] === true);
  expect(guest?.volume.state).toEqual(expectation.stateOf(truth));
  const codes = report.findings.map(({ code }) => code);
  expect(codes).toEqual(expect.arrayContaining(expectation.findingsOf(truth)));
}

/** Every fact stands in the image file where the evidence says. */
function expectPlaces({ image }: BuiltGuest, report: ImageReport): void {
  const file = readFileSync(image);
  for (const piece of report.guests.flatMap(({ integrationServices }) => integrationServices.evidence)) {
    expect(piece.place.image).toBe(image);
    expect(factAt(piece, file), piece.where).toBe(piece.value);
  }
}

function expectContainer({ truth }: BuiltGuest, report: ImageReport): void {
  const [format, kind] = truth.format.split("-");
  expect(report.container).toMatchObject({
    format,
    kind: kind ?? "fixed",
    virtualSize: truth.virtualSize,
    logState: "clean",
  });
  expect(report.container?.dataWriteGuid).toBe(truth.vhdx?.dataWriteGuid ?? null);
  expect(report.partitionTable).toBe(truth.partitionStyle.replace("-full", ""));
  expect(report.volumes.map(({ offset, size }) => ({ offset, size }))).toEqual(
    truth.partitions.map(({ offset, sectors }) => ({ offset, size: sectors * 512 })),
  );
}

/** Every file the builder lists is found and read as it was written. */
function expectFiles({ image, truth }: BuiltGuest): void {
  using opened = openImage(image);
  const [{ volume } = expect.fail("no Windows")] = opened.windows();
  const fileSystem = opened.fileSystem(volume.index);
  for (const [path, { size, sha256: hash }] of Object.entries(truth.fileList)) {
    const bytes = fileSystem.require(path).open();
    expect({ path, size: bytes.sizeBytes, hash: sha256(readBytes(bytes, 0, bytes.sizeBytes)) }).toEqual({
      path,
      size,
      hash,
    });
  }
  for (const [path, { sha256: hash, stream }] of Object.entries(truth.special)) {
    const bytes = fileSystem.require(path).open(stream);
    expect({ path, hash: sha256(readBytes(bytes, 0, bytes.sizeBytes)) }).toEqual({ path, hash });
  }
}

describe("a guest that third-party tools built is audited as what it is", () => {
  test.each(GUESTS.map((guest, index) => ({ ...guest, index })))("$name", async ({ index, ...guest }) => {
    const built = await buildGuest(folder, index, guest);
    try {
      for (const host of HOSTS) {
        const report = auditImage(built.image, { host });
        expectContainer(built, report);
        if (built.truth.args["bitlocker"] === true) {
          expect(report).toMatchObject({
            guests: [],
            error: { code: "VOLUME_BITLOCKER", kind: "unsupported" },
          });
        } else {
          expect(report.error).toBeNull();
          expectGuest(built, host, report);
        }
      }
      expectPlaces(built, auditImage(built.image, { host: "ws2019" }));
      if (built.truth.kind === "windows" && built.truth.args["bitlocker"] !== true) expectFiles(built);
      expect(sha256(readFileSync(built.image)), "the image is unchanged").toBe(built.truth.sha256);
    } finally {
      rmSync(built.image, { force: true });
    }
  });
});
