import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkNtfs } from "../../src/fs/check/index.ts";
import { openNtfs } from "../../src/fs/index.ts";
import type { ByteSource, Overlay } from "../../src/io/index.ts";

const MIB = 1024 * 1024;

/** Of what mkntfs makes, it has permissions that it shares and that are for administrators alone. */
export const ADMIN_ONLY_PATH = "$Extend/$ObjId";

/** Runs a tool and gives what it prints; throws where it fails. */
export function run(tool: string, ...parameters: string[]): string {
  return execFileSync(tool, parameters, {
    encoding: "utf8",
    maxBuffer: 64 * MIB,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Lets ntfs-3g mount an image while `work` runs. */
export function mounted<T>(
  image: string,
  work: (mount: string) => T,
  options = "streams_interface=windows",
): T {
  const mount = mkdtempSync(join(tmpdir(), "vmguest-mount-"));
  run("ntfs-3g", "-o", options, image, mount);
  try {
    return work(mount);
  } finally {
    run("umount", mount);
  }
}

/** An empty volume as mkntfs makes it. */
export function format(
  image: string,
  {
    sizeMib,
    clusterSizeBytes,
    sectorSizeBytes,
  }: { readonly sizeMib: number; readonly clusterSizeBytes: number; readonly sectorSizeBytes: number },
): void {
  writeFileSync(image, "");
  truncateSync(image, sizeMib * MIB);
  run("mkntfs", "-F", "-Q", "-c", `${clusterSizeBytes}`, "-s", `${sectorSizeBytes}`, image);
}

/** Puts an overlay's changes into the image, in their order. */
export function flush(image: string, overlay: Overlay): void {
  const file = openSync(image, "r+");
  try {
    for (const { changes } of overlay.changes()) {
      for (const { offset, bytes } of changes) writeSync(file, bytes, 0, bytes.length, offset);
    }
  } finally {
    closeSync(file);
  }
}

/** What our check finds of a volume, besides remarks. */
export function codesOf(source: ByteSource): string[] {
  return [...checkNtfs(openNtfs(source))]
    .filter(({ severity }) => severity !== "info")
    .map(({ code }) => code);
}
