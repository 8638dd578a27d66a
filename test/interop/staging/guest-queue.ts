import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { run, withNtfs3g } from "../differential/tools.ts";
import { type BuiltGuest, buildGuest } from "../guests/builder.ts";
import { endingOf, packDisk, unpackPartition } from "./containers.ts";
import { type StagedGuest, titleOf } from "./guests.ts";
import { guestPartition } from "./volume-view.ts";

/** A guest in a folder of its own. */
export interface QueuedGuest extends BuiltGuest {
  /** The SYSTEM hive as it counts, where it is not the one in the image: what its log adds is in it. */
  readonly recoveredHive: string | undefined;
}

/** Builders that run at a time: each waits for other programs most of its time. */
const AT_ONCE = 2;

const SECTOR = 512;

const SMALL = ["--virtual-size", "160M", "--files", "10", "--kernel-kb", "64", "--pagefile-kb", "64"];

/** Builds guests in order, a few ahead of who asks for them. */
export class GuestQueue {
  readonly #guests = new Map<StagedGuest, Promise<QueuedGuest>>();

  constructor(folder: string, guests: readonly StagedGuest[]) {
    const workers: Promise<unknown>[] = Array.from({ length: AT_ONCE }, () => Promise.resolve());
    for (const [index, guest] of guests.entries()) {
      const build = (workers[index % AT_ONCE] ?? Promise.resolve()).then(() =>
        buildInto(join(folder, `${index}`), index, guest),
      );
      // Who asks for the guest gets the error; the next one is built all the same.
      workers[index % AT_ONCE] = build.catch(() => undefined);
      this.#guests.set(guest, build);
    }
  }

  async take(guest: StagedGuest): Promise<QueuedGuest> {
    const built = this.#guests.get(guest);
    if (built === undefined) throw new Error(`${titleOf(guest)} is not in the queue`);
    return await built;
  }

  /** Ends when nothing is being built any more. */
  async end(): Promise<void> {
    await Promise.allSettled(this.#guests.values());
  }
}

async function buildInto(folder: string, index: number, guest: StagedGuest): Promise<QueuedGuest> {
  mkdirSync(folder);
  const { args, container, adjust } = guest;
  const [os = "", ...options] = args.split(" ");
  const format = adjust === undefined ? container : "raw";
  const built = await buildGuest(folder, index, {
    name: titleOf(guest),
    args: ["--os", os, ...SMALL, ...options, "--format", format],
    ending: endingOf(format),
  });
  return adjust === undefined ? { ...built, recoveredHive: undefined } : adjusted(built, guest);
}

function adjusted({ image, truth }: BuiltGuest, { adjust, container }: StagedGuest): QueuedGuest {
  const volume = `${image}.volume`;
  const scratch = `${image}.scratch`;
  const partition = guestPartition(truth);
  unpackPartition(image, partition, volume);
  const hive = withNtfs3g(volume, "rw", (mount) => adjust?.change?.(mount, scratch));
  adjust?.changeVolume?.(volume);
  const sectorCount = `seek=${partition.offset / SECTOR}`;
  run("dd", `if=${volume}`, `of=${image}`, `bs=${SECTOR}`, sectorCount, "conv=notrunc", "status=none");
  const disk = `${image}.disk`;
  renameSync(image, disk);
  const packed = join(dirname(image), `adjusted.${endingOf(container)}`);
  const blockSize = truth.args["block_size"];
  packDisk(disk, packed, container, typeof blockSize === "number" ? blockSize : undefined);
  const others = truth.partitions.filter((other) => other !== partition);
  const changed = { ...partition, sectors: statSync(volume).size / SECTOR };
  for (const path of [volume, scratch, disk]) rmSync(path, { force: true });
  const recoveredHive = hive && `${packed}.recovered`;
  if (recoveredHive !== undefined && hive !== undefined) writeFileSync(recoveredHive, hive);
  return { image: packed, truth: { ...truth, partitions: others.concat(changed) }, recoveredHive };
}
