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

const SECTOR = 512;

const SMALL = ["--virtual-size", "160M", "--files", "10", "--kernel-kb", "64", "--pagefile-kb", "64"];

/** Builds guests in order: while one of them is looked at, the next one is being built. */
export class GuestQueue {
  readonly #folder: string;
  readonly #guests: readonly StagedGuest[];
  readonly #built = new Map<StagedGuest, Promise<QueuedGuest>>();

  constructor(folder: string, guests: readonly StagedGuest[]) {
    this.#folder = folder;
    this.#guests = guests;
  }

  /** A guest of the queue; throws what building it threw. */
  async take(guest: StagedGuest): Promise<QueuedGuest> {
    const index = this.#guests.indexOf(guest);
    if (index < 0) throw new Error(`${titleOf(guest)} is not in the queue`);
    const built = this.#build(index, guest);
    const next = this.#guests[index + 1];
    if (next !== undefined) void this.#build(index + 1, next);
    return await built;
  }

  /** Ends when nothing is being built any more. */
  async end(): Promise<void> {
    await Promise.allSettled(this.#built.values());
  }

  #build(index: number, guest: StagedGuest): Promise<QueuedGuest> {
    const known = this.#built.get(guest);
    if (known !== undefined) return known;
    const built = buildInto(join(this.#folder, `${index}`), index, guest);
    // An error is for who asks for the guest, if anybody does.
    built.catch(() => undefined);
    this.#built.set(guest, built);
    return built;
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
