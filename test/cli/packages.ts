import { buildCabinet, mszip, stored } from "../lab/cab.ts";

/** A cabinet of files by their path, with `/`, each in a folder of its own, so that damage stays with one of them. */
export function cabinetOf(
  files: Readonly<Record<string, string | Uint8Array>>,
  { isStored = false }: { readonly isStored?: boolean } = {},
): Uint8Array {
  const folders = Object.entries(files).map(([path, content]) => {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    return { encoder: isStored ? stored : mszip, members: [{ name: path.replaceAll("/", "\\"), bytes }] };
  });
  return buildCabinet({ folders });
}
