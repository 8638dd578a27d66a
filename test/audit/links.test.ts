import { describe, expect, test } from "vitest";
import { openImage } from "../../src/audit/index.ts";
import { CONTAINERS, layGpt, windowsVolume } from "../lab/guest-image.ts";
import { junction } from "../lab/ntfs/links.ts";
import { imageFile } from "./audits.ts";

const FILES = {
  "Users/admin.txt": "hello",
  "Documents and Settings": junction("\\??\\C:\\Users"),
  Elsewhere: junction("\\??\\D:\\Users"),
};
const path = imageFile(
  "links.vhdx",
  CONTAINERS.vhdx(layGpt([windowsVolume({ release: "ws2012r2" }, { files: FILES })])),
);

describe("a junction in an image", () => {
  test("is followed to the drive that the Windows on the volume calls its own", () => {
    using image = openImage(path);
    expect(image.fileSystem(0).require("Documents and Settings/admin.txt").path).toBe("Users/admin.txt");
  });

  test("is not followed to another drive", () => {
    using image = openImage(path);
    expect(() => image.fileSystem(0).find("Elsewhere/admin.txt")).toThrow(
      expect.objectContaining({ code: "NTFS_LINK_OUTSIDE" }),
    );
  });
});
