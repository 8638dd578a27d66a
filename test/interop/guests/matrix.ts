/** One guest of the matrix: a name for the test's title and the builder's options. */
export interface GuestCase {
  readonly name: string;
  readonly args: readonly string[];
  /** File ending that goes with the format. */
  readonly ending?: "vhdx" | "vhd" | "raw";
}

const SMALL = ["--virtual-size", "160M", "--files", "10"];

function guest(os: string, ...args: string[]): GuestCase {
  const format = args[args.indexOf("--format") + 1] ?? "";
  const ending =
    !args.includes("--format") || format.startsWith("vhdx") ? "vhdx" : format === "raw" ? "raw" : "vhd";
  return { name: [os, ...args].join(" "), args: ["--os", os, ...SMALL, ...args], ending };
}

/** Guests built by third-party tools over every operating system, container, partitioning and state. */
export const GUESTS: readonly GuestCase[] = [
  // Every operating system as it comes
  guest("xpsp3", "--partition", "mbr"),
  guest("ws2003", "--partition", "mbr", "--ic-version", "6.2.9200.16384"),
  guest("vistasp2"),
  guest("ws2008sp2", "--partition", "mbr"),
  guest("win7", "--partition", "mbr"),
  guest("ws2008r2"),
  guest("whs2011"),
  guest("sbs2011"),
  guest("win8"),
  guest("ws2012"),
  guest("win81"),
  guest("ws2012r2"),
  guest("win10"),
  guest("win11"),
  guest("ws2016"),
  guest("ws2019"),
  guest("ws2022"),
  guest("ws2025"),
  guest("debian", "--virtual-size", "256M"),
  guest("ubuntu", "--fs", "xfs", "--virtual-size", "512M"),
  guest("rhel", "--fs", "btrfs", "--partition", "mbr", "--virtual-size", "512M"),
  guest("debian", "--lvm", "--virtual-size", "512M"),

  // Containers and partitioning
  guest("ws2008r2", "--format", "vhdx-fixed", "--block-size", "1M"),
  guest("ws2012", "--format", "vhdx-dynamic", "--block-size", "256M", "--cluster", "65536"),
  guest(
    "ws2012r2",
    "--format",
    "vhdx-dynamic",
    "--block-size",
    "1M",
    "--partition",
    "gpt-full",
    "--virtual-size",
    "512M",
  ),
  guest("win7", "--format", "vhd-dynamic", "--partition", "mbr", "--cluster", "512"),
  guest("ws2008r2", "--format", "vhd-fixed", "--partition", "mbr", "--cluster", "8192"),
  guest("win8", "--format", "raw", "--cluster", "2048"),
  guest("ws2012r2", "--format", "raw", "--partition", "none"),
  guest("ws2016", "--partition", "none", "--cluster", "16384"),
  guest("win7", "--partition", "mbr", "--virtual-size", "2200M"),
  guest("ws2012r2", "--arch", "amd64", "--no-dos-names", "--no-frag"),
  guest("win81", "--arch", "x86"),
  guest("win11", "--arch", "arm64"),

  // Integration services: none, old, current, lagging, recorded, stale
  guest("vistasp2", "--ic-version", "6.3.9600.18692"),
  guest("xpsp3", "--partition", "mbr", "--ic-version", "6.3.9600.16384"),
  guest("ws2008r2", "--ic-version", "none"),
  guest("ws2008r2", "--ic-version", "6.3.9600.19456"),
  guest("ws2012", "--ic-version", "6.3.9600.18692"),
  guest("ws2012r2", "--ic-version", "6.3.9600.18692", "--device-version", "6.3.9600.16384"),
  guest("ws2012", "--ic-version", "6.3.9600.18080", "--recorded"),
  guest("ws2008r2", "--ic-version", "6.3.9600.18080", "--recorded", "--driver-version", "6.1.7601.17514"),
  guest("ws2008r2", "--ic-version", "6.3.9600.17415", "--recorded", "--kvp", "never-ran"),
  guest("ws2012r2", "--never-on-hyperv"),
  guest("ws2019", "--recorded"),

  // Data Exchange and Windows Update
  guest("ws2008r2", "--kvp", "disabled"),
  guest("ws2012r2", "--kvp", "disabled", "--wu", "off"),
  guest("win7", "--partition", "mbr", "--wu", "policy"),
  guest("ws2012", "--wu", "service"),
  guest("ws2012r2", "--wu", "wsus"),
  guest("win8", "--wu", "notify"),
  guest("ws2016", "--wu", "service"),

  // States
  guest("ws2012r2", "--generalized"),
  guest("win10", "--generalized"),
  guest("ws2008r2", "--pending"),
  guest("win81", "--hibernated"),
  guest("win10", "--hiberfil", "wake"),
  guest("ws2012", "--ntfs-dirty"),
  guest("ws2012r2", "--logfile", "dirty"),
  guest("ws2008r2", "--logfile", "clean"),
  guest("ws2012r2", "--hive-dirty"),
  guest("ws2016", "--bitlocker"),
  guest("ws2012r2", "--current-controlset", "2"),
  guest("ws2012r2", "--hive-mb", "12", "--cbs-packages", "300"),
  guest("ws2008r2", "--files", "3000", "--virtual-size", "512M"),
];
