// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { FileSystem } from "../../fs/index.ts";
import { findSystemRoots, type OpenedHive, openHive } from "../../guest/index.ts";
import { currentControlSet, type Hive, type Key } from "../../registry/index.ts";
import {
  formatRegistryJson,
  formatRegistryKey,
  type RegistryKey,
  type RegistryListing,
} from "../../report/index.ts";
import { defineCommand } from "../command.ts";
import { atPlace, printDamage, printFindings } from "../damage.ts";
import { withVolume } from "../open-volume.ts";
import { parseRegistryPath, throughControlSet } from "../registry-path.ts";
import { walkKeys } from "../registry-walk.ts";
import { IMAGE, STATS, TEXT_OR_JSON, VOLUME } from "./common-options.ts";

/** How REG QUERY shows the value without a name. */
const DEFAULT_VALUE = "(Default)";

export const registryQuery = defineCommand({
  name: "registry query",
  describe: "Print keys and values of the registry of a stopped Windows, as REG QUERY does",
  details:
    "Reads the hives in System32\\config with their transaction logs applied in memory. Keys are written as REG.EXE " +
    "takes them: HKLM\\SOFTWARE, HKLM\\SYSTEM, HKLM\\SAM, HKLM\\SECURITY, HKLM\\COMPONENTS and HKU\\.DEFAULT; " +
    "HKLM\\SYSTEM\\CurrentControlSet is the control set that Windows would start with, and the output names it.",
  positionals: { image: IMAGE, key: { describe: "Key, such as HKLM\\SOFTWARE\\Microsoft" } },
  options: {
    value: { kind: "text", describe: `Only the value of this name; ${DEFAULT_VALUE} is the one without` },
    recursive: { kind: "flag", describe: "With all keys below" },
    format: TEXT_OR_JSON,
    volume: VOLUME,
    stats: STATS,
  },
  examples: [
    [
      "vmguest registry query web01.vhdx 'HKLM\\SOFTWARE\\Microsoft\\Virtual Machine' --recursive",
      "See what Hyper-V has left in the guest",
    ],
    [
      "vmguest registry query web01.vhdx 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\vmickvpexchange'",
      "See how Data Exchange starts",
    ],
  ],
  async run(args, context) {
    const wanted = parseRegistryPath(args.key);
    return await withVolume(args.image, args.volume, context, async ({ volume, fileSystem }) => {
      const { hive, path, findings } = openGuestHive(fileSystem, wanted.hive);
      await printFindings(findings, context);
      const controlSet = wanted.hive === "SYSTEM" ? currentControlSet(hive).name : null;
      const { root, key: keyPath } = controlSet === null ? wanted : throughControlSet(wanted, controlSet);

      const where = { image: args.image, partition: volume.index, path };
      const damage: VmguestError[] = [];
      const keys = walkKeys(requireKey(hive, keyPath, path), {
        root,
        isRecursive: args.recursive,
        value: args.value === DEFAULT_VALUE ? "" : args.value,
        onDamage: (error) => damage.push(atPlace(error, where)),
      });
      const found = args.value === undefined ? keys : withValues(keys, args.value, path);
      const listing: RegistryListing = {
        schema: "vmguest.registry/1",
        image: args.image,
        volume: volume.index,
        hive: path,
        controlSet,
      };
      const pieces = args.format === "json" ? formatRegistryJson(listing, found) : formatKeys(found);
      await context.stdout.writeAll(pieces);
      return await printDamage(damage, context);
    });
  },
});

function openGuestHive(fileSystem: FileSystem, name: string): OpenedHive {
  const [systemRoot] = findSystemRoots(fileSystem).roots;
  if (systemRoot !== undefined) return openHive(fileSystem, systemRoot, name);
  throw new VmguestError("NOT_FOUND", "there is no Windows on the volume");
}

function requireKey(hive: Hive, path: string, file: string): Key {
  const key = hive.find(path);
  if (key !== undefined) return key;
  throw new VmguestError("NOT_FOUND", "there is no such key", { path: `${file}: ${path}` });
}

function* formatKeys(keys: Iterable<RegistryKey>): Generator<string> {
  for (const key of keys) yield formatRegistryKey(key);
}

/** The keys that have the value; throws NOT_FOUND at the end where none has. */
function* withValues(keys: Iterable<RegistryKey>, name: string, path: string): Generator<RegistryKey> {
  let count = 0;
  for (const key of keys) {
    if (key.values.length === 0) continue;
    count++;
    yield key;
  }
  if (count === 0) throw new VmguestError("NOT_FOUND", `there is no value "${name}"`, { path });
}
