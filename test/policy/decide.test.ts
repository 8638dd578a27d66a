import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { OsId } from "../../src/guest/index.ts";
import {
  decide,
  HOST_IDS,
  type HostId,
  type Mechanism,
  OS_IDS,
  summariseHost,
} from "../../src/policy/index.ts";
import { os } from "./facts.ts";

const MECHANISMS: readonly Mechanism[] = [
  "windows-update",
  "integration-services-disk",
  "package-manager",
  "none",
];

/** What the 2020 document says, told once more by hand: `U`pdate, `D`isk, `P`ackage manager, `-` no row. */
const EXPECTED: Readonly<Record<OsId, string>> = {
  // Generations 2012, 2012 R2, 2016.
  xp: "DD-",
  vista: "DDU",
  win7: "DDU",
  win8: "DDU",
  "win8.1": "DDU",
  win10: "-UU",
  win11: "-UU",
  ws2003: "DD-",
  ws2003r2: "DD-",
  ws2008: "DDU",
  ws2008r2: "DDU",
  ws2012: "DDU",
  ws2012r2: "DDU",
  ws2016: "-UU",
  ws2019: "-UU",
  ws2022: "-UU",
  ws2025: "-UU",
  "ws-sac": "-UU",
  whs2011: "DDU",
  sbs2011: "DDU",
  linux: "PPP",
  freebsd: "---",
  unknown: "---",
};
const LETTERS = {
  U: "windows-update",
  D: "integration-services-disk",
  P: "package-manager",
  "-": "none",
} as const;
const COLUMNS = { "2012": 0, "2012r2": 1, "2016": 2 } as const;

const pairs = HOST_IDS.flatMap((host) => OS_IDS.map((guest) => ({ host, guest })));

describe("the rule", () => {
  test.each(pairs)("for $guest on $host is the table's", ({ host, guest }) => {
    const letter = EXPECTED[guest][COLUMNS[summariseHost(host).generation]] as keyof typeof LETTERS;
    // The newest service pack of every guest satisfies every row.
    expect(decide(host, os(guest, { servicePack: 9 })).mechanism).toBe(LETTERS[letter]);
  });

  test("exists for every host, guest and service pack, and cites its source", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...HOST_IDS),
        fc.constantFrom(...OS_IDS),
        fc.option(fc.integer({ min: -1, max: 10 })),
        fc.constantFrom("windows" as const, "linux" as const, "freebsd" as const),
        (host, id, servicePack, family) => {
          const rule = decide(host, { id, family, servicePack });
          expect(rule.host).toBe(host);
          expect(MECHANISMS).toContain(rule.mechanism);
          expect(rule.alternative).not.toBe(rule.mechanism);
          expect(rule.source).toMatch(/^MS2020, .+ hosts, (?:row "|no row)/);
          expect(rule.guest).not.toBe("");
          if (rule.mechanism === "none") expect(rule.note).not.toBe("");
          if (rule.requiresDataExchange) expect(rule.mechanism).toBe("windows-update");
          if (summariseHost(host).extrapolated) expect(rule.extrapolated).toBe(true);
        },
      ),
    );
  });

  test("has its keys in one order, which reports write", () => {
    const orders = pairs.flatMap(({ host, guest }) =>
      [null, 0, 2].map((servicePack) => Object.keys(decide(host, os(guest, { servicePack }))).join()),
    );
    expect(new Set(orders)).toEqual(
      new Set(["host,guest,mechanism,alternative,requiresDataExchange,note,source,extrapolated"]),
    );
  });

  test("is the same for all hosts of a generation, but for the host's own newness", () => {
    for (const guest of OS_IDS) {
      const named = decide("ws2019", os(guest, { servicePack: 2 }));
      for (const host of ["win10", "ws2016", "win11", "ws2022", "ws2025"] as const) {
        const { note: _, ...rule } = decide(host, os(guest, { servicePack: 2 }));
        const extrapolated = named.extrapolated || summariseHost(host).extrapolated;
        expect({ ...rule, note: "" }).toEqual({ ...named, host, extrapolated, note: "" });
      }
    }
  });
});

describe("the two documents", () => {
  test.each([
    ["ws2012r2", "win8.1"],
    ["ws2012r2", "ws2012r2"],
    ["ws2012", "win8.1"],
    ["ws2012", "ws2012r2"],
  ] as const)("disagree on %s hosts about %s, and the rule has both", (host, guest) => {
    const rule = decide(host, os(guest));
    expect(rule.mechanism).toBe("integration-services-disk");
    expect(rule.alternative).toBe("windows-update");
    expect(rule.source).toContain("MS2015 says windows-update");
  });

  test("disagree about the mechanism nowhere else", () => {
    const disputed = pairs.filter(({ host, guest }) => decide(host, os(guest)).alternative !== null);
    expect(new Set(disputed.map(({ guest }) => guest))).toEqual(new Set(["win8.1", "ws2012r2"]));
    expect(disputed).toHaveLength(2 * 4);
  });

  test("are both cited where they agree, and a row that only one has is said to be alone", () => {
    expect(decide("ws2019", os("win7")).source).toBe(
      'MS2020, Windows 10/Windows Server 2016/2019 hosts, row "Windows 7"; MS2015 agrees',
    );
    expect(decide("ws2019", os("ws2016")).source).toBe(
      'MS2020, Windows 10/Windows Server 2016/2019 hosts, row "Windows Server 2016"; MS2015 has no such row',
    );
  });

  test.each(["ws2008", "whs2011", "sbs2011"] as const)(
    "differ on Data Exchange for %s: the 2020 one does not ask for it, and the note remembers the other",
    (guest) => {
      const rule = decide("ws2019", os(guest, { servicePack: 2 }));
      expect(rule.requiresDataExchange).toBe(false);
      expect(rule.note).toContain("MS2015 asked for the Data Exchange integration service");
    },
  );
});

