import { describe, expect, test } from "vitest";
import { MemorySource } from "../../../src/io/index.ts";
import { verifyPackage } from "../../../src/package/catalogue/index.ts";
import { LookBudget } from "../../../src/package/catalogue/look-budget.ts";
import { buildCabinet, type LabMember, mszip } from "../../lab/cab.ts";
import { type LabFolder, labFile } from "../../lab/disc-tree.ts";
import { buildIso } from "../../lab/iso9660.ts";
import { labPackage, offersOf, TRUST } from "./inputs.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const LIMIT = expect.objectContaining({ code: "OFFER_LIMIT" });

const discOf = (tree: LabFolder) => buildIso({ tree, joliet: true }).bytes;
const verify = (bytes: Uint8Array) => verifyPackage(new MemorySource(bytes), { trust: TRUST });

describe("the budget for looking into a file", () => {
  test("is four times its size, and 4 GiB", () => {
    const budget = new LookBudget(100 * MIB);
    budget.read(4 * GIB + 400 * MIB);
    expect(budget.isSpent).toBe(false);
    expect(() => budget.read(1)).toThrow(LIMIT);
    expect(budget.isSpent).toBe(true);
  });

  test("has 2,000 files", () => {
    const budget = new LookBudget(0);
    for (let count = 0; count < 2_000; count++) budget.countFile();
    expect(() => budget.countFile()).toThrow(LIMIT);
    expect(budget.isSpent).toBe(true);
  });

  test("has two million entries of lists", () => {
    const budget = new LookBudget(0);
    for (let count = 0; count < 32; count++) budget.countEntries(65_535);
    expect(() => budget.countEntries(65_535)).toThrow(LIMIT);
  });
});

/** A cabinet whose members say that they share as many bytes as a cabinet can say. */
function claiming(name: string, { isStored = false } = {}): Uint8Array {
  const fields = isStored ? { sizeBytes: 0x7fff_ffff } : { folderOffset: 0xf000_0000 };
  const members = ["a", "b", name].map((name): LabMember => ({ name, bytes: Buffer.from("x"), fields }));
  return buildCabinet({ folders: [isStored ? { members } : { encoder: mszip, members }] });
}

describe("a disc that is looked into too far", () => {
  const many = discOf(
    Object.fromEntries(Array.from({ length: 2_100 }, (_, at) => [`${at}.cab`, labFile("MZ")])),
  );

  test("by its files ends where it is too much, and that is said once", () => {
    const { problems } = verify(many);
    expect(problems.filter(({ code }) => code === "OFFER_LIMIT")).toHaveLength(1);
    expect(problems).toHaveLength(2_000);
    const { findings } = offersOf({ "a.iso": many });
    expect(findings.filter(({ code }) => code === "OFFER_LIMIT")).toHaveLength(1);
    expect(findings).toHaveLength(2_000);
  });

  test("by stored members that share their bytes ends, and nothing behind is verified", () => {
    const disc = discOf({
      "a.cab": labFile(claiming("c", { isStored: true })),
      "b.cab": labFile(labPackage()),
    });
    const { packages, problems } = verify(disc);
    expect(packages).toEqual([]);
    expect(problems).toMatchObject([{ code: "OFFER_LIMIT", severity: "error", where: { path: "a.cab" } }]);
  });

  test("by what is unpacked ends, and nothing behind is offered", () => {
    const disc = discOf({
      "a.cab": labFile(labPackage()),
      "b.cab": labFile(claiming("update.mum")),
      "c.cab": labFile(claiming("update.mum")),
      "d.cab": labFile(labPackage()),
    });
    const { offers, findings } = offersOf({ "v.iso": disc });
    expect(offers.map(({ name }) => name)).toEqual(["a.cab"]);
    expect(findings.filter(({ code }) => code === "OFFER_LIMIT")).toMatchObject([
      { where: { image: "v.iso", path: "c.cab" } },
    ]);
  });
});
