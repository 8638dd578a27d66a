import { describe, expect, test } from "vitest";
import { MemorySource } from "../../../src/io/index.ts";
import { Cabinet } from "../../../src/package/cab/index.ts";
import { CONTINUED } from "../../../src/package/cab/layout.ts";
import {
  buildCabinet,
  buildCabinetSet,
  type LabCabinet,
  type LabFolder,
  type LabSetOptions,
  mszip,
} from "../../lab/cab.ts";
import { nameAndDigest, openAll, readAll, resolverOf } from "./reading.ts";

const content = (size: number, seed: number) => new Uint8Array(size).map((_, at) => (at * seed) >> 3);
const FOLDERS: readonly LabFolder[] = [
  { members: [{ name: "first", bytes: content(10_000, 3) }] },
  {
    encoder: mszip,
    members: [
      { name: "before", bytes: content(1000, 5) },
      { name: "across", bytes: content(100_000, 7) },
      { name: "after", bytes: content(2000, 11) },
      { name: "empty" },
    ],
  },
  { members: [{ name: "last", bytes: content(40_000, 13) }] },
];
const EVERYTHING = FOLDERS.flatMap(({ members }) =>
  members.map(({ name, bytes }) => nameAndDigest(name, bytes)),
);
/** Three cabinets: the first ends inside the second block of the second folder, the second inside of the last folder. */
const CUTS = [
  { folder: 1, block: 1, byte: 100 },
  { folder: 2, block: 1, byte: 7000 },
];

const buildSet = (options: Partial<LabSetOptions> = {}) =>
  buildCabinetSet(FOLDERS, { cuts: CUTS, ...options });
const part = (parts: ReadonlyMap<string, Uint8Array>, name: string) =>
  new MemorySource(parts.get(name) ?? expect.fail(`no ${name}`));
const codesOf = ({ findings }: Cabinet) => findings.map(({ code }) => code);
const failure = (code: string) => expect.objectContaining({ code });

describe("a set of cabinets", () => {
  const parts = buildSet();

  test.each([...parts.keys()])("is read as a whole when %s is opened", (name) => {
    const cabinet = Cabinet.open(part(parts, name), { resolvePart: resolverOf(parts) });
    expect(readAll(cabinet)).toEqual(EVERYTHING);
    expect(openAll(cabinet)).toEqual(EVERYTHING);
    expect(cabinet.members.map(({ folder }) => folder)).toEqual([0, 1, 1, 1, 1, 2]);
    expect(cabinet.findings).toEqual([]);
    expect(cabinet.sizeBytes).toBe(parts.get(name)?.length);
  });

  test("asks for its parts by the names that they give each other", () => {
    const asked: string[] = [];
    const resolvePart = (name: string) => {
      asked.push(name);
      return resolverOf(parts)(name);
    };
    Cabinet.open(part(parts, "part2.cab"), { resolvePart });
    expect(asked).toEqual(["part1.cab", "part3.cab"]);
  });

  test("may have a folder in more than two cabinets, and a block in three", () => {
    const cuts = [
      { folder: 2, block: 0, byte: 10 },
      { folder: 2, block: 0, byte: 20_000 },
      { folder: 2, block: 1, byte: 7000 },
    ];
    const parts = buildSet({ cuts });
    const cabinet = Cabinet.open(part(parts, "part3.cab"), { resolvePart: resolverOf(parts) });
    expect(readAll(cabinet)).toEqual(EVERYTHING);
    expect(openAll(cabinet)).toEqual(EVERYTHING);
  });

  test("may be cut between two blocks, and between two folders", () => {
    const cuts = [
      { folder: 1, block: 2, byte: 0 },
      { folder: 2, block: 0, byte: 0 },
    ];
    const parts = buildSet({ cuts });
    const cabinet = Cabinet.open(part(parts, "part1.cab"), { resolvePart: resolverOf(parts) });
    expect(readAll(cabinet)).toEqual(EVERYTHING);
    expect(cabinet.findings).toEqual([]);
  });

  test.each([
    { missing: "part1.cab", opened: "part2.cab", unreadable: ["across", "after", "empty"] },
    { missing: "part2.cab", opened: "part1.cab", unreadable: ["across"] },
    { missing: "part3.cab", opened: "part2.cab", unreadable: ["last"] },
  ])("without $missing gives what does not need it", ({ missing, opened, unreadable }) => {
    const parts = new Map([...buildSet()].filter(([name]) => name !== missing));
    const cabinet = Cabinet.open(part(parts, opened), { resolvePart: resolverOf(parts) });
    expect(codesOf(cabinet)).toContain("CAB_SET_INCOMPLETE");
    expect(cabinet.findings[0]?.where.path).toBe(missing);
    for (const member of cabinet.members) {
      if (unreadable.includes(member.name) && member.sizeBytes > 0) {
        expect(() => readAll(cabinet, (other) => other === member)).toThrow(failure("CAB_SET_INCOMPLETE"));
        expect(() => cabinet.open(member).read(0, member.sizeBytes)).toThrow(failure("CAB_SET_INCOMPLETE"));
      } else {
        expect(EVERYTHING).toContain(readAll(cabinet, (other) => other === member)[0]);
      }
    }
  });

  test("is listed as far as it goes without anyone to find its parts", () => {
    const cabinet = Cabinet.open(part(parts, "part2.cab"));
    expect(codesOf(cabinet)).toEqual(["CAB_SET_INCOMPLETE", "CAB_SET_INCOMPLETE"]);
    expect(cabinet.members.map(({ name }) => name)).toEqual(["across", "after", "empty", "last"]);
  });
});

