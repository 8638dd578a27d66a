import { encodeUtf16 } from "../../src/bytes/index.ts";
import {
  CHARACTERISTICS,
  DataDirectory,
  DosHeader,
  FIXED_FILE_INFO_SIGNATURE,
  FixedFileInfo,
  OPTIONAL_MAGIC,
  OptionalHeader32,
  OptionalHeader64,
  PeHeader,
  RESOURCE_DIRECTORY_INDEX,
  ResourceData,
  ResourceDirectory,
  ResourceEntry,
  SectionHeader,
} from "../../src/package/pe/layout.ts";

/** A PE image as it is to be built; everything has a default. */
export interface LabPe {
  /** Four numbers. */
  readonly fileVersion?: string;
  readonly productVersion?: string;
  /** Texts of the one string table. */
  readonly strings?: Readonly<Record<string, string>>;
  /** COFF machine; 0x8664 (x64) and 0xAA64 (arm64) get the 64-bit form. */
  readonly machine?: number;
  readonly isDll?: boolean;
  /** `FixedFileInfo.fileType`. */
  readonly fileType?: number;
  /** Languages of the version resource; each has the same bytes but for `languageVersions`. */
  readonly languages?: readonly number[];
  /** File versions by language, where they are to differ. */
  readonly languageVersions?: Readonly<Record<number, string>>;
  /** Numbers of other resource types in the root directory. */
  readonly otherTypes?: readonly number[];
  /** Bytes of code in front of the resources, and of other resources in front of the version. */
  readonly codeSizeBytes?: number;
  readonly otherResourcesSizeBytes?: number;
  /** Resource in place of the version that the fields above describe. */
  readonly versionResource?: Uint8Array;
}

/** Where {@link buildPe} puts things, for tests that damage them. */
export const PE_PLACES = { peHeader: 0x80, optionalHeader: 0x98, headersSize: 0x400 } as const;

const RESOURCES_RVA = 0x1000_0000;

/** An image with a code section and a resource section, laid out as Microsoft's linker does. */
export function buildPe(pe: LabPe = {}): Uint8Array {
  const { machine = 0x8664, codeSizeBytes = 0x200 } = pe;
  const is64 = machine === 0x8664 || machine === 0xaa64;
  const Optional = is64 ? OptionalHeader64 : OptionalHeader32;
  const optionalSize = Optional.sizeBytes + 16 * DataDirectory.sizeBytes;
  const resources = buildResources(pe);
  const resourcesOffset = PE_PLACES.headersSize + codeSizeBytes;
  const bytes = new Uint8Array(resourcesOffset + resources.length);
  const view = new DataView(bytes.buffer);

  Object.assign(new DosHeader(view), { signature: "MZ", peOffset: PE_PLACES.peHeader });
  Object.assign(new PeHeader(view, PE_PLACES.peHeader), {
    signature: "PE",
    machine,
    sectionCount: 2,
    optionalHeaderSize: optionalSize,
    characteristics: pe.isDll === true ? CHARACTERISTICS.dll : 0,
  });
  Object.assign(new Optional(view, PE_PLACES.optionalHeader), {
    magic: is64 ? OPTIONAL_MAGIC.pe32Plus : OPTIONAL_MAGIC.pe32,
    directoryCount: 16,
  });
  const directoryAt =
    PE_PLACES.optionalHeader + Optional.sizeBytes + RESOURCE_DIRECTORY_INDEX * DataDirectory.sizeBytes;
  Object.assign(new DataDirectory(view, directoryAt), { rva: RESOURCES_RVA, sizeBytes: resources.length });

  const sectionsAt = PE_PLACES.optionalHeader + optionalSize;
  Object.assign(new SectionHeader(view, sectionsAt), {
    name: ".text",
    virtualSize: codeSizeBytes,
    virtualAddress: 0x1000,
    rawSize: codeSizeBytes,
    rawOffset: PE_PLACES.headersSize,
  });
  Object.assign(new SectionHeader(view, sectionsAt + SectionHeader.sizeBytes), {
    name: ".rsrc",
    virtualSize: resources.length,
    virtualAddress: RESOURCES_RVA,
    rawSize: resources.length,
    rawOffset: resourcesOffset,
  });
  bytes.set(resources, resourcesOffset);
  return bytes;
}

