// SPDX-License-Identifier: MIT
import { chunksOf } from "../chunks.ts";
import { defineCommand } from "../command.ts";
import { chooseCopyPath } from "../copy-path.ts";
import { EXIT } from "../exit-codes.ts";
import { HostFile } from "../host-file.ts";
import { withVolume } from "../open-volume.ts";
import { FILE_PATH, IMAGE, STATS, STREAM, VOLUME } from "./common-options.ts";

export const filesCopyOut = defineCommand({
  name: "files copy-out",
  describe: "Copy a file of an image to the host",
  details:
    "Copies one file to a file of the host: to the one named, into the folder named, or into the current folder. What " +
    "exists is never overwritten without --force.",
  positionals: {
    image: IMAGE,
    path: FILE_PATH,
    target: { describe: "File or folder of the host", isOptional: true },
  },
  options: {
    volume: VOLUME,
    stream: STREAM,
    force: { kind: "flag", describe: "Overwrite the file if it exists" },
    stats: STATS,
  },
  examples: [
    ["vmguest files copy-out web01.vhdx Windows/System32/config/SYSTEM", "Take a hive away"],
    ["vmguest files copy-out web01.vhdx Windows/Panther/setupact.log logs/web01.log", "Name the copy"],
  ],
  async run(args, context) {
    return await withVolume(args.image, args.volume, context, async ({ fileSystem }) => {
      const node = fileSystem.require(args.path);
      const source = node.open(args.stream);
      const path = chooseCopyPath(args.target, node.path);
      using target = HostFile.open(path, { inputs: [args.image], isNew: !args.force });
      target.writeAll(chunksOf(source));
      return EXIT.fine;
    });
  },
});
