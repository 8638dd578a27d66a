import { createHash } from "node:crypto";
import { checkOpenedImage } from "../../../src/audit/check/index.ts";
import { auditOpened, type OpenedImage } from "../../../src/audit/index.ts";
import type { StagingState } from "../../../src/guest/index.ts";
import type { ByteSource } from "../../../src/io/index.ts";
import type { Hive, Key } from "../../../src/registry/index.ts";
import type { PlannedChange } from "../../../src/staging/index.ts";
import { sha256, walk } from "../../lab/ntfs/listing.ts";

/** All that somebody who starts the guest could see of it, and what our own commands say. */
export interface GuestState {
  /** Files, directories, keys and values, by names as {@link nameOf} makes them. */
  readonly things: ReadonlyMap<string, string>;
  /** What the check finds, each as `code place`; `error` and code where it could not come to its end. */
  readonly faults: readonly string[];
  /** What an audit says was staged. */
  readonly staging: StagingState;
}

/** What a planned change is about, as the things of a guest are called. */
export function nameOf(change: PlannedChange): string {
  switch (change.kind) {
    case "create-key":
      return keyName(change.hive, change.key);
    case "set-value":
      return valueName(change.hive, change.key, change.name);
    default:
      return change.path.toLowerCase();
  }
}

/** Reads a guest by readers that were opened for it; `file` is what the image was opened from. */
export function readGuest(image: OpenedImage, file: ByteSource): GuestState {
  const things = new Map<string, string>();
  for (const { volume, windows } of image.windows()) {
    const hives = new Map([
      [windows.systemPath.toLowerCase(), windows.system],
      [windows.softwarePath.toLowerCase(), windows.software],
    ]);
    for (const node of walk(image.ntfs(volume).root)) {
      const name = node.path.toLowerCase();
      if (/^\$|^\.$/.test(name)) continue;
      // By its path, too: look-ups go down the tree of a directory, listings across it.
      const found = image.ntfs(volume).require(node.path);
      const hive = hives.get(name);
      const content = node.isDirectory ? "directory" : hive === undefined ? contentOf(found) : "hive";
      things.set(name, `${content} ${node.attributes}`);
      if (hive !== undefined) readHive(name, hive, things);
    }
  }
  const { guests } = auditOpened(image, { host: "ws2012r2" });
  const [guest] = guests;
  if (guest === undefined || guests.length > 1) throw new Error(`${guests.length} guests are found`);
  return { things, faults: faultsOf(image, file), staging: guest.staging.state };
}

function contentOf(node: { readonly sizeBytes: number; open(): ByteSource }): string {
  return `${node.sizeBytes} ${sha256(node.open())}`;
}

function readHive(path: string, hive: Hive, things: Map<string, string>): void {
  const read = (key: Key): void => {
    things.set(keyName(path, key.path), "key");
    for (const value of key.values()) {
      const digest = createHash("sha256").update(value.data()).digest("hex");
      things.set(valueName(path, key.path, value.name), `${value.type} ${digest}`);
    }
    for (const subkey of key.subkeys()) read(subkey);
  };
  read(hive.root);
}

function faultsOf(image: OpenedImage, file: ByteSource): string[] {
  const { parts, error } = checkOpenedImage(image, file);
  const findings = parts.flatMap(({ findings }) => findings);
  const faults = findings.map(({ code, where, message }) => `${code} ${where} ${message}`);
  return error === null ? faults : [...faults, `error ${error.code} ${error.message}`];
}

const keyName = (hive: string, key: string) => `${hive}\\${key}`.toLowerCase();
const valueName = (hive: string, key: string, name: string) => `${keyName(hive, key)}\t${name}`.toLowerCase();