/** A version resource: the numbers, one string table, and the list of translations. */
export function buildVersionResource(pe: LabPe = {}): Uint8Array {
  const { fileVersion = "6.3.9600.19456", productVersion = fileVersion } = pe;
  const strings = pe.strings ?? { FileVersion: fileVersion, ProductVersion: productVersion };
  const fixed = new FixedFileInfo(new DataView(new ArrayBuffer(FixedFileInfo.sizeBytes)));
  fixed.signature = FIXED_FILE_INFO_SIGNATURE;
  [fixed.fileVersionHigh, fixed.fileVersionLow] = packVersion(fileVersion);
  [fixed.productVersionHigh, fixed.productVersionLow] = packVersion(productVersion);
  fixed.fileType = pe.fileType ?? 3;
  const texts = Object.entries(strings).map(([key, text]) =>
    buildVersionNode(key, encodeUtf16(`${text}\0`), [], text.length + 1),
  );
  return buildVersionNode("VS_VERSION_INFO", new Uint8Array(fixed.view.buffer), [
    buildVersionNode("StringFileInfo", new Uint8Array(0), [
      buildVersionNode("040904B0", new Uint8Array(0), texts),
    ]),
    buildVersionNode("VarFileInfo", new Uint8Array(0), [
      buildVersionNode("Translation", Uint8Array.of(9, 4, 0xb0, 4), []),
    ]),
  ]);
}

/** One node of a version resource; `valueSize` is what the node says, in bytes or in UTF-16 units. */
export function buildVersionNode(
  key: string,
  value: Uint8Array,
  children: readonly Uint8Array[],
  valueSize = value.length,
): Uint8Array {
  const parts = [new Uint8Array(6), encodeUtf16(`${key}\0`)];
  const bytes = concatAligned([Buffer.concat(parts), value, ...children]);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, bytes.length, true);
  view.setUint16(2, valueSize, true);
  view.setUint16(4, value.length === valueSize ? 0 : 1, true);
  return bytes;
}

/** The resource section: type, name and language directories, one data entry a language, the data. */
function buildResources(pe: LabPe): Uint8Array {
  const { languages = [0x409], otherTypes = [], otherResourcesSizeBytes = 0 } = pe;
  const types = [...otherTypes, 16].toSorted((a, b) => a - b);
  const directorySize = (count: number) => ResourceDirectory.sizeBytes + count * ResourceEntry.sizeBytes;
  const nameAt = directorySize(types.length);
  const languageAt = nameAt + directorySize(1);
  const leavesAt = languageAt + directorySize(languages.length);
  const dataAt = leavesAt + languages.length * ResourceData.sizeBytes + otherResourcesSizeBytes;

  const resources = languages.map((language) => {
    const fileVersion = pe.languageVersions?.[language] ?? pe.fileVersion;
    return pe.versionResource ?? buildVersionResource({ ...pe, ...(fileVersion && { fileVersion }) });
  });
  const data = concatAligned(resources);
  const bytes = new Uint8Array(dataAt + data.length);
  const view = new DataView(bytes.buffer);
  const writeDirectory = (at: number, rows: readonly { id: number; target: number }[]) => {
    new ResourceDirectory(view, at).idCount = rows.length;
    rows.forEach((row, index) => {
      Object.assign(new ResourceEntry(view, at + directorySize(index)), row);
    });
  };
  const below = (at: number) => at + 0x80000000;
  writeDirectory(
    0,
    types.map((id) => ({ id, target: below(nameAt) })),
  );
  writeDirectory(nameAt, [{ id: 1, target: below(languageAt) }]);
  writeDirectory(
    languageAt,
    languages.map((id, index) => ({ id, target: leavesAt + index * ResourceData.sizeBytes })),
  );
  let at = dataAt;
  resources.forEach((resource, index) => {
    const leaf = new ResourceData(view, leavesAt + index * ResourceData.sizeBytes);
    Object.assign(leaf, { rva: RESOURCES_RVA + at, sizeBytes: resource.length });
    at += align(resource.length);
  });
  bytes.set(data, dataAt);
  return bytes;
}

function packVersion(version: string): [high: number, low: number] {
  const [a = 0, b = 0, c = 0, d = 0] = version.split(".").map(Number);
  return [a * 0x10000 + b, c * 0x10000 + d];
}

function align(size: number): number {
  return Math.ceil(size / 4) * 4;
}

function concatAligned(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((size, part) => align(size) + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at = align(at + part.length);
  }
  return bytes;
}
