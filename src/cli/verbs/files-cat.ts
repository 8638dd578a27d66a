// SPDX-License-Identifier: MIT
import { chunksOf } from "../chunks.ts";
import { defineCommand } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { withVolume } from "../open-volume.ts";
import { FILE_PATH, IMAGE, STATS, STREAM, VOLUME } from "./common-options.ts";

export const filesCat = defineCommand({
  name: "files cat",
  describe: "Write a file of an image to stdout",
  details: "Writes the bytes of the file as they are; pass what you do not trust through a pager.",
  positionals: { image: IMAGE, path: FILE_PATH },
  options: { volume: VOLUME, stream: STREAM, stats: STATS },
  examples: [
    ["vmguest files cat web01.vhdx Windows/WindowsUpdate.log | less", "Read a log"],
    ["vmguest files cat web01.vhdx setup.exe --stream Zone.Identifier", "See where a file came from"],
  ],
  async run(args, context) {
    return await withVolume(args.image, args.volume, context, async ({ fileSystem }) => {
      for (const chunk of chunksOf(fileSystem.require(args.path).open(args.stream))) {
        await context.stdout.write(chunk);
        if (!context.stdout.hasReader) break;
      }
      return EXIT.fine;
    });
  },
});
