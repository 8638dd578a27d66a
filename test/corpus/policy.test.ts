import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { OsId } from "../../src/guest/index.ts";
import {
  type DocumentId,
  decide,
  HOST_IDS,
  type HostGeneration,
  inBoxServices,
  type Mechanism,
  OS_IDS,
  packageFor,
  parseOsId,
  SERVICE_NAMES,
  summariseHost,
  updateTableRows,
} from "../../src/policy/index.ts";
import { os } from "../policy/facts.ts";
import { FIXTURES } from "../support/fixtures.ts";

const REFERENCE = join(FIXTURES, "../reference");
const readReference = (name: string) => readFileSync(join(REFERENCE, name), "utf8");

/** One row of a table of a document, with its words translated. */
interface PrintedRow {
  readonly generation: HostGeneration;
  readonly label: string;
  readonly mechanism: Mechanism;
  /** The note begins with the Data Exchange requirement. */
  readonly needsDataExchange: boolean;
  readonly note: string;
}

/** What the translated pages call things. Whatever is not here must read as in English. */
interface Wording {
  readonly headings: Readonly<Record<string, HostGeneration>>;
  /** Heading of the column of mechanisms. */
  readonly mechanism: string;
  readonly words: Readonly<Record<string, string>>;
  readonly dataExchange: string;
}

const MECHANISMS: Readonly<Record<string, Mechanism>> = {
  "Windows Update": "windows-update",
  "Integration Services disk": "integration-services-disk",
  "package manager": "package-manager",
};

/** Every row of every table below a heading that names hosts; a heading is a line in bold. */
function readTables(markdown: string, wording: Wording): PrintedRow[] {
  const translate = (word: string) => wording.words[word] ?? word;
  const rows: PrintedRow[] = [];
  let generation: HostGeneration | undefined;
  for (const line of markdown.split(/\r?\n/)) {
    if (line.startsWith("**")) generation = wording.headings[line.trim()];
    if (!line.startsWith("|") || generation === undefined) continue;
    const [guest = "", mechanism = "", note = ""] = line
      .slice(1)
      .split("|")
      // One label is written with a no-break space.
      .map((cell) => cell.replace(/\s+/g, " ").trim());
    const isRule = guest !== "-" && !guest.startsWith(":-") && mechanism !== wording.mechanism;
    if (!isRule) continue;
    const named = MECHANISMS[translate(mechanism)];
    if (named === undefined) throw new Error(`unknown mechanism in: ${line}`);
    rows.push({
      generation,
      label: translate(guest),
      mechanism: named,
      needsDataExchange: note.startsWith(wording.dataExchange),
      note,
    });
  }
  return rows;
}

const ITALIAN: Wording = {
  headings: {
    "**Per le macchine virtuali in esecuzione in host Windows 10/Windows Server 2016/2019:**": "2016",
    "**Per le macchine virtuali in esecuzione negli host Windows 8.1/Windows Server 2012R2:**": "2012r2",
    "**Per le macchine virtuali in esecuzione in host Windows 8/Windows Server 2012:**": "2012",
  },
  mechanism: "Meccanismo di aggiornamento",
  words: {
    "Windows Server, Canale semestrale": "Windows Server, semi-annual channel",
    "Guest Linux": "Linux guests",
    "Disco dei servizi di integrazione": "Integration Services disk",
  },
  dataExchange: "Richiede il servizio di integrazione Scambio di dati.*",
};

const CHINESE: Wording = {
  headings: {
    "**在 Windows 10 主機上執行的虛擬機器：**": "2016",
    "**在 Windows 8.1 主機上執行虛擬機器：**": "2012r2",
    "**在 Windows 8 主機上執行虛擬機器：**": "2012",
  },
  mechanism: "更新機制",
  words: {
    "Windows XP (SP 2、SP 3)": "Windows XP (SP 2, SP 3)",
    整合服務光碟: "Integration Services disk",
  },
  dataExchange: "需要「資料交換」整合服務。",
};

const DOCUMENTS = [
  {
    document: "MS2020" as const,
    rows: readTables(readReference("source-docs/manage-integration-services-2020.it.md"), ITALIAN),
    counts: [14, 17, 14],
  },
  {
    document: "MS2015" as const,
    rows: readTables(readReference("source-docs/manage-integration-services-2015.zh-tw.md"), CHINESE),
    counts: [11, 14, 13],
  },
];

const GENERATIONS: readonly HostGeneration[] = ["2016", "2012r2", "2012"];

const hostsOf = (generation: HostGeneration) =>
  HOST_IDS.filter((id) => summariseHost(id).generation === generation);

/** Guests that the row with this label is for, and none that is judged by it for want of its own row. */
const guestsOf = (guest: string): OsId => {
  const id = parseOsId(guest);
  if (id === undefined) throw new Error(`no guest has the row ${guest}`);
  return id;
};

