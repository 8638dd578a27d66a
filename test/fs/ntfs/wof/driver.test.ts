import { expect, test } from "vitest";
import { openNtfs } from "../../../../src/fs/index.ts";
import { MemorySource } from "../../../../src/io/index.ts";
import { readPeVersion } from "../../../../src/package/index.ts";
import { WOF_ALGORITHMS, wofFile } from "../../../lab/ntfs/wof.ts";
import { buildNtfs } from "../../../lab/ntfs.ts";
import { buildPe } from "../../../lab/pe.ts";

const DRIVER = "Windows/System32/drivers/vmbus.sys";

test.each(WOF_ALGORITHMS)(
  "the version of a driver that CompactOS compressed by $name is read",
  (algorithm) => {
    const driver = buildPe();
    const { fileVersion } = readPeVersion(new MemorySource(driver));
    const volume = openNtfs(new MemorySource(buildNtfs({ files: { [DRIVER]: wofFile(driver, algorithm) } })));
    expect(fileVersion).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    expect(readPeVersion(volume.require(DRIVER).open()).fileVersion).toBe(fileVersion);
  },
);
