import { describe, expect, test } from "vitest";
import { parseRegistryPath, throughControlSet } from "../../src/cli/registry-path.ts";

describe("a key on the command line", () => {
  test.each([
    { text: "HKLM\\SOFTWARE", hive: "SOFTWARE", key: "" },
    { text: "hklm\\software\\Microsoft", hive: "SOFTWARE", key: "Microsoft" },
    { text: "HKEY_LOCAL_MACHINE\\System\\Setup\\", hive: "SYSTEM", key: "Setup" },
    { text: "HKLM:\\SYSTEM\\Select", hive: "SYSTEM", key: "Select" },
    { text: "HKLM/SAM/SAM", hive: "SAM", key: "SAM" },
    { text: "HKLM\\SECURITY\\Policy", hive: "SECURITY", key: "Policy" },
    { text: "HKU\\.DEFAULT\\Software", hive: "DEFAULT", key: "Software" },
    { text: "HKCR\\.txt", hive: "SOFTWARE", key: "Classes\\.txt" },
  ])("$text is in the hive $hive", ({ text, hive, key }) => {
    expect(parseRegistryPath(text)).toMatchObject({ hive, key });
  });

  test.each([
    "",
    "SOFTWARE",
    "HKLM",
    "HKLM\\SOFTWAREX",
    "HKLM\\HARDWARE",
    "HKCU\\x",
    "HKU\\S-1-5-18",
    "constructor\\x",
  ])("%j is in none", (text) => {
    expect(() => parseRegistryPath(text)).toThrow(expect.objectContaining({ code: "USAGE" }));
  });

  test.each([
    { key: "CurrentControlSet", real: "ControlSet002" },
    { key: "currentcontrolset\\Services", real: "ControlSet002\\Services" },
    { key: "CurrentControlSetX\\Services", real: "CurrentControlSetX\\Services" },
    { key: "ControlSet001\\Services", real: "ControlSet001\\Services" },
    { key: "", real: "" },
  ])("$key means $real", ({ key, real }) => {
    const path = { hive: "SYSTEM", root: "HKEY_LOCAL_MACHINE\\SYSTEM", key };
    expect(throughControlSet(path, "ControlSet002").key).toBe(real);
  });
});
