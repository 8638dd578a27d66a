import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type ByteSource, MemorySource } from "../../src/io/index.ts";
import { Cabinet, type CabinetOptions, type CabMember, findCabinets } from "../../src/package/cab/index.ts";
import { fixturesIn, readFixture } from "../support/fixtures.ts";

const CABINETS = [
  "cab/cabextract",
  "cab/gcab",
  "cab/libarchive",
  "cab/libmspack",
  "ic-cab/6.3.9600.18692",
  "ic-cab/6.3.9600.19456",
  "ic-cab/other",
  "msu",
]
  .flatMap(fixturesIn)
  .filter((name) => /\.(cab|msu)$/.test(name));

/** Files of which cabextract reads nothing, or not everything, and what they are to us. */
const MALFORMED: Readonly<Record<string, string>> = {
  "cab/cabextract/cve-2010-2800-mszip-infinite-loop.cab": "MSZIP_CORRUPT",
  // Of its three members, the one in a folder without data cannot be read.
  "cab/cabextract/cve-2014-9732-folders-segfault.cab": "CAB_MEMBER_RANGE",
  "cab/cabextract/cve-2015-4471-lzx-under-read.cab": "CAB_HEADER",
  "cab/cabextract/filename-read-violation-2.cab": "CAB_MEMBER_RANGE",
  "cab/cabextract/lzx-main-tree-no-lengths.cab": "LZX_CORRUPT",
  "cab/gcab/CVE-2014-9732.cab": "MSZIP_CORRUPT",
  "cab/libmspack/bad_folderindex.cab": "CAB_MEMBER",
  "cab/libmspack/bad_nofiles.cab": "CAB_HEADER",
  "cab/libmspack/bad_signature.cab": "CAB_NOT",
  "cab/libmspack/cve-2017-11423-fname-overread.cab": "CAB_MEMBER",
  "cab/libmspack/hidden-file-bad-folderid.cab": "CAB_MEMBER",
  "cab/libmspack/partial_nodata.cab": "CAB_TRUNCATED",
  "cab/libmspack/partial_nofolder.cab": "CAB_TRUNCATED",
  "cab/libmspack/partial_shortfile1.cab": "CAB_TRUNCATED",
  "cab/libmspack/partial_shortheader.cab": "CAB_TRUNCATED",
  "cab/libmspack/partial_str_nofname.cab": "CAB_TRUNCATED",
  "cab/libmspack/partial_str_noninfo.cab": "CAB_TRUNCATED",
  "cab/libmspack/partial_str_shortnname.cab": "CAB_TRUNCATED",
};

/** Files of which cabextract sees something else than Windows and 7-Zip do. */
const OTHERWISE = [
  // An empty name is no reason not to read the others; it is marked as unsafe.
  "cab/cabextract/filename-read-violation-1.cab",
  // cabextract looks for members behind the folders, and not where the header says.
  "cab/libmspack/hidden-files.cab",
];

/** Names that cabextract prints in another way: it makes paths safe, and bytes of code pages are no UTF-8. */
const NAMES_DIFFER = /dirwalk-vulns|encoding-latin1/;

/** What `cabextract -t` and `-l` say of a file, member by member. */
function factsOf(name: string): {
  names: string[];
  digests: string[];
  sizes: number[];
  times: (string | null)[];
} {
  const text = readFixture(`FACTS/${name}.txt`).toString();
  const tested = [...text.matchAll(/^ {2}(.+?) {2}OK +([0-9a-f]{32})$/gm)];
  const listed = [...text.matchAll(/^ *(\d+) \| (\d\d)\.(\d\d)\.(\d{4}) ([\d:]{8}) \| /gm)];
  return {
    names: tested.map(([, name = ""]) => name),
    digests: tested.map(([, , digest = ""]) => digest),
    sizes: listed.map(([, size]) => Number(size)),
    times: listed.map(([, , day, month, year, time]) => `${year}-${month}-${day}T${time}`),
  };
}

function digestOf(chunks: Iterable<Uint8Array>): string {
  const hash = createHash("md5");
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest("hex");
}

const wholeOf = (source: ByteSource) => {
  const view = source.read(0, source.sizeBytes);
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
};

/** The digests of all members in the order of the list, from one pass. */
function digestsOf(cabinet: Cabinet): string[] {
  const digests = new Map<CabMember, string>();
  for (const { member, chunks } of cabinet.contents()) digests.set(member, digestOf(chunks));
  return cabinet.members.map((member) => digests.get(member) ?? "");
}

/** The other cabinets of a set in the folder of a fixture; their names are written in another case there. */
const partsBeside = (name: string): CabinetOptions => {
  const folder = name.slice(0, name.lastIndexOf("/") + 1);
  return { resolvePart: (part) => new MemorySource(readFixture(`${folder}${part.toLowerCase()}`)) };
};

const open = (name: string) => Cabinet.open(new MemorySource(readFixture(name)), partsBeside(name));

const wellFormed = CABINETS.filter((name) => MALFORMED[name] === undefined && !OTHERWISE.includes(name));

