// SPDX-License-Identifier: MIT
import { entryOf, type FindingDetail, type FindingGroup, type FindingList } from "../findings.ts";
import { code, word } from "./markdown-text.ts";
import { utf8Length } from "./ranked-section.ts";

/** What was found, gravest first; findings beyond `sizeMaxBytes` are counted instead. */
export function* formatMarkdownFindings(list: FindingList, sizeMaxBytes: number): Generator<string> {
  let heading = "\n### Findings\n\n";
  let left = sizeMaxBytes;
  let leftOutCount = 0;
  for (const group of list.groups()) {
    for (const piece of formatGroup(group)) {
      const size = utf8Length(piece);
      if (size > left) {
        leftOutCount++;
        continue;
      }
      left -= size;
      yield heading + piece;
      heading = "";
    }
  }
  if (leftOutCount > 0) {
    yield `${heading}\n**There was no room for ${leftOutCount} more findings.** The format json has them all.\n`;
  }
}

/** The line of the code, then one for each detail. */
function* formatGroup({ code: name, severity, details, leftOut }: FindingGroup): Generator<string> {
  const entry = entryOf(name);
  const meaning = entry === undefined ? "" : `: ${entry.meaning}`;
  const hint = entry?.hint === undefined ? "" : `. ${entry.hint}`;
  yield `- ${word(severity)} ${code(name)}${meaning}${hint}\n`;
  for (const detail of details) yield `  - ${describe(detail)}\n`;
  if (leftOut > 0) yield `  - and ${leftOut} more\n`;
}

function describe({ text, images, leftOut }: FindingDetail): string {
  const names = `${images.map(code).join(", ")}${leftOut === 0 ? "" : ` and ${leftOut} more images`}`;
  return text === "" ? names : `${names}: ${code(text)}`;
}
