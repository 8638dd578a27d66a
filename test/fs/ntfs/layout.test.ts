import { expect, test } from "vitest";
import * as layout from "../../../src/fs/ntfs/layout.ts";
import * as securityLayout from "../../../src/fs/ntfs/security/layout.ts";

/** Offsets as the documents of libfsntfs and ntfs-3g give them, typed in a second time. */
test.each([
  { structure: layout.BootSector, field: "totalSectors", offset: 40 },
  { structure: layout.BootSector, field: "mftCluster", offset: 48 },
  { structure: layout.BootSector, field: "recordSize", offset: 64 },
  { structure: layout.BootSector, field: "indexBlockSize", offset: 68 },
  { structure: layout.BootSector, field: "endMarker", offset: 510 },
  { structure: layout.FileRecordHeader, field: "sequence", offset: 16 },
  { structure: layout.FileRecordHeader, field: "flags", offset: 22 },
  { structure: layout.FileRecordHeader, field: "usedSize", offset: 24 },
  { structure: layout.FileRecordHeader, field: "baseRecord", offset: 32 },
  { structure: layout.FileRecordHeader, field: "recordNumber", offset: 44 },
  { structure: layout.AttributeHeader, field: "id", offset: 14 },
  { structure: layout.ResidentHeader, field: "valueOffset", offset: 20 - 16 },
  { structure: layout.NonResidentHeader, field: "runsOffset", offset: 32 - 16 },
  { structure: layout.NonResidentHeader, field: "initializedSize", offset: 56 - 16 },
  { structure: layout.StandardInformation, field: "attributes", offset: 32 },
  { structure: layout.StandardInformationTail, field: "securityId", offset: 52 - 48 },
  { structure: layout.FileName, field: "flags", offset: 56 },
  { structure: layout.FileName, field: "namespace", offset: 65 },
  { structure: layout.AttributeListEntry, field: "record", offset: 16 },
  { structure: layout.AttributeListEntry, field: "id", offset: 24 },
  { structure: layout.IndexRoot, field: "blockSize", offset: 8 },
  { structure: layout.IndexHeader, field: "flags", offset: 12 },
  { structure: layout.IndexBlockHeader, field: "vcn", offset: 16 },
  { structure: layout.IndexEntryHeader, field: "flags", offset: 12 },
  { structure: layout.VolumeInformation, field: "flags", offset: 10 },
  { structure: layout.RestartPage, field: "majorVersion", offset: 28 },
  { structure: layout.RestartArea, field: "flags", offset: 14 },
  { structure: layout.RestartArea, field: "fileSize", offset: 24 },
  { structure: layout.LinkReparse, field: "printOffset", offset: 4 },
  { structure: layout.ViewEntryHeader, field: "keyLength", offset: 10 },
  { structure: securityLayout.SecurityPlace, field: "length", offset: 16 },
  { structure: securityLayout.SecurityDescriptorHeader, field: "daclOffset", offset: 16 },
  { structure: securityLayout.AclHeader, field: "entryCount", offset: 4 },
  { structure: securityLayout.AceHeader, field: "mask", offset: 4 },
] as const)("$structure.structName has $field at $offset", ({ structure, field, offset }) => {
  expect(structure.offsetOf).toMatchObject({ [field]: offset });
});