describe("cabinets that do not belong together", () => {
  const edited = (change: Partial<LabCabinet>, at = 1) =>
    buildSet({ edit: (cabinet, part) => (part === at ? { ...cabinet, ...change } : cabinet) });
  const openFirst = (parts: ReadonlyMap<string, Uint8Array>) =>
    Cabinet.open(part(parts, "part1.cab"), { resolvePart: resolverOf(parts) });

  test.each([
    { what: "of another set", change: { setId: 7 }, code: "CAB_SET_MISMATCH" },
    { what: "with the number of the first", change: { index: 0 }, code: "CAB_SET_MISMATCH" },
    { what: "with a number too far", change: { index: 2 }, code: "CAB_SET_MISMATCH" },
    { what: "that names no part after it", change: {}, next: undefined, code: undefined },
    { what: "that is damaged", change: { fields: { fileCount: 0 } }, code: "CAB_HEADER" },
    { what: "that is another sort of file", change: { fields: { majorVersion: 2 } }, code: "CAB_NOT" },
    { what: "whose list of members is cut", change: { fields: { fileCount: 5000 } }, code: undefined },
  ])("are found out: a second one $what", ({ change, code }) => {
    const cabinet = openFirst(edited(change));
    if (code !== undefined) {
      expect(codesOf(cabinet)).toEqual([code]);
      expect(cabinet.members.map(({ name }) => name)).toEqual(["first", "before", "across"]);
    }
    expect(readAll(cabinet, ({ name }) => name === "first")).toEqual([EVERYTHING[0]]);
  });

  test.each([
    { what: "of another method", change: { compression: 3 } },
    { what: "of another window", change: { compression: 0x0101 } },
  ])("are not joined where the folder goes on with one $what", ({ change }) => {
    const parts = buildSet({
      edit: (cabinet, part) =>
        part === 1
          ? {
              ...cabinet,
              folders: cabinet.folders.map((folder, index) =>
                index === 0 ? { ...folder, fields: change } : folder,
              ),
            }
          : cabinet,
    });
    const cabinet = openFirst(parts);
    expect(codesOf(cabinet)).toContain("CAB_SET_MISMATCH");
    expect(() => readAll(cabinet, ({ name }) => name === "across")).toThrow(failure("CAB_SET_INCOMPLETE"));
    expect(readAll(cabinet, ({ name }) => name === "last")).toEqual([EVERYTHING.at(-1)]);
  });

  test("are no ring: one that names itself, and two that name each other", () => {
    const itself = buildCabinet({ ...FIRST, next: { name: "a.cab" }, previous: { name: "a.cab" } });
    const alone = Cabinet.open(new MemorySource(itself), { resolvePart: () => new MemorySource(itself) });
    expect(codesOf(alone)).toEqual(["CAB_SET_MISMATCH", "CAB_SET_MISMATCH"]);
    const neighbours = { next: { name: "a.cab" }, previous: { name: "a.cab" } };
    const other = buildCabinet({ folders: [{ members: [{ name: "b" }] }], index: 1, ...neighbours });
    const both = Cabinet.open(new MemorySource(itself), {
      resolvePart: resolverOf(new Map([["a.cab", other]])),
    });
    expect(codesOf(both)).toEqual(["CAB_SET_MISMATCH", "CAB_SET_MISMATCH"]);
    expect(both.members.map(({ name }) => name)).toEqual(["a", "b"]);
  });

  test("are at most 1,025 one after the other", () => {
    let opened = 0;
    const cabinet = Cabinet.open(new MemorySource(buildCabinet({ ...FIRST, next: { name: "1" } })), {
      resolvePart: (name) => {
        opened++;
        const index = Number(name);
        return new MemorySource(buildCabinet({ ...FIRST, index, next: { name: `${index + 1}` } }));
      },
    });
    expect(opened).toBe(1024);
    expect(codesOf(cabinet)).toContain("LIMIT_EXCEEDED");
  });

  test("have at most 524,280 members and folders together", () => {
    const many = Array.from({ length: 65_535 }, (_, index) => (index === 0 ? FOLDER : { members: [] }));
    const bytes = buildCabinet({ folders: many, next: { name: "next.cab" } });
    let index = 0;
    const resolvePart = () => {
      const copy = Buffer.from(bytes);
      copy.writeUInt16LE(++index, 34);
      return new MemorySource(copy);
    };
    const cabinet = Cabinet.open(new MemorySource(bytes), { resolvePart });
    expect(index).toBe(7);
    expect(codesOf(cabinet)).toContain("LIMIT_EXCEEDED");
  });

  test.each(["../part2.cab", "/etc/passwd", "C:part2.cab", "dir\\part2.cab", "NUL", ""])(
    "are not looked for under the name %j",
    (name) => {
      const resolvePart = () => expect.fail("a file was looked for");
      const cabinet = Cabinet.open(new MemorySource(buildCabinet({ ...FIRST, next: { name } })), {
        resolvePart,
      });
      expect(codesOf(cabinet)).toEqual(["CAB_SET_INCOMPLETE"]);
    },
  );

  test.each([
    { what: "goes on in a next cabinet", folder: CONTINUED.toNext },
    { what: "comes from a previous cabinet", folder: CONTINUED.fromPrevious },
    { what: "comes from one and goes on in another", folder: CONTINUED.both },
  ])("are none at all, yet a member $what", ({ folder }) => {
    const fields = { folder, sizeBytes: 40_000 };
    const cabinet = Cabinet.open(
      new MemorySource(
        buildCabinet({ folders: [{ members: [{ name: "a", bytes: content(100, 3), fields }] }] }),
      ),
    );
    expect(cabinet.members).toHaveLength(1);
    expect(() => readAll(cabinet)).toThrow(failure("CAB_SET_INCOMPLETE"));
    expect(() => openAll(cabinet)).toThrow(failure("CAB_SET_INCOMPLETE"));
  });

  test("do not hide a member that only the second one says goes on", () => {
    const smuggled = {
      name: "smuggled",
      fields: { folder: CONTINUED.fromPrevious, folderOffset: 0, sizeBytes: 5 },
    };
    const parts = buildSet({
      edit: (cabinet, part) =>
        part === 1
          ? {
              ...cabinet,
              folders: cabinet.folders.map((folder, index) =>
                index === 0 ? { ...folder, members: [smuggled, ...folder.members] } : folder,
              ),
            }
          : cabinet,
    });
    const cabinet = openFirst(parts);
    expect(cabinet.find("smuggled")).toBeDefined();
    expect(readAll(cabinet, ({ name }) => name === "smuggled")).toEqual([
      nameAndDigest("smuggled", content(1000, 5).subarray(0, 5)),
    ]);
  });
});

const FOLDER: LabFolder = { members: [{ name: "a", bytes: content(6, 3) }] };
const FIRST: LabCabinet = { folders: [FOLDER] };
