// SPDX-License-Identifier: MIT
import type { OpenedImage, OpenedWindows } from "../../audit/index.ts";
import { locate, VmguestError } from "../../errors.ts";
import { findWindows, readWindowsFacts } from "../../guest/index.ts";
import { formatJson, formatServices, type GuestServices, type ServiceReport } from "../../report/index.ts";
import { defineCommand } from "../command.ts";
import { tableWidth, wantsColour } from "../context.ts";
import { printFindings } from "../damage.ts";
import { EXIT } from "../exit-codes.ts";
import { withImage } from "../open-volume.ts";
import { IMAGE, STATS, TEXT_OR_JSON, VOLUME } from "./common-options.ts";

export const services = defineCommand({
  name: "services",
  describe: "List the integration services of a guest and how they start",
  details:
    "Lists the vmic* services and the VMBus drivers of every Windows in the image with their start types, as the " +
    "control set has them that Windows would start with. services enable and services disable change them.",
  positionals: { image: IMAGE },
  options: { volume: VOLUME, format: TEXT_OR_JSON, stats: STATS },
  examples: [
    ["vmguest services web01.vhdx", "See which services are disabled"],
    ["vmguest services web01.vhdx --format json", "Have the same for a script"],
  ],
  async run(args, context) {
    return await withImage(args.image, context, async (image) => {
      const found = findGuests(image, args.volume);
      for (const { windows } of found) await printFindings(windows.findings, context);
      const report: ServiceReport = {
        schema: "vmguest.services/1",
        image: args.image,
        guests: found.map(describeGuest),
      };
      const options = { colour: wantsColour(context, context.stdout), width: tableWidth(context) };
      const text = args.format === "json" ? formatJson(report) : formatServices(report, options);
      await context.stdout.write(text);
      return EXIT.fine;
    });
  },
});

/** Every Windows of the image, or of one volume: what is wrong with the others does not matter then. */
function findGuests(image: OpenedImage, index: number | undefined): readonly OpenedWindows[] {
  const where = index === undefined ? {} : { partition: index };
  const found = index === undefined ? image.windows() : locate(where, () => findOnVolume(image, index));
  if (found.length > 0) return found;
  throw new VmguestError("NOT_FOUND", "no Windows was found", where);
}

function findOnVolume(image: OpenedImage, index: number): OpenedWindows[] {
  const volume = image.volume(index);
  return findWindows(image.ntfs(volume)).map((windows) => ({ volume, windows }));
}

function describeGuest({ volume, windows }: OpenedWindows): GuestServices {
  const { integrationServices } = readWindowsFacts(windows);
  return {
    volume: volume.index,
    systemRoot: windows.systemRoot,
    controlSet: windows.controlSet,
    services: integrationServices?.services ?? [],
    drivers: integrationServices?.drivers ?? [],
  };
}
