// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { MemorySource, readBytes } from "../../src/io/index.ts";
import { growingCase, isSound } from "./change-lab.ts";
import { type CutMoment, proveCuts } from "./index.ts";

const all = growingCase();
const image = new MemorySource(all.original);
const plan = { steps: all.steps, sizeBytes: all.sizeBytes, watched: all.watched ?? [] };

test("a change is cut at every call of commit and rollback, and every image that is left is judged once", () => {
  const moments: CutMoment[] = [];
  const seen = new Set<string>();
  const counts = proveCuts({
    image,
    plan,
    judge: (source, moment) => {
      const bytes = Buffer.from(readBytes(source, 0, source.sizeBytes));
      expect(isSound(bytes, all), moment.words).toBe(true);
      moments.push(moment);
      seen.add(bytes.toString("latin1"));
    },
  });
  expect(counts.images).toBe(moments.length);
  expect(counts.images).toBe(seen.size);
  expect(counts.disks).toBeGreaterThan(60);
  expect(counts.tornDisks).toBeGreaterThan(30);
  const phases = new Set<string>(moments.map(({ during }) => during));
  expect([...phases]).toEqual(expect.arrayContaining(["commit", "rollback"]));
  expect(new Set(moments.map(({ state }) => state))).toContain("interrupted");
});

test("what the judge says against an image ends the proof, and names the moment", () => {
  const judge = (_: unknown, { state, words }: CutMoment) => {
    if (state === "interrupted") expect.fail(words);
  };
  expect(() => proveCuts({ image, plan, judge })).toThrow(
    /commit, before \w+ \/images\/vm.img \(call \d+\), share/,
  );
});

test("a plan whose order does not matter is told from one whose order does", () => {
  // The second page says that the first is there.
  const steps = [
    { offset: 0, bytes: new Uint8Array(4096).fill(0xaa) },
    { offset: 4096, bytes: new Uint8Array(4096).fill(0xbb) },
  ];
  const judge = (source: MemorySource | Parameters<Parameters<typeof proveCuts>[0]["judge"]>[0]) => {
    const [first, second] = [0, 4096].map((offset) => source.read(offset, 1).getUint8(0));
    if (second === 0xbb) expect(first).toBe(0xaa);
  };
  const sizeBytes = image.sizeBytes;
  proveCuts({ image, plan: { steps: steps.map((change) => [change]), sizeBytes }, judge });
  expect(() => proveCuts({ image, plan: { steps: [steps], sizeBytes }, judge })).toThrow();
});
