import { describe, expect, test } from "vitest";
import { MemorySource } from "../../src/io/index.ts";
import { verifyCabinet } from "../../src/package/authenticode/index.ts";
import { readFixture } from "../support/fixtures.ts";

const verify = (name: string) => verifyCabinet(new MemorySource(readFixture(name)));

const OLD = "ic-cab/6.3.9600.18692";
const NEW = "ic-cab/6.3.9600.19456";

describe("the cabinets of the integration services", () => {
  test.each([
    { name: `${OLD}/windows6.2-hypervintegrationservices-x64.cab`, algorithms: ["sha1", "sha256"] },
    { name: `${OLD}/windows6.2-hypervintegrationservices-x86.cab`, algorithms: ["sha1", "sha256"] },
    { name: `${OLD}/windows6.x-hypervintegrationservices-x64.cab`, algorithms: ["sha1", "sha256"] },
    { name: `${OLD}/windows6.x-hypervintegrationservices-x86.cab`, algorithms: ["sha1", "sha256"] },
    { name: `${NEW}/Windows6.2-HyperVIntegrationServices-x64.cab`, algorithms: ["sha256"] },
  ])("$name is Microsoft's, signed with $algorithms", ({ name, algorithms }) => {
    const { verdict, digestAlgorithms, isWindowsComponent } = verify(name);
    expect({ verdict, digestAlgorithms, isWindowsComponent }).toEqual({
      verdict: "microsoft",
      digestAlgorithms: algorithms,
      isWindowsComponent: true,
    });
  });
});
