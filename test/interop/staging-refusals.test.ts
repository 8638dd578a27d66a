import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openImage } from "../../src/audit/index.ts";
import { SiblingFiles } from "../../src/io/index.ts";
import { BaseBlock } from "../../src/registry/layout.ts";
import { chooseGuest } from "../../src/staging/guest-choice.ts";
import { checkImagePreconditions, checkPreconditions } from "../../src/staging/preconditions/index.ts";
import { readFixture } from "../support/fixtures.ts";
import { buildGuest } from "./guests/builder.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-refusals-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SMALL = [
  "--virtual-size",
  "160M",
  "--files",
  "0",
  "--kernel-kb",
  "64",
  "--pagefile-kb",
  "64",
  "--no-frag",
];

interface Case {
  readonly args: string;
  readonly refusals: readonly string[];
}

/** Guests of the third-party builder, and all that stands in their way. */
const GUESTS: readonly Case[] = [
  { args: "ws2008r2", refusals: [] },
  { args: "ws2008r2 --hibernated", refusals: ["GUEST_HIBERNATED"] },
  { args: "win7 --hiberfil wake", refusals: [] },
  { args: "ws2008r2 --ntfs-dirty", refusals: ["NTFS_DIRTY"] },
  { args: "ws2008r2 --logfile dirty", refusals: ["NTFS_LOG_UNCLEAN"] },
  { args: "ws2012 --hive-dirty", refusals: ["HIVE_EDIT_UNRECOVERED"] },
  { args: "ws2008r2 --bitlocker", refusals: ["VOLUME_BITLOCKER"] },
  { args: "ws2012 --pending", refusals: ["SERVICING_PENDING"] },
  { args: "ws2012 --generalized", refusals: [] },
  { args: "xpsp3", refusals: ["STAGE_NO_CBS"] },
  { args: "ws2003", refusals: ["STAGE_NO_CBS"] },
  { args: "win10", refusals: ["STAGE_BUILT_IN"] },
  { args: "ws2012r2 --format vhdx-diff", refusals: ["STAGE_DIFFERENCING"] },
];

/** The builder waits for other programs most of the time. */
const AT_ONCE = 4;
const images = new Map<string, string>();

beforeAll(async () => {
  const queue = GUESTS.map(({ args }, index) => ({ args, index }));
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { args, index } = next;
      const own = join(folder, String(index));
      mkdirSync(own);
      const [os = "", ...options] = args.split(" ");
      const { image } = await buildGuest(own, index, {
        name: args,
        args: ["--os", os, ...SMALL, ...options],
      });
      images.set(args, image);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
});

function refusalsOf(path: string, allowed: readonly string[] = []): string[] {
  using image = openImage(path);
  const choice = chooseGuest(image, undefined, { host: "ws2012r2" });
  const wish = {
    allowed: new Set(["STAGE_SPACE", ...allowed]),
    hostFolder: SiblingFiles.around(path),
    update: { payloadBytes: 700_000 },
  };
  const { refusals } =
    "target" in choice ? checkPreconditions(choice.target, wish) : checkImagePreconditions(image, wish);
  return [...new Set(refusals.map(({ code }) => code))];
}

const imageOf = (args: string) => images.get(args) ?? expect.fail(`${args} was not built`);

test.each(GUESTS)("$args: $refusals", ({ args, refusals }) => {
  expect(refusalsOf(imageOf(args))).toEqual(refusals);
});

test.each(["hive/dissect-SYSTEM", "hive/regipy-SYSTEM_win7"])(
  "the clean hive %s of a real Windows has the mark of transactions",
  (name) => {
    const { primarySequence, secondarySequence, flags } = new BaseBlock(viewOf(readFixture(name)));
    expect(primarySequence).toBe(secondarySequence);
    expect(flags & 1).toBe(1);
  },
);

describe("around an image", () => {
  test("the parent of a differencing disk is refused, and the disk itself can be allowed", () => {
    const leaf = imageOf("ws2012r2 --format vhdx-diff");
    using image = openImage(leaf);
    const [, parent = expect.fail("the disk has a parent")] = image.chain;
    expect(refusalsOf(parent)).toEqual(["STAGE_HAS_CHILDREN"]);
    expect(refusalsOf(leaf, ["STAGE_DIFFERENCING"])).toEqual([]);
  });

  test("a real configuration tells whose saved memory it is", () => {
    const own = join(folder, "vm");
    const id = "282874FC-59D6-4F30-BC04-5FDD909C82E0";
    mkdirSync(join(own, "Virtual Machines"), { recursive: true });
    const state = join(own, "Virtual Machines", `${id}.vmrs`);
    writeFileSync(join(own, "Virtual Machines", `${id}.vmcx`), readFixture("vmcx/test.vmcx"));
    writeFileSync(state, new Uint8Array(33 * 1024 * 1024));
    const place = (name: string) => {
      const path = join(own, name);
      writeFileSync(path, new Uint8Array(1024 * 1024));
      using image = openImage(path);
      const wish = { allowed: new Set<string>(), hostFolder: SiblingFiles.around(path) };
      return checkImagePreconditions(image, wish).refusals.map(({ code }) => code);
    };
    expect(place("Other Location.vhdx")).toContain("STAGE_SAVED_STATE");
    expect(place("web01.vhdx")).not.toContain("STAGE_SAVED_STATE");
  });
});

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array) {
  return new DataView(buffer, byteOffset, byteLength);
}
