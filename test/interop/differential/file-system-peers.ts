// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { METADATA_FILE } from "../../lab/ntfs/listing.ts";
import type { VolumePlan } from "./plan.ts";
import type { Random } from "./random.ts";
import { fullName, type Row } from "./rows.ts";
import { md5, run, runForBytes, withNtfs3g } from "./tools.ts";

/** What another program says of a volume, line by line, and the same lines as they follow from what we read. */
export interface Comparison {
  readonly theirs: readonly string[];
  readonly ours: readonly string[];
}

interface FileSystemPeer {
  /** Volumes that it reads; the ones that it does not are shown in known-differences.test.ts. */
  reads(plan: VolumePlan): boolean;
  /** `random` draws the files of which it reads the content one by one. */
  compare(volume: string, rows: readonly Row[], random: Random): Comparison;
}

/** Where a program shows one file a process: more of them would cost more than they find. */
const SAMPLE_COUNT = 8;

/** The largest clusters that the Sleuth Kit knows: those that NTFS had before Windows 10. */
const SLEUTH_KIT_CLUSTER_MAX = 65_536;

/** Of the only clusters with which libfsntfs finds all records of a directory's index: they are as large as those. */
const LIBFSNTFS_CLUSTER_SIZE = 4096;

export const FILE_SYSTEM_PEERS = {
  "ntfs-3g": { reads: () => true, compare: compareWithNtfs3g },
  "the Sleuth Kit": {
    reads: ({ clusterSizeBytes }) => clusterSizeBytes <= SLEUTH_KIT_CLUSTER_MAX,
    compare: compareWithSleuthKit,
  },
  "ntfsls and ntfscat": { reads: () => true, compare: compareWithNtfsprogs },
  libfsntfs: {
    reads: ({ clusterSizeBytes }) => clusterSizeBytes === LIBFSNTFS_CLUSTER_SIZE,
    compare: compareWithLibfsntfs,
  },
} satisfies Record<string, FileSystemPeer>;

const EMPTY_MD5 = md5(Buffer.alloc(0));

const isStream = ({ stream }: Row) => stream !== undefined;
const isUnnamed = ({ stream }: Row) => stream === undefined;
const contentLine = (row: Row) => `${row.sizeBytes} ${row.md5} ${fullName(row)}`;

/** Names, sizes and contents of everything, and where links lead. */
function compareWithNtfs3g(volume: string, rows: readonly Row[]): Comparison {
  return withNtfs3g(volume, "ro,streams_interface=windows", (mount) => ({
    // A folder of the host does not list streams; ours are read by their names, and other tools list them.
    theirs: [...listHost(mount), ...rows.filter(isStream).map((row) => hostFileLine(mount, fullName(row)))],
    ours: rows.map((row) => {
      if (row.link !== undefined) return `link ${row.path} -> ${hostTarget(mount, row.link)}`;
      return row.isDirectory ? `directory ${row.path}` : contentLine(row);
    }),
  }));
}

function listHost(mount: string, at = ""): string[] {
  return readdirSync(join(mount, at), { withFileTypes: true }).flatMap((entry) => {
    const path = at === "" ? entry.name : `${at}/${entry.name}`;
    if (entry.isSymbolicLink()) return [hostLinkLine(mount, path)];
    return entry.isDirectory()
      ? [`directory ${path}`, ...listHost(mount, path)]
      : [hostFileLine(mount, path)];
  });
}

function hostFileLine(mount: string, path: string): string {
  const bytes = readFileSync(`${mount}/${path}`);
  return `${bytes.length} ${md5(bytes)} ${path}`;
}

/** A system file that begins with `IntxLNK` is a link for ntfs-3g, which made it, and a file for Windows and us. */
function hostLinkLine(mount: string, path: string): string {
  const target = readlinkSync(`${mount}/${path}`);
  if (!path.startsWith("links/interix")) return `link ${path} -> ${target}`;
  const content = Buffer.concat([Buffer.from("IntxLNK\u0001"), Buffer.from(target, "utf16le")]);
  return `${content.length} ${md5(content)} ${path}`;
}

/** ntfs-3g takes the drive of an absolute target for the volume itself, and shows where that is mounted. */
const hostTarget = (mount: string, target: string) =>
  target.replace(/^\\\?\?\\[A-Z]:/, mount.replaceAll("/", "\\")).replaceAll("\\", "/");

