// SPDX-License-Identifier: MIT
import { VmguestError } from "../errors.ts";

/** A key of a stopped guest's registry: the file that holds it, and the way inside. */
export interface RegistryPath {
  /** Name of the hive's file in `System32\config`. */
  readonly hive: string;
  /** What the hive's root is called in a running Windows: `HKEY_LOCAL_MACHINE\SOFTWARE`. */
  readonly root: string;
  /** From the root of the hive; empty for the root itself. */
  readonly key: string;
}

/** The short names that REG.EXE takes. */
const LONG_NAMES: Readonly<Record<string, string>> = {
  HKLM: "HKEY_LOCAL_MACHINE",
  HKU: "HKEY_USERS",
  HKCR: "HKEY_LOCAL_MACHINE\\SOFTWARE\\Classes",
  HKEY_CLASSES_ROOT: "HKEY_LOCAL_MACHINE\\SOFTWARE\\Classes",
};

/** Hives that are files in `System32\config`, by the roots under which Windows mounts them. */
const HIVES: readonly (readonly [root: string, hive: string])[] = [
  ["HKEY_LOCAL_MACHINE\\SOFTWARE", "SOFTWARE"],
  ["HKEY_LOCAL_MACHINE\\SYSTEM", "SYSTEM"],
  ["HKEY_LOCAL_MACHINE\\SAM", "SAM"],
  ["HKEY_LOCAL_MACHINE\\SECURITY", "SECURITY"],
  ["HKEY_LOCAL_MACHINE\\COMPONENTS", "COMPONENTS"],
  ["HKEY_USERS\\.DEFAULT", "DEFAULT"],
];

/**
 * The key that `text` names, as REG.EXE and PowerShell write it: `HKLM\SOFTWARE\...`, `HKEY_USERS\.DEFAULT`,
 * `HKLM:\SYSTEM\...`. Throws USAGE for keys that no file of a stopped Windows holds.
 */
export function parseRegistryPath(text: string): RegistryPath {
  const [first = "", ...rest] = text.split(/[\\/]/).filter((name) => name !== "");
  const short = first.replace(/:$/, "").toUpperCase();
  const path = [LONG_NAMES[short] ?? short, ...rest].join("\\");
  for (const [root, hive] of HIVES) {
    if (`${path}\\`.toUpperCase().startsWith(`${root}\\`))
      return { hive, root, key: path.slice(root.length + 1) };
  }
  const roots = HIVES.map(([root]) =>
    root.replace(/^HKEY_LOCAL_MACHINE/, "HKLM").replace(/^HKEY_USERS/, "HKU"),
  );
  throw new VmguestError(
    "USAGE",
    `"${text}" is below no hive that a stopped Windows has: ${roots.join(", ")}`,
  );
}

/** A link to the control set in use, which exists only while Windows runs. */
const CURRENT = "CurrentControlSet";

/** The key that a path in the SYSTEM hive means when `controlSet` stands for CurrentControlSet. */
export function throughControlSet(path: RegistryPath, controlSet: string): RegistryPath {
  const [first = "", ...rest] = path.key.split("\\");
  if (first.toUpperCase() !== CURRENT.toUpperCase()) return path;
  return { ...path, key: [controlSet, ...rest].join("\\") };
}
