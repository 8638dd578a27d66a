import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assignRoles } from "../../src/batch/index.ts";

/** Each path is a file of its own, but that `a~2` is another name of `a`. */
const identityOf = (path: string) => path.replace(/~\d$/, "");

/** `name` for an image that stands alone, `name < parent < its parent` for others. */
function assign(...images: string[]) {
  const chains = images.map((image) => image.split(" < "));
  return assignRoles(
    chains.map(([path]) => path as string),
    chains.map(([, ...parents]) => ({ parents })),
    identityOf,
  );
}

const orderOf = (...images: string[]) => assign(...images).map(({ path }) => path);
const parentsAmong = (...images: string[]) =>
  assign(...images).flatMap(({ path, role }) => (role === "parent" ? [path] : []));

describe("an image is a parent", () => {
  test.each([
    { what: "where another one is written over it", images: ["a", "b < a"], parents: ["a"] },
    { what: "however far down it is", images: ["c < b < a", "a", "b < a"], parents: ["a", "b"] },
    { what: "though what is between is not in the batch", images: ["c < b < a", "a"], parents: ["a"] },
    { what: "under each of its names", images: ["a~1", "a~2", "b < a"], parents: ["a~1", "a~2"] },
    { what: "not because it has a parent", images: ["b < a", "c < a"], parents: [] },
    { what: "not because others are", images: ["x", "a", "b < a", "y"], parents: ["a"] },
  ])("$what", ({ images, parents }) => {
    expect(parentsAmong(...images)).toEqual(parents);
  });
});

describe("the images of a batch", () => {
  test.each([
    { what: "keep their order where there are no chains", images: ["c", "a", "b"], order: ["c", "a", "b"] },
    {
      what: "stand together with their chain, at the place of its first, base first",
      images: ["x", "c < b < a", "y", "a", "b < a", "z"],
      order: ["x", "a", "b", "c", "y", "z"],
    },
    {
      what: "are each followed by what was made from them, in the order in which that was found",
      images: ["a", "c2 < b2 < a", "b2 < a", "b1 < a", "c1 < b1 < a"],
      order: ["a", "b2", "c2", "b1", "c1"],
    },
    {
      what: "hang on the next parent that is in the batch",
      images: ["x", "c < b < a", "a"],
      order: ["x", "a", "c"],
    },
    {
      what: "stand apart where their common base is not in the batch",
      images: ["b < a", "x", "c < a"],
      order: ["b", "x", "c"],
    },
    {
      what: "stand with the other names of their file in a chain",
      images: ["a~1", "x", "b < a", "a~2", "b~2 < a"],
      order: ["a~1", "a~2", "b", "b~2", "x"],
    },
    {
      what: "keep their place where a file without a chain has several names",
      images: ["x~1", "a", "x~2", "b < a"],
      order: ["x~1", "a", "b", "x~2"],
    },
    {
      what: "are all there though forged disks go round in a circle",
      images: ["a < b < c", "x", "b < c < a", "c < a < b", "d < a"],
      order: ["c", "b", "a", "d", "x"],
    },
  ])("$what", ({ images, order }) => {
    expect(orderOf(...images)).toEqual(order);
  });

  test("have their places and their chains", () => {
    expect(assign("x", "b < a < base", "a < base")).toEqual([
      { position: 0, path: "x", role: "leaf", parents: [] },
      { position: 1, path: "a", role: "parent", parents: ["base"] },
      { position: 2, path: "b", role: "leaf", parents: ["a", "base"] },
    ]);
  });

  test("are each there once, whatever the surveys say, and no image is before one it is made from", () => {
    const count = 12;
    const names = Array.from({ length: count }, (_, index) => `image-${index}`);
    const parentIndexes = fc.array(fc.option(fc.nat(count - 1), { nil: undefined }), {
      minLength: count,
      maxLength: count,
    });
    fc.assert(
      fc.property(parentIndexes, fc.boolean(), (drawn, mayGoRound) => {
        const parentOf = drawn.map((parent, index) =>
          parent === undefined || mayGoRound || parent < index ? parent : undefined,
        );
        const surveys = names.map((_, index) => ({
          parents: chainOf(index, parentOf).map((at) => names[at] as string),
        }));
        const images = assignRoles(names, surveys, identityOf);
        expect(images.map(({ path }) => path).sort()).toEqual(names.toSorted());
        expect(images.map(({ position }) => position)).toEqual([...names.keys()]);
        if (mayGoRound) return;
        const place = new Map(images.map(({ path, position }) => [path, position]));
        for (const { position, parents } of images) {
          for (const parent of parents) expect(place.get(parent)).toBeLessThan(position);
        }
      }),
    );
  });

  test("look at no file where there is no chain", () => {
    const images = assignRoles(["a", "b"], [{ parents: [] }, { parents: [] }], () => expect.fail("looked"));
    expect(images.map(({ role }) => role)).toEqual(["leaf", "leaf"]);
  });
});

/** The parents of an image, up to where they would come round. */
function chainOf(index: number, parentOf: readonly (number | undefined)[]): number[] {
  const chain = new Set<number>();
  for (let at = parentOf[index]; at !== undefined && at !== index && !chain.has(at); at = parentOf[at]) {
    chain.add(at);
  }
  return [...chain];
}
