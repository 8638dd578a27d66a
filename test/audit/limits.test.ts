import { describe, expect, test } from "vitest";
import { ReadBudget, ReadStats } from "../../src/io/index.ts";
import { CONTAINERS, layGpt, windowsVolume } from "../lab/guest-image.ts";
import { auditFile, imageFile, onlyGuest } from "./audits.ts";

const IMAGE = CONTAINERS.vhdx(layGpt([windowsVolume({ release: "ws2012r2" })]));
const path = imageFile("limited.vhdx", IMAGE);

/** Bytes that an audit of the image reads. */
const stats = new ReadStats();
const whole = auditFile(path, { stats });

const budgetOf = (bytes: number, now: () => number = () => 0) =>
  new ReadBudget({ seconds: 60, bytes }, { now, memoryBytes: () => 0 });

describe("an image that may cost just what it needs", () => {
  test("is audited as if there were no limit", () => {
    expect(onlyGuest(whole).verdict.status).toBe("outdated");
    expect(auditFile(path, { budget: budgetOf(stats.bytesRead) })).toEqual(whole);
  });
});

describe("an image that needs more than it may cost", () => {
  test("gives READ_LIMIT and no half of a guest, wherever reading was stopped", () => {
    for (let bytes = 0; bytes < stats.bytesRead; bytes += 4096) {
      const { error, guests, findings } = auditFile(path, { budget: budgetOf(bytes) });
      expect(error, `${bytes} bytes`).toMatchObject({ code: "READ_LIMIT", kind: "io", where: path });
      expect(error?.hint).toContain("--limit-bytes");
      expect([guests, findings]).toEqual([[], []]);
    }
  });

  test("gives READ_LIMIT where its storage is slow", () => {
    let ms = 0;
    const slow = () => {
      ms += 20_000;
      return ms;
    };
    const { error } = auditFile(path, { budget: budgetOf(2 ** 28, slow) });
    expect(error).toMatchObject({ code: "READ_LIMIT", message: "reading it took more than 60 s" });
  });
});
