import { RecordFile } from "../../../src/batch/cache/record-file.ts";

/** Appends records to a cache file: `FILE FIRST COUNT SIZE`; the numbers are those of the records. */
const [file = "", first, count, size] = process.argv.slice(2);
using records = RecordFile.open(file, { tool: "0000700f" });
for (let number = Number(first); number < Number(first) + Number(count); number++) {
  const payload = `${number} `.repeat(Number(size));
  if (!records.append(number.toString(16).padStart(32, "0"), payload)) process.exitCode = 1;
}
