// SPDX-License-Identifier: MIT
import { attempt, type Finding, finding } from "../../errors.ts";
import { type ByteSource, readBytes } from "../../io/index.ts";
import { checksumMatches } from "../vhd/checksum.ts";
import { readDynamicHeader, readParentReference } from "../vhd/dynamic-header.ts";
import { type LocatedFooter, readFooter } from "../vhd/footer.ts";
import { DISK_TYPES, SECTOR_SIZE_BYTES, VhdDynamicHeader, VhdFooter } from "../vhd/layout.ts";
import { openVhd } from "../vhd/open-vhd.ts";
import { checkBlocks } from "./vhd-blocks.ts";
import { geometryOf } from "./vhd-geometry.ts";
import { firstNonZero } from "./zeros.ts";

/** Checks a VHD (Virtual Hard Disk Image Format Specification 1.0): footers, dynamic header, every block. */
export function* checkVhd(file: ByteSource): Generator<Finding> {
  const located = yield* attempt(() => readFooter(file));
  if (located === undefined) return;
  yield* checkFooter(located);
  const { footer } = located;
  if (footer.diskType !== DISK_TYPES.differencing) {
    const disk = yield* attempt(() => openVhd(file));
    if (disk === undefined) {
      yield* located.findings;
      return;
    }
    yield* disk.findings;
  } else yield* located.findings;
  if (footer.diskType === DISK_TYPES.fixed) return;

  yield* checkCopy(file, located);
  const read = yield* attempt(() => readDynamicHeader(file, footer));
  if (read === undefined) return;
  const { header, offset } = read;
  yield* checkDynamicHeader(header, offset);
  if (footer.diskType === DISK_TYPES.differencing)
    yield* attempt(() => readParentReference(file, header, offset));
  yield* checkBlocks(file, located, header, offset);
}

function* checkFooter({ footer, offset }: LocatedFooter): Generator<Finding> {
  const at = (field: keyof typeof VhdFooter.offsetOf) => ({
    structure: VhdFooter.structName,
    offset: offset + VhdFooter.offsetOf[field],
  });
  if (Math.floor(footer.features / ALWAYS_SET) % 2 === 0 || footer.features > KNOWN_FEATURES) {
    yield finding("VHD_FIELDS", `the features are 0x${footer.features.toString(16)}`, at("features"));
  }
  if (footer.savedState > 1) {
    yield finding("VHD_FIELDS", `the saved state is ${footer.savedState}, not 0 or 1`, at("savedState"));
  }
  if (footer.diskType === DISK_TYPES.fixed && footer.dataOffset !== ALL_ONES) {
    const message = `a fixed disk has its data offset 0x${footer.dataOffset.toString(16)}, not all ones`;
    yield finding("VHD_FIELDS", message, at("dataOffset"));
  }
  if (firstNonZero(footer.reserved) !== undefined) {
    yield finding("VHD_RESERVED", "reserved bytes of the footer are not zero", at("reserved"));
  }
  yield* checkGeometry(footer, at("cylinders"));
}

/** Bit 1 of the features must be set, bit 0 may be. */
const ALWAYS_SET = 2;
const KNOWN_FEATURES = 3;
const ALL_ONES = 2n ** 64n - 1n;

function* checkGeometry(footer: VhdFooter, where: { structure: string; offset: number }): Generator<Finding> {
  const size = footer.view.getBigUint64(footer.at + VhdFooter.offsetOf.currentSizeBytes);
  const expected = geometryOf(Number(size / BigInt(SECTOR_SIZE_BYTES)));
  const { cylinders, heads, sectorsPerTrack } = footer;
  const isExpected =
    cylinders === expected.cylinders &&
    heads === expected.heads &&
    sectorsPerTrack === expected.sectorsPerTrack;
  if (isExpected) return;
  const text = `${cylinders}/${heads}/${sectorsPerTrack}`;
  const wanted = `${expected.cylinders}/${expected.heads}/${expected.sectorsPerTrack}`;
  yield finding("VHD_GEOMETRY", `it is ${text}, the size of ${size} bytes asks for ${wanted}`, where);
}

/** The copy of the footer at the start, where that at the end is in use. */
function* checkCopy(file: ByteSource, located: LocatedFooter): Generator<Finding> {
  if (located.offset === 0) return;
  const where = { structure: VhdFooter.structName, offset: 0 };
  const copy = new VhdFooter(file.read(0, VhdFooter.sizeBytes));
  if (copy.cookie !== "conectix" || !checksumMatches(copy.view, VhdFooter.offsetOf.checksum)) {
    yield finding("VHD_FOOTER_COPY_DAMAGED", "the copy has no cookie or a wrong checksum", where);
    return;
  }
  const bytes = readBytes(file, 0, VhdFooter.sizeBytes);
  const { view } = located.footer;
  const differs = bytes.findIndex((byte, index) => byte !== view.getUint8(index));
  if (differs < 0) return;
  yield finding("VHD_FOOTERS_DIFFER", `they differ from byte ${differs} on`, where);
}

function* checkDynamicHeader(header: VhdDynamicHeader, offset: number): Generator<Finding> {
  const where = { structure: VhdDynamicHeader.structName, offset };
  if (header.dataOffset.some((byte) => byte !== 0xff)) {
    yield finding("VHD_FIELDS", "the data offset of the dynamic disk header is not all ones", where);
  }
  if (firstNonZero(header.reserved) !== undefined || firstNonZero(header.reservedToo) !== undefined) {
    yield finding("VHD_RESERVED", "reserved bytes of the dynamic disk header are not zero", where);
  }
}
