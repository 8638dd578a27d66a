// SPDX-License-Identifier: MIT
import type { FindingList } from "./findings.ts";
import type { CabinetPart } from "./part.ts";

/**
 * Reports bytes between the folders and the list of members, and between that and the data, that belong to nothing.
 *
 * libmspack takes the list to begin right behind the folders, Windows where the header says: a cabinet with entries in
 * both places shows other members to the one than to the other.
 */
export function checkUnusedBytes({ header, folders, filesEnd }: CabinetPart, findings: FindingList): void {
  const foldersEnd = header.foldersOffset + header.folderCount * header.folderEntrySize;
  const dataStart = folders.reduce((start, { dataOffset }) => Math.min(start, dataOffset), header.sizeBytes);
  report(foldersEnd, header.filesOffset, "the list of members", findings);
  report(filesEnd, dataStart, "the data", findings);
}

function report(start: number, end: number, what: string, findings: FindingList): void {
  if (start < end)
    findings.add("CAB_GAP", `${end - start} bytes in front of ${what} are used by nothing`, {
      offset: start,
    });
}
