// SPDX-License-Identifier: MIT
import { filetimeToDate } from "../../bytes/index.ts";
import { VmguestError } from "../../errors.ts";
import type { DirectoryEntry, FileNode } from "../../fs/index.ts";
import { type FileEntry, type FileListing, formatFileList, formatJson } from "../../report/index.ts";
import { defineCommand } from "../command.ts";
import { atPlace, printDamage } from "../damage.ts";
import { withVolume } from "../open-volume.ts";
import { IMAGE, STATS, TEXT_OR_JSON, VOLUME } from "./common-options.ts";

export const filesList = defineCommand({
  name: "files list",
  describe: "List a folder of an image",
  details:
    "Lists what is in a folder, or one file, with sizes in bytes, times in UTC and alternate data streams.",
  positionals: {
    image: IMAGE,
    path: {
      describe: "Path from the root of the volume, with / or \\; the root without it",
      isOptional: true,
    },
  },
  options: { volume: VOLUME, format: TEXT_OR_JSON, stats: STATS },
  examples: [
    ["vmguest files list web01.vhdx Windows/System32/config", "See the files of the registry"],
    ["vmguest files list data.vhdx --volume 1 --format json", "Have the root of a volume for a script"],
  ],
  async run(args, context) {
    return await withVolume(args.image, args.volume, context, async ({ volume, fileSystem }) => {
      const node = fileSystem.require(args.path ?? "");
      const damage: VmguestError[] = [];
      const where = { image: args.image, partition: volume.index };
      const entries = node.isDirectory
        ? describeEntries(node, (error) => damage.push(atPlace(error, where)))
        : [describeNode(node.path.slice(node.path.lastIndexOf("/") + 1), node)];
      const listing: FileListing = {
        schema: "vmguest.files/1",
        image: args.image,
        volume: volume.index,
        path: node.path,
        entries,
      };
      await context.stdout.write(args.format === "json" ? formatJson(listing) : formatFileList(listing));
      return await printDamage(damage, context);
    });
  },
});

/** What is in a folder, as far as it can be read: damage is told and left out, or marks the entry it concerns. */
function describeEntries(folder: FileNode, onDamage: (error: VmguestError) => void): FileEntry[] {
  const entries: FileEntry[] = [];
  const attempt = (work: () => void, otherwise?: (error: VmguestError) => void) => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof VmguestError)) throw error;
      onDamage(error);
      otherwise?.(error);
    }
  };
  attempt(() => {
    for (const entry of folder.list()) {
      attempt(
        () => entries.push(describeNode(entry.name, entry.open())),
        (error) => entries.push(describeUnreadable(entry, error)),
      );
    }
  });
  return entries;
}

function describeNode(name: string, node: FileNode): FileEntry {
  return {
    name,
    isDirectory: node.isDirectory,
    sizeBytes: node.sizeBytes,
    modified: formatTime(node.times.modified),
    created: formatTime(node.times.created),
    attributes: node.attributes,
    streams: node.streams.map(({ name, sizeBytes }) => ({ name, sizeBytes })),
    error: null,
  };
}

function describeUnreadable({ name, isDirectory }: DirectoryEntry, { code }: VmguestError): FileEntry {
  return {
    name,
    isDirectory,
    sizeBytes: null,
    modified: null,
    created: null,
    attributes: null,
    streams: [],
    error: code,
  };
}

function formatTime(filetime: bigint): string | null {
  return filetimeToDate(filetime)?.toISOString() ?? null;
}
