import type { TriggerId } from "../../../src/guest/index.ts";
import { type Adjustment, domainController, fullFolder, fullHive, unflushedHive } from "./adjustments.ts";
import type { Container } from "./containers.ts";

/** A guest that takes a CAB, and what is special about it. */
export interface StagedGuest {
  /** Arguments of the guest builder, without those of its container. */
  readonly args: string;
  readonly container: Container;
  /** What is done to its volume by other programs before it gets its container. */
  readonly adjust?: Adjustment;
  /** What makes it run the script; setup mode where left out. */
  readonly trigger?: TriggerId;
  /** Where the package comes from; Microsoft's 6.3.9600.18692 where left out. */
  readonly packages?: "18692" | "19456" | "lab";
}

const guest = (args: string, container: Container = "vhdx-dynamic", more: Partial<StagedGuest> = {}) => ({
  args,
  container,
  ...more,
});

/** Every Windows that is served by a CAB, for every processor that it exists for, over containers, volumes and states. */
export const STAGED_GUESTS: readonly StagedGuest[] = [
  guest("vistasp2 --partition mbr"),
  guest("vistasp2 --arch x86 --partition mbr", "vhd-dynamic"),
  guest("ws2008sp2 --partition none", "raw"),
  guest("ws2008sp2 --arch x86 --partition mbr", "vhd-fixed"),
  guest("win7 --partition gpt-full --virtual-size 512M"),
  guest("win7 --arch x86 --partition mbr --cluster 512"),
  guest("ws2008r2 --block-size 1M", "vhdx-fixed"),
  guest("ws2008r2 --cluster 65536 --virtual-size 512M"),
  guest("whs2011 --partition mbr --cluster 2048", "vhd-dynamic"),
  guest("sbs2011 --cluster 8192 --virtual-size 2200M"),
  guest("win8 --block-size 256M --cluster 16384"),
  guest("win8 --arch x86 --partition mbr", "raw"),
  guest("ws2012 --block-size 1M --cluster 32768 --virtual-size 400M"),
  guest("win81 --cluster 1024"),
  guest("win81 --arch x86 --partition none", "vhdx-dynamic"),
  guest("ws2012r2 --virtual-size 9G --block-size 8M"),

  guest("ws2012r2", "vhdx-diff"),
  guest("ws2008r2 --partition mbr --block-size 1M", "vhdx-diff"),

  guest("ws2012r2 --generalized", "vhdx-dynamic", { trigger: "setup-complete" }),
  guest("win7 --generalized --setup-scripts --partition mbr", "vhd-dynamic", { trigger: "setup-complete" }),
  guest("win81 --generalized --setup-scripts", "vhdx-fixed", { trigger: "setup-complete" }),
  guest("ws2012 --setup-scripts"),
  guest("ws2012r2", "vhdx-dynamic", { adjust: domainController, trigger: "group-policy" }),
  guest("ws2008sp2 --partition mbr", "vhd-dynamic", { adjust: domainController, trigger: "group-policy" }),

  guest("ws2012 --frag-turns 2500 --virtual-size 400M"),
  guest("ws2008r2 --files 2000 --virtual-size 512M"),
  guest("ws2012r2 --no-dos-names"),
  guest("ws2008r2 --no-frag --partition mbr", "vhd-fixed"),
  guest("ws2008r2 --system-hive-mb 5"),
  guest("ws2012r2 --current-controlset 2 --hiberfil wake --logfile clean"),
  guest("ws2008r2 --no-frag", "vhdx-dynamic", { adjust: fullFolder }),
  guest("ws2012", "vhdx-dynamic", { adjust: fullHive }),
  guest("ws2008r2", "vhdx-dynamic", { adjust: unflushedHive("old") }),
  guest("win81", "vhdx-dynamic", { adjust: unflushedHive("new") }),

  guest("ws2012r2 --ic-version 6.3.9600.18692", "vhdx-dynamic", { packages: "19456" }),
  guest("win8 --arch x86 --ic-version 6.3.9600.18692 --partition mbr", "raw", { packages: "lab" }),
];

/** One line for a test's title. */
export const titleOf = ({ args, container, adjust, packages }: StagedGuest): string =>
  [args, container, adjust?.title, packages].filter((part) => part !== undefined).join(", ");