describe("every cabinet that cabextract reads", () => {
  test("is one of many", () => {
    expect(CABINETS.length).toBeGreaterThan(50);
    expect(wellFormed.length).toBeGreaterThan(30);
  });

  test.each(wellFormed.filter((name) => !/search/.test(name)))(
    "%s has the same members and bytes",
    (name) => {
      const cabinet = open(name);
      const facts = factsOf(name);
      expect(facts.digests.length).toBeGreaterThan(0);
      if (!NAMES_DIFFER.test(name)) expect(cabinet.members.map(({ name }) => name)).toEqual(facts.names);
      expect(cabinet.members.map(({ sizeBytes }) => sizeBytes)).toEqual(facts.sizes);
      expect(cabinet.members.map(({ modified }) => modified)).toEqual(facts.times);
      expect(digestsOf(cabinet)).toEqual(facts.digests);
      const opened = cabinet.members.map((member) => digestOf([wholeOf(cabinet.open(member))]));
      expect(opened).toEqual(facts.digests);
      const findings = cabinet.findings.filter(({ code }) => !/^CAB_NAME/.test(code));
      expect(findings).toEqual([]);
    },
  );

  test.each(["cab/cabextract/search.cab", "cab/libmspack/search_basic.cab"])(
    "%s has the same ones inside of another file",
    (name) => {
      const cabinets = [...findCabinets(new MemorySource(readFixture(name)))].map((source) =>
        Cabinet.open(source),
      );
      const facts = factsOf(name);
      expect(cabinets.flatMap(({ members }) => members.map(({ name }) => name))).toEqual(facts.names);
      expect(cabinets.flatMap(digestsOf)).toEqual(facts.digests);
    },
  );
});

describe("a malformed cabinet", () => {
  test("is every other one of the fixtures", () => {
    expect(Object.keys(MALFORMED).filter((name) => !CABINETS.includes(name))).toEqual([]);
  });

  const readAll = (name: string, options: CabinetOptions = {}) => {
    const cabinet = Cabinet.open(new MemorySource(readFixture(name)), options);
    return { cabinet, digests: digestsOf(cabinet) };
  };

  test.each(Object.entries(MALFORMED))("%s is %s", (name, code) => {
    expect(() => readAll(name)).toThrow(expect.objectContaining({ code }));
  });

  test.each([
    {
      name: "cve-2014-9732-folders-segfault.cab",
      from: "cab/cabextract",
      saved: ["1", "3"],
      code: "CAB_MEMBER_LOST",
    },
    { name: "bad_folderindex.cab", from: "cab/libmspack", saved: ["hello.c"], code: "CAB_MEMBER" },
  ])("$name gives what can be saved of it", ({ name, from, saved, code }) => {
    // bad_folderindex.cab is simple.cab, but for one number.
    const facts = factsOf(saved[0] === "hello.c" ? "cab/cabextract/simple.cab" : `${from}/${name}`);
    const { cabinet, digests } = readAll(`${from}/${name}`, { isSalvaging: true });
    const found = cabinet.members.map(({ name }, index) => ({ name, digest: digests[index] }));
    expect(found.filter(({ digest }) => digest !== "")).toEqual(
      saved.map((name, index) => ({ name, digest: facts.digests[index] })),
    );
    expect(cabinet.findings.map(({ code }) => code)).toContain(code);
  });

  test("hidden-files.cab has the members that its header leads to, and says that there are more", () => {
    const cabinet = open("cab/libmspack/hidden-files.cab");
    expect(cabinet.members.map(({ name }) => name)).toEqual(["hidden1.txt", "hidden2.txt"]);
    expect(cabinet.findings).toEqual([expect.objectContaining({ code: "CAB_GAP" })]);
  });

  test("filename-read-violation-1.cab has a member without a name", () => {
    const cabinet = open("cab/cabextract/filename-read-violation-1.cab");
    expect(cabinet.members).toEqual([expect.objectContaining({ name: "", unsafe: "it is empty" })]);
    expect(digestsOf(cabinet)).toEqual([digestOf([Buffer.from("hello\n")])]);
  });
});

describe("a set of five cabinets", () => {
  const parts = [1, 2, 3, 4, 5].map((number) => `cab/cabextract/split-${number}.cab`);

  test.each(parts)("%s alone has only what does not need the others", (name) => {
    const cabinet = Cabinet.open(new MemorySource(readFixture(name)));
    expect(cabinet.findings.map(({ code }) => code)).toContain("CAB_SET_INCOMPLETE");
    const facts = factsOf(name);
    for (const { member, chunks } of cabinet.contents()) {
      if (member.name === "small1.bin") expect(digestOf(chunks)).toBe(facts.digests[0]);
      else expect(() => digestOf(chunks)).toThrow(expect.objectContaining({ code: "CAB_SET_INCOMPLETE" }));
    }
  });
});

describe("dirwalk-vulns.cab", () => {
  test("has no member whose name would leave a folder", () => {
    const { members } = open("cab/cabextract/dirwalk-vulns.cab");
    const safe = members.filter(({ unsafe }) => unsafe === null);
    // Bytes that are no UTF-8 are characters of a code page, which separate nothing.
    expect(safe).toHaveLength(10);
    expect(safe.filter(({ name }) => /[/\\]/.test(name))).toEqual([]);
  });
});

describe("the signature of a cabinet", () => {
  test.each([
    { name: "ic-cab/6.3.9600.19456/Windows6.2-HyperVIntegrationServices-x64.cab", sizeBytes: 8504 },
    { name: "cab/gcab/test-signed.cab", sizeBytes: 2040 },
    { name: "msu/Windows6.1-KB2584475-x86.msu", sizeBytes: 6920 },
  ])("of $name follows it", ({ name, sizeBytes }) => {
    const cabinet = open(name);
    expect(cabinet.signature).toEqual({ offset: cabinet.sizeBytes, sizeBytes });
    expect(cabinet.source.sizeBytes).toBe(cabinet.sizeBytes + sizeBytes);
  });

  test("is missing where there is none", () => {
    expect(open("ic-cab/other/Windows8.1-KB2938772-x64.cab").signature).toBeUndefined();
  });
});
