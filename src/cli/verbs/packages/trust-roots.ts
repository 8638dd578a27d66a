// SPDX-License-Identifier: MIT
import { readFileSync, statSync } from "node:fs";
import { VmguestError } from "../../../errors.ts";

/** A certificate has a few kilobytes, and a bundle of all roots there are less than a megabyte. */
const FILE_SIZE_MAX = 1024 * 1024;

/** A certificate is a SEQUENCE (RFC 5280, 4.1), which this byte begins in DER. */
const SEQUENCE = 0x30;

const PEM = /-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g;

/** The certificates in the files that were named, as DER. Throws USAGE for a file that is none, PATH_NOT_FOUND where there is none, IO_OPEN where it cannot be read. */
export function readTrustRoots(paths: readonly string[]): Uint8Array[] {
  return paths.flatMap((path) => {
    const content = readSmallFile(path);
    const certificates = content[0] === SEQUENCE ? [content] : readPem(content.toString("latin1"));
    if (certificates.length > 0) return certificates;
    throw new VmguestError("USAGE", "--trust-root takes certificates, and this is none", { image: path });
  });
}

function readPem(text: string): Buffer[] {
  return [...text.matchAll(PEM)]
    .map(([, base64 = ""]) => Buffer.from(base64, "base64"))
    .filter((certificate) => certificate[0] === SEQUENCE);
}

function readSmallFile(path: string): Buffer {
  try {
    const status = statSync(path);
    if (status.isFile() && status.size <= FILE_SIZE_MAX) return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") {
      throw new VmguestError("PATH_NOT_FOUND", "there is no such certificate", { image: path });
    }
    const message = `the certificate could not be read (${code})`;
    throw new VmguestError("IO_OPEN", message, { image: path }, { cause: error });
  }
  throw new VmguestError("USAGE", "--trust-root takes certificates, and this is none", { image: path });
}
