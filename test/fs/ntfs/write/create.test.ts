import { describe, expect, test } from "vitest";
import { AT, bench, contentOf, expectSound, lay, namesIn, noise } from "./volumes.ts";

describe("a directory and a file in it", () => {
  test.each([0, 1, 300, 700, 4096, 5000, 100_000])("are there, with a content of %d bytes", (sizeBytes) => {
    const { writer, overlay, open } = bench();
    writer.createDirectory("Setup", AT);
    writer.createFile("Setup/payload.cab", noise(sizeBytes), AT);
    expectSound(overlay);
    const volume = open();
    expect(namesIn(volume, "Setup")).toEqual(["payload.cab"]);
    expect(contentOf(volume, "Setup/payload.cab")).toEqual(Buffer.from(noise(sizeBytes)));
  });
});

test("many files in one directory are all found, in order, whatever the order they come in", () => {
  const { writer, overlay, open } = bench(lay({ spareClusters: 2000, spareRecords: 3000 }));
  writer.createDirectory("many", AT);
  const names: string[] = [];
  for (let index = 0; index < 1000; index++) {
    const name = `File with a long name ${(index * 7919) % 99991}.txt`;
    names.push(name);
    writer.createFile(`many/${name}`, noise(10, index), AT);
  }
  expectSound(overlay);
  expect(namesIn(open(), "many").toSorted()).toEqual(names.toSorted());
});
