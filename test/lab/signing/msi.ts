import { read } from "cfb";
import { buildMsi, type LabMsi } from "../msi.ts";
import { buildAuthenticode, type FileDigest, type Signing } from "./authenticode.ts";
import { hash } from "./identifiers.ts";

/** Stream of an MSI that holds its signature. */
export const SIGNATURE_STREAM = "\u0005DigitalSignature";

/** The MSI with a signature of all its streams. */
export function buildSignedMsi(msi: LabMsi = {}, signing: Signing = {}): Uint8Array {
  const signature = buildAuthenticode("msi", msiDigest(buildMsi(msi)), signing);
  return buildMsi({ ...msi, streams: { ...msi.streams, [SIGNATURE_STREAM]: signature } });
}

/** Digest of an MSI without folders: its streams in the order of their names, then the class of the file. */
export const msiDigest =
  (msi: Uint8Array): FileDigest =>
  (name) => {
    const [root, ...entries] = read(msi, { type: "buffer" }).FileIndex;
    const streams = entries
      .filter((entry) => entry.type === 2 && entry.name !== SIGNATURE_STREAM)
      .map((entry) => ({ name: Buffer.from(entry.name, "utf16le"), content: Buffer.from(entry.content) }))
      .toSorted((a, b) => Buffer.compare(a.name, b.name));
    return hash(name, ...streams.map(({ content }) => content), Buffer.from(String(root?.clsid), "hex"));
  };
