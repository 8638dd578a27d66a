// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import {
  DataDirectory,
  DosHeader,
  OPTIONAL_MAGIC,
  OptionalHeader32,
  OptionalHeader64,
  PeHeader,
  RESOURCE_DIRECTORY_INDEX,
  SectionHeader,
} from "./layout.ts";

/** The loader of Windows refuses an image with more (PE format, "COFF File Header"). */
const MAX_SECTION_COUNT = 96;

/** The headers of a PE image, as far as they lead to its resources. */
export interface PeImage {
  readonly source: ByteSource;
  readonly machine: number;
  readonly characteristics: number;
  readonly sections: readonly SectionHeader[];
  /** RVA of the resource directory, or undefined for an image without resources. */
  readonly resourcesRva: number | undefined;
}

/** Reads the headers; throws PE_NOT where the file is something else, PE_TRUNCATED where it ends before they do. */
export function readImage(source: ByteSource): PeImage {
  const header = readPeHeader(source);
  const optionalOffset = header.offset + PeHeader.sizeBytes;
  const { machine, characteristics, sectionCount, optionalHeaderSize } = header.fields;
  if (sectionCount > MAX_SECTION_COUNT) {
    const message = `${sectionCount} sections are more than ${MAX_SECTION_COUNT}`;
    throw new VmguestError("LIMIT_EXCEEDED", message, { structure: "PE header", offset: header.offset });
  }
  const sectionsOffset = optionalOffset + optionalHeaderSize;
  const table = readPart(source, "section headers", sectionsOffset, sectionCount * SectionHeader.sizeBytes);
  return {
    source,
    machine,
    characteristics,
    sections: Array.from(
      { length: sectionCount },
      (_, index) => new SectionHeader(table, index * SectionHeader.sizeBytes),
    ),
    resourcesRva: readResourcesRva(source, optionalOffset, optionalHeaderSize),
  };
}

function readPeHeader(source: ByteSource): { offset: number; fields: PeHeader } {
  const begins = source.sizeBytes >= 2 && source.read(0, 2).getUint16(0) === 0x4d5a;
  if (!begins) throw new VmguestError("PE_NOT", "the file does not begin with MZ", { offset: 0 });
  const offset = new DosHeader(readPart(source, DosHeader.structName, 0, DosHeader.sizeBytes)).peOffset;
  const fields = new PeHeader(readPart(source, PeHeader.structName, offset, PeHeader.sizeBytes));
  if (fields.signature === "PE\0\0") return { offset, fields };
  throw new VmguestError("PE_NOT", `no PE signature at 0x${offset.toString(16)}`, {
    structure: PeHeader.structName,
    offset,
  });
}

function readResourcesRva(source: ByteSource, offset: number, sizeBytes: number): number | undefined {
  const structure = OptionalHeader32.structName;
  const magic = readPart(source, structure, offset, 2).getUint16(0, true);
  if (magic !== OPTIONAL_MAGIC.pe32 && magic !== OPTIONAL_MAGIC.pe32Plus) {
    const message = `the optional header begins with 0x${magic.toString(16)}, not 0x10b or 0x20b`;
    throw new VmguestError("PE_NOT", message, { structure, offset });
  }
  const Layout = magic === OPTIONAL_MAGIC.pe32 ? OptionalHeader32 : OptionalHeader64;
  const directoryAt = Layout.sizeBytes + RESOURCE_DIRECTORY_INDEX * DataDirectory.sizeBytes;
  const end = directoryAt + DataDirectory.sizeBytes;
  if (sizeBytes < end) return undefined;
  const view = readPart(source, structure, offset, end);
  if (new Layout(view).directoryCount <= RESOURCE_DIRECTORY_INDEX) return undefined;
  const { rva } = new DataDirectory(view, directoryAt);
  return rva === 0 ? undefined : rva;
}

/** A range of the file that backs a range of the loaded image. */
export interface FilePart {
  readonly offset: number;
  /** Bytes from `offset` to the end of the section, or of the file where that comes first. */
  readonly sizeBytes: number;
}

/** Where the byte at an RVA lies in the file; throws PE_TRUNCATED where no section has it there. */
export function locateRva({ source, sections }: PeImage, structure: string, rva: number): FilePart {
  for (const { virtualAddress, virtualSize, rawOffset, rawSize } of sections) {
    const inSection = rva - virtualAddress;
    if (inSection < 0 || inSection >= Math.max(virtualSize, rawSize)) continue;
    const offset = rawOffset + inSection;
    const sizeBytes = Math.min(rawSize - inSection, source.sizeBytes - offset);
    if (sizeBytes > 0) return { offset, sizeBytes };
    throw new VmguestError("PE_TRUNCATED", `RVA 0x${rva.toString(16)} is not in the file`, {
      structure,
      offset,
    });
  }
  throw new VmguestError("PE_TRUNCATED", `RVA 0x${rva.toString(16)} is in no section`, { structure });
}

/** A range of the file, or PE_TRUNCATED where it is not all there. */
export function readPart(source: ByteSource, structure: string, offset: number, sizeBytes: number): DataView {
  if (offset + sizeBytes <= source.sizeBytes) return source.read(offset, sizeBytes);
  const message = `${structure} needs ${sizeBytes} bytes, but the file ends at 0x${source.sizeBytes.toString(16)}`;
  throw new VmguestError("PE_TRUNCATED", message, { structure, offset });
}
