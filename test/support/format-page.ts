import { readFileSync } from "node:fs";

const TABLE = /(<!-- table: (\w+) -->\n).*?\n?(<!-- end -->)/gs;

/**
 * A page of docs/formats as it should be: between `<!-- table: Name -->` and `<!-- end -->` stands the table of the
 * structure declared under that name. Throws where the page and `declared` do not name the same structures.
 */
export function formatPage(path: string, declared: Record<string, { table(): string }>): string {
  const page = readFileSync(path, "utf8");
  const names = [...page.matchAll(TABLE)].map(([, , name]) => name).toSorted();
  const expected = Object.keys(declared).toSorted();
  if (names.join() !== expected.join())
    throw new Error(`the page has tables of ${names}, declared are ${expected}`);
  return page.replaceAll(TABLE, (_, begin, name, end) => `${begin}${declared[name]?.table()}\n${end}`);
}