/** A service pack that satisfies the label, or null where it asks for none. */
const servicePackOf = (label: string) => {
  const number = /\(SP (\d)/.exec(label)?.[1];
  return number === undefined ? null : Number(number);
};

describe.each(DOCUMENTS)("the tables of $document", ({ document, rows, counts }) => {
  test("are read whole", () => {
    expect(
      GENERATIONS.map((generation) => rows.filter((row) => row.generation === generation).length),
    ).toEqual(counts);
  });

  test.each(GENERATIONS)(
    "have for generation %s the rows of our data, in their order, and no others",
    (generation) => {
      const printed = rows.filter((row) => row.generation === generation);
      const kept = updateTableRows()
        .filter((row) => row.generation === generation && row.labels[document] !== null)
        .map((row) => ({
          label: row.labels[document],
          mechanism: row.mechanisms[document],
          needsDataExchange: row.requiresDataExchange[document],
        }));
      expect(kept).toEqual(
        printed.map(({ label, mechanism, needsDataExchange }) => ({ label, mechanism, needsDataExchange })),
      );
    },
  );
});

/** How each note of the 2020 document begins, and the words of ours that say it. */
const NOTES: readonly (readonly [printed: string, ours: string])[] = [
  ["Richiede il servizio di integrazione Scambio di dati", "needs the Data Exchange integration service"],
  ["Vedere [le istruzioni]", "installed by hand"],
  ["Supporto esteso solo in Windows Server 2016", "in extended support, and only on Windows Server 2016"],
  ["Non sarà supportato in Windows Server 2016", "not going to be supported on Windows Server 2016"],
  ["Non è previsto il supporto Mainstream", "not in mainstream support"],
  ["I servizi di integrazione per Linux sono incorporati nella distribuzione", "part of the distribution"],
];

describe("the rule", () => {
  const [ruling, other] = DOCUMENTS as [(typeof DOCUMENTS)[0], (typeof DOCUMENTS)[0]];

  test.each(ruling.rows)("on $generation hosts for $label is what the 2020 document prints", (row) => {
    const kept = updateTableRows().find(
      ({ generation, labels }) => generation === row.generation && labels.MS2020 === row.label,
    );
    const guest = guestsOf(kept?.guest ?? "");
    const servicePack = servicePackOf(row.label);
    const older = other.rows.find(
      ({ generation, label }) => generation === row.generation && label === kept?.labels.MS2015,
    );
    for (const host of hostsOf(row.generation)) {
      const rule = decide(host, os(guest, { servicePack }));
      expect(rule.mechanism).toBe(row.mechanism);
      expect(rule.requiresDataExchange).toBe(row.needsDataExchange);
      for (const [printed, ours] of NOTES) {
        expect(rule.note.startsWith(ours)).toBe(row.note.startsWith(printed));
      }
      if (row.note === "") expect(kept?.note).toBe("");
      const differs = older !== undefined && older.mechanism !== row.mechanism;
      expect(rule.alternative).toBe(differs ? older.mechanism : null);
      if (servicePack !== null) {
        expect(decide(host, os(guest, { servicePack: servicePack - 1 })).mechanism).toBe("none");
      }
    }
  });

  test("is none for every guest that the 2020 document does not print, but for those judged as another", () => {
    for (const host of HOST_IDS) {
      const labels = ruling.rows
        .filter(({ generation }) => generation === summariseHost(host).generation)
        .map(({ label }) => label);
      for (const guest of OS_IDS) {
        const rule = decide(host, os(guest, { servicePack: 3 }));
        const label = /row "(.+?)"/.exec(rule.source)?.[1];
        expect(rule.mechanism === "none").toBe(label === undefined || !labels.includes(label));
      }
    }
  });
});

describe("update-table.csv", () => {
  const HOSTS: Readonly<Record<string, HostGeneration>> = { h8: "2012", h81: "2012r2", h10: "2016" };
  const MECHANISM: Readonly<Record<string, Mechanism | null>> = {
    "windows-update": "windows-update",
    "ic-disk": "integration-services-disk",
    "package-manager": "package-manager",
    absent: null,
  };
  const [, ...lines] = readReference("update-table.csv").trim().split(/\r?\n/);
  const cells = lines.map((line) => {
    const [host = "", guest = "", mech2020 = "", note2020 = "", mech2015 = "", note2015 = "", differs = ""] =
      line.split(",");
    return { host, guest, mech2020, note2020, mech2015, note2015, differs };
  });

  test("has every row that any document has", () => {
    expect(cells).toHaveLength(45);
    expect(updateTableRows()).toHaveLength(cells.length);
  });

  test.each(cells)("$host $guest: $mech2020 and $mech2015", (cell) => {
    const generation = HOSTS[cell.host];
    const row = updateTableRows({ guest: guestsOf(cell.guest) }).find(
      (each) => each.generation === generation,
    );
    expect(row?.guest).toBe(cell.guest);
    const mechanisms: Readonly<Record<DocumentId, Mechanism | null | undefined>> = {
      MS2020: MECHANISM[cell.mech2020],
      MS2015: MECHANISM[cell.mech2015],
    };
    expect(row?.mechanisms).toEqual(mechanisms);
    expect(row?.requiresDataExchange).toEqual({
      MS2020: cell.note2020.startsWith("needs-data-exchange"),
      MS2015: cell.note2015.startsWith("needs-data-exchange"),
    });
    expect(mechanisms.MS2015 === null).toBe(cell.differs === "ROW-only-2020");
    expect(mechanisms.MS2015 !== null && mechanisms.MS2020 !== mechanisms.MS2015).toBe(
      cell.differs === "MECHANISM",
    );
    expect(mechanisms.MS2015 !== null && row?.labels.MS2020 !== row?.labels.MS2015).toBe(
      cell.differs === "LABEL",
    );
    expect(row?.requiresDataExchange.MS2020 !== row?.requiresDataExchange.MS2015).toBe(
      cell.differs === "NOTE",
    );
  });
});

describe("what Microsoft's packages say of themselves", () => {
  const folders = readdirSync(join(FIXTURES, "mum")).filter((name) =>
    /hypervintegrationservices/i.test(name),
  );

  test("are there for both sorts of CAB", () => {
    expect(folders.length).toBeGreaterThanOrEqual(5);
  });

  test.each(folders)("%s is the package of the guests among its parents, and of no other", (folder) => {
    const mum = readFileSync(join(FIXTURES, "mum", folder, "update.mum"), "utf8");
    const parents = /<parent[^>]*>([\s\S]*?)<\/parent>/.exec(mum)?.[1] ?? "";
    const versions = new Set([...parents.matchAll(/ version="(\d+\.\d+)\./g)].map((match) => match[1]));
    const name = folder.replace(/^[\d.]+-/, "").toLowerCase();
    const architecture = name.endsWith("x64") ? "x64" : "x86";
    const nt = { "6.0": "ws2008", "6.1": "win7", "6.2": "ws2012", "6.3": "win8.1" } as const;
    for (const [version, id] of Object.entries(nt)) {
      const serves = packageFor(os(id, { architecture })).name?.toLowerCase() === name;
      expect(serves).toBe(versions.has(version));
    }
    const editions = [...parents.matchAll(/Microsoft-Windows-(\w+)Edition"/g)].map((match) => match[1] ?? "");
    const served = ["Starter", "HomeBasic", "HomePremium", "Business", "Enterprise", "Ultimate"]
      .flatMap((edition) => [edition, `${edition}N`])
      .filter((edition) => packageFor(os("vista", { architecture, edition })).name?.toLowerCase() === name);
    expect(served.toSorted()).toEqual(editions.toSorted());
  });

  test.each(folders.filter((folder) => /6\.2-/.test(folder)))(
    "%s declares the services of Windows 8.1",
    (folder) => {
      const path = join(FIXTURES, "mum", folder);
      const manifest = readdirSync(path).find((name) =>
        /_microsoft-hyper-v-integration-services_/.test(name),
      );
      const declared = readFileSync(join(path, manifest ?? ""), "utf8").matchAll(
        /serviceData name="(vmic\w+)"/g,
      );
      const expected = inBoxServices(os("win8.1")).filter(({ presence }) => presence === "declared");
      expect([...declared].map((match) => match[1]).toSorted()).toEqual(
        expected.map(({ name }) => name).toSorted(),
      );
    },
  );
});

describe("real SYSTEM hives", () => {
  const present = (hive: string) => {
    const scan = readFileSync(join(FIXTURES, "FACTS/hive", `${hive}.hyperv-scan.txt`), "utf8");
    return SERVICE_NAMES.filter((name) => new RegExp(`ControlSet001 ${name} `).test(scan));
  };

  test.each([
    ["dfwinreg-SYSTEM", "win8.1"],
    ["dissect-SYSTEM", "win10"],
    ["regipy-SYSTEM_B", "win10"],
  ] as const)("%s has exactly the services that %s declares, on hardware that is no Hyper-V", (hive, id) => {
    const declared = inBoxServices(os(id)).filter(({ presence }) => presence === "declared");
    expect(present(hive)).toEqual(declared.map(({ name }) => name));
  });

  test("of a Windows 7 that never ran on Hyper-V have none: they come with their devices", () => {
    expect(present("regipy-SYSTEM_win7")).toEqual([]);
    expect(inBoxServices(os("win7")).filter(({ presence }) => presence === "declared")).toEqual([]);
  });
});