/** Names and sizes of everything, the content of all unnamed streams, and that of the named ones in a sample. */
function compareWithSleuthKit(volume: string, rows: readonly Row[], random: Random): Comparison {
  // The digest that tsk_gettimes prints for a named stream is that of the unnamed one, so icat reads those.
  const sample = drawSample(rows.filter(isStream), random);
  const addresses = new Map<string, string>();
  const listed: string[] = [];
  for (const row of run("tsk_gettimes", "-m", volume).split("\n")) {
    const [, digest, name, address, size] =
      /^([0-9a-f]{32})\|(.*)\|(\d+-\d+-\d+)\|[^|]+\|\d+\|\d+\|(\d+)(?:\|\d+){4}$/.exec(row) ?? [];
    if (name === undefined || address === undefined || isOfSleuthKitAlone(name, address)) continue;
    addresses.set(name, address);
    if (address.includes("-144-")) listed.push(`directory ${name}`);
    else listed.push(`${size} ${isNamedStream(rows, name) ? "" : `${digest} `}${name}`);
  }
  const volumeSizeBytes = statSync(volume).size;
  const contents = sample.map((row) => {
    const bytes = runForBytes("icat", volume, addresses.get(sleuthKitName(row)) ?? "");
    return `${bytes.length} ${md5(bytes)} ${fullName(row)}`;
  });
  return {
    theirs: [...listed, ...contents],
    ours: [
      ...rows
        // It refuses a run that is longer than the volume, though a hole may be that: such a file has no data for it.
        .filter((row) => row.sizeBytes <= volumeSizeBytes || addresses.has(sleuthKitName(row)))
        .map(sleuthKitLine),
      ...sample.map(contentLine),
    ],
  };
}

function sleuthKitLine(row: Row): string {
  const name = sleuthKitName(row);
  if (row.isDirectory) return `directory ${name}`;
  return isStream(row) ? `${row.sizeBytes} ${name}` : `${row.sizeBytes} ${row.md5 ?? EMPTY_MD5} ${name}`;
}

/** $FILE_NAME attributes, the entries `.` and `..`, orphans, what was deleted, and metadata files. */
const isOfSleuthKitAlone = (name: string, address: string) =>
  address.includes("-48-") ||
  / \(deleted(-realloc)?\)$/.test(name) ||
  /\/\.{1,2}(:|$)/.test(name) ||
  name.startsWith("$OrphanFiles") ||
  METADATA_FILE.test(name);

/** The Sleuth Kit prints control characters, but for DEL, as circumflexes. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const sleuthKitName = (row: Row) => fullName(row).replaceAll(/[\u0001-\u001f]/g, "^");

function isNamedStream(rows: readonly Row[], name: string): boolean {
  return rows.some((row) => isStream(row) && sleuthKitName(row) === name);
}

/** Names and sizes of all files, and the contents of a sample of files and streams. */
function compareWithNtfsprogs(volume: string, rows: readonly Row[], random: Random): Comparison {
  const listed: string[] = [];
  let directory = "";
  for (const line of run("ntfsls", "-R", "-l", "-i", "-F", volume).split("\n")) {
    const [, folder] = /^\/(.*):$/.exec(line) ?? [];
    if (folder !== undefined) directory = folder;
    const [, record, size, name] = /^ +(\d+) +(\d+) \w{3} \d\d \d\d:\d\d \d{4} (.*)$/s.exec(line) ?? [];
    if (name === undefined || name === "./" || name === "../") continue;
    const path = `${directory}${name}`;
    listed.push(
      path.endsWith("/") ? `directory ${record} ${path.slice(0, -1)}` : `${size} ${record} ${path}`,
    );
  }
  const sample = drawSample(
    rows.filter((row) => row.md5 !== undefined),
    random,
  );
  const contents = sample.map((row) => {
    const stream = row.stream === undefined ? [] : ["-n", row.stream];
    const bytes = runForBytes("ntfscat", ...stream, "-i", `${row.recordNumber}`, volume);
    return `${bytes.length} ${md5(bytes)} ${fullName(row)}`;
  });
  return {
    theirs: [...listed, ...contents],
    ours: [
      ...rows.filter(isUnnamed).map((row) => {
        // A junction is no directory for ntfsls.
        const isListedAsDirectory = row.isDirectory && row.link === undefined;
        return `${isListedAsDirectory ? "directory" : row.sizeBytes} ${row.recordNumber} ${row.path}`;
      }),
      ...sample.map(contentLine),
    ],
  };
}

/** Names of everything. */
function compareWithLibfsntfs(volume: string, rows: readonly Row[]): Comparison {
  const names = run("fsntfsinfo", "-H", volume)
    .split("\n")
    .filter((line) => line.startsWith("\\") && line !== "\\" && !METADATA_FILE.test(line.slice(1)));
  return { theirs: names, ours: rows.map((row) => libfsntfsName(fullName(row))) };
}

/** What libfsntfs takes off too much where two surrogates make one character: DFFF instead of DC00. */
const LIBFSNTFS_SURROGATE_ERROR = 0x3ff;

/**
 * libfsntfs separates folders by backslashes, prints control characters as `\x01`, drops a byte order mark at the begin of
 * a name, and gets every character beyond U+FFFF wrong by the same number.
 */
function libfsntfsName(name: string): string {
  const hex = (character: string) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  const shifted = (character: string) =>
    String.fromCodePoint((character.codePointAt(0) ?? 0) - LIBFSNTFS_SURROGATE_ERROR);
  return (
    `/${name}`
      .replaceAll("/\ufeff", "/")
      .replaceAll("/", "\\")
      .replaceAll(/[\u{10000}-\u{10ffff}]/gu, shifted)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
      .replaceAll(/[\u0001-\u001f\u007f]/g, hex)
  );
}

function drawSample(rows: readonly Row[], random: Random): Row[] {
  if (rows.length <= SAMPLE_COUNT) return [...rows];
  return Array.from({ length: SAMPLE_COUNT }, () => rows[random.below(rows.length)] as Row);
}
