import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { identifyFile } from "../../../src/batch/cache/image-identity.ts";
import { VhdImage } from "../../lab/vhd.ts";
import { VhdxImage } from "../../lab/vhdx.ts";
import { newFolder, rawFile } from "./kept-images.ts";

/** What a file with these bytes says of itself, without what the host says of the file. */
function formatIdentity(bytes: Uint8Array): string {
  const { text } = identifyFile(rawFile(newFolder(), "image", bytes)) ?? expect.fail("no identity");
  const [, , , , ...format] = text.split(" ");
  return format.join(" ");
}

describe("an image is known by what its format says of it:", () => {
  const GUID = "5d2c1a3e-0000-4000-8000-aabbccddeeff";
  const newVhdx = () => new VhdxImage({ virtualSizeBytes: 1024 * 1024 });
  const vhdx = formatIdentity(newVhdx().toBytes());

  test.each<{ what: string; image: VhdxImage }>([
    {
      what: "DataWriteGuid",
      image: newVhdx().editHeader(0, (header) => Object.assign(header, { dataWriteGuid: GUID })),
    },
    {
      what: "FileWriteGuid",
      image: newVhdx().editHeader(1, (header) => Object.assign(header, { fileWriteGuid: GUID })),
    },
    { what: "log", image: newVhdx().editHeader(0, (header) => Object.assign(header, { logGuid: GUID })) },
    {
      what: "sequence number",
      image: newVhdx().editHeader(1, (header) => Object.assign(header, { sequence: 77n })),
    },
    {
      what: "checksum",
      image: newVhdx().editHeader(1, (header) => Object.assign(header, { logLengthBytes: 0 })),
    },
  ])("the $what of either header of a VHDX", ({ image }) => {
    expect(formatIdentity(newVhdx().toBytes())).toBe(vhdx);
    expect(formatIdentity(image.toBytes())).not.toBe(vhdx);
  });

  test("one header of a VHDX where the other is damaged", () => {
    const damaged = newVhdx();
    damaged.write(64 * 1024, new Uint8Array(80));
    const other = newVhdx().editHeader(1, (header) => Object.assign(header, { dataWriteGuid: GUID }));
    other.write(64 * 1024, new Uint8Array(80));
    expect(formatIdentity(damaged.toBytes())).not.toBe(formatIdentity(other.toBytes()));
  });

  test.each([2, 3])("the footer of a VHD of type %i, also one that lacks its last byte", (diskType) => {
    const bytesOf = (identity: number) =>
      new VhdImage({ virtualSizeBytes: 4 * 1024 * 1024, diskType, identity }).bytes;
    expect(formatIdentity(bytesOf(1))).toBe(formatIdentity(bytesOf(1)));
    expect(formatIdentity(bytesOf(1))).not.toBe(formatIdentity(bytesOf(2)));
    const shortened = (identity: number) => formatIdentity(bytesOf(identity).subarray(0, -1));
    expect(shortened(1)).not.toBe("raw");
    expect(shortened(1)).not.toBe(shortened(2));
  });

  test.each([0, 1, 511, 512, 70_000, 140_000])("a raw disk of %i bytes says nothing", (sizeBytes) => {
    expect(formatIdentity(new Uint8Array(sizeBytes))).toBe("raw");
  });
});

test("what is no regular file has no identity", () => {
  const folder = newFolder();
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  for (const path of [folder, pipe, "/dev/null", join(folder, "absent")])
    expect(identifyFile(path)).toBeUndefined();
});