describe("Data Exchange", () => {
  test.each(["win8", "win7", "vista", "ws2012", "ws2008r2"] as const)(
    "is needed by %s on ws2019",
    (guest) => {
      const rule = decide("ws2019", os(guest, { servicePack: 2 }));
      expect(rule.requiresDataExchange).toBe(true);
      expect(rule.note).toContain("KB3071740");
    },
  );

  test("is asked for by no rule on older hosts", () => {
    const older: readonly HostId[] = ["win8", "ws2012", "win8.1", "ws2012r2"];
    for (const host of older) {
      for (const guest of OS_IDS) expect(decide(host, os(guest)).requiresDataExchange).toBe(false);
    }
  });
});

describe("a service pack", () => {
  test.each([
    ["ws2019", "vista", 1],
    ["ws2012r2", "vista", 0],
    ["ws2019", "ws2008", 1],
    ["ws2012", "ws2008", 1],
    ["ws2012r2", "xp", 1],
    ["ws2012", "ws2003", 1],
    ["ws2012r2", "ws2003r2", 0],
  ] as const)("below the row's gives none on %s for %s SP %i", (host, guest, servicePack) => {
    const rule = decide(host, os(guest, { servicePack }));
    expect(rule).toMatchObject({ mechanism: "none", alternative: null, requiresDataExchange: false });
    expect(rule.note).toContain(servicePack === 0 ? "has no service pack" : "has Service Pack 1");
    expect(rule.note).toContain("install Service Pack 2 first");
  });

  test("is asked of Server 2008 R2 by the 2020 document on new hosts, where the 2015 one did not", () => {
    const bare = decide("ws2016", os("ws2008r2", { servicePack: 0 }));
    expect(bare).toMatchObject({ mechanism: "none", alternative: "windows-update", guest: "ws2008r2" });
    expect(decide("ws2016", os("ws2008r2", { servicePack: 1 }))).toMatchObject({
      mechanism: "windows-update",
      alternative: null,
    });
    expect(decide("ws2012r2", os("ws2008r2", { servicePack: 0 })).mechanism).toBe(
      "integration-services-disk",
    );
  });

  test.each(["win7", "whs2011", "sbs2011"] as const)("is asked of %s nowhere", (guest) => {
    for (const host of HOST_IDS) {
      expect(decide(host, os(guest, { servicePack: 0 })).mechanism).not.toBe("none");
    }
  });

  test("that could not be determined leaves the rule standing, with a note", () => {
    const rule = decide("ws2012r2", os("vista", { servicePack: null }));
    expect(rule.mechanism).toBe("integration-services-disk");
    expect(rule.note).toContain("service pack could not be determined, and the row asks for 2");
    expect(decide("ws2012r2", os("win7", { servicePack: null })).note).not.toContain("service pack");
  });
});

describe("what is newer than the documents", () => {
  test.each([
    ["ws2012r2", "ws2019", "ws2016"],
    ["ws2019", "ws2022", "ws2016"],
    ["ws2016", "ws2025", "ws2016"],
    ["win8.1", "win11", "win10"],
  ] as const)("on %s, %s is judged as %s", (host, guest, row) => {
    const rule = decide(host, os(guest));
    expect(rule).toMatchObject({ mechanism: "windows-update", guest: row, extrapolated: true });
    expect(rule.note).toContain("is newer than the documents: judged as");
  });

  test("is said of a host too", () => {
    const rule = decide("ws2025", os("ws2012r2"));
    expect(rule).toMatchObject({ mechanism: "windows-update", extrapolated: true });
    expect(rule.note).toBe("Windows Server 2025 is newer than the documents: judged as Windows Server 2019");
  });

  test("is not what the documents name", () => {
    expect(decide("ws2019", os("ws2016")).extrapolated).toBe(false);
    expect(decide("ws2019", os("ws-sac")).extrapolated).toBe(false);
  });
});

describe("no row", () => {
  test.each([
    ["ws2012", "win10", "Windows 10 on Windows Server 2012"],
    ["win8", "ws2016", "Windows Server 2016 on Windows 8"],
    ["ws2012", "ws2019", "Windows Server 2019 on Windows Server 2012"],
    ["ws2019", "xp", "Windows XP on Windows Server 2019"],
    ["ws2022", "ws2003", "Windows Server 2003 on Windows Server 2022"],
  ] as const)("on %s hosts for %s is none, with the pair named", (host, guest, words) => {
    const rule = decide(host, os(guest));
    expect(rule).toMatchObject({ mechanism: "none", alternative: null });
    expect(rule.note).toBe(`the tables have no row for ${words} hosts`);
    expect(rule.source).toMatch(/, no row$/);
  });

  test("is none for FreeBSD and for what is not known, each with its reason", () => {
    expect(decide("ws2019", os("freebsd"))).toMatchObject({ mechanism: "none", guest: "freebsd" });
    expect(decide("ws2019", os("freebsd")).note).toContain("part of its kernel");
    expect(decide("ws2019", os("unknown"))).toMatchObject({ mechanism: "none", guest: "unknown" });
    expect(decide("ws2019", os("unknown")).note).toContain("not known");
  });

  test("is not the answer for a Linux whose id is not known: its family is enough", () => {
    expect(decide("ws2019", os("unknown", { family: "linux" })).mechanism).toBe("package-manager");
  });
});

test.each(["vista", "ws2008"] as const)("what Windows Update never offered is said of %s", (guest) => {
  expect(decide("ws2019", os(guest, { servicePack: 2 })).note).toContain("Virtualization-Documentation#249");
  expect(decide("ws2012r2", os(guest, { servicePack: 2 })).note).not.toContain("#249");
});
