/** What `struct()` and the like give: something that prints itself as a Markdown table. */
interface Declared {
  table(): string;
}

/** The tables of a layout.ts, by the names its structures are exported under. */
export function tablesOf(layout: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(layout).flatMap(([name, value]) => (isDeclared(value) ? [[name, value.table()]] : [])),
  );
}

function isDeclared(value: unknown): value is Declared {
  return typeof value === "function" && "table" in value;
}

const PLACE = /(<!-- table: ([\w ]+) -->\n).*?(<!-- end -->)/gs;

/**
 * The page with its tables as they are now: each stands between `<!-- table: Name -->` and `<!-- end -->`. Throws where
 * the page does not have a place for exactly these tables.
 */
export function fillTables(page: string, tables: Readonly<Record<string, string>>): string {
  const places = [...page.matchAll(PLACE)].map(([, , name]) => name).toSorted();
  const names = Object.keys(tables).toSorted();
  if (places.join() !== names.join()) {
    throw new Error(`the page has places for ${places.join(", ")}, the tables are ${names.join(", ")}`);
  }
  return page.replaceAll(PLACE, (_, begin, name, end) => `${begin}${tables[name]}\n${end}`);
}
