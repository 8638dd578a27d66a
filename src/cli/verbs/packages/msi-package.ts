// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";
import type { ByteSource } from "../../../io/index.ts";
import { isCompoundFile, readMsi } from "../../../package/msi/index.ts";
import type { OpenedPackage } from "./opened-package.ts";

export { isCompoundFile };

/** A Windows Installer database: it has facts, and no files that could be taken out by name. */
export function openMsi(source: ByteSource): OpenedPackage {
  const { findings, ...facts } = readMsi(source);
  const { productName, productVersion, productCode, upgradeCode, manufacturer, architecture, isSigned } =
    facts;
  return {
    kind: "msi",
    disc: null,
    msi: { productName, productVersion, productCode, upgradeCode, manufacturer, architecture, isSigned },
    entries: [],
    findings,
    open() {
      throw new VmguestError("USAGE", "files cannot be taken out of an MSI");
    },
    contents: () => [],
  };
}
