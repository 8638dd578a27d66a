// SPDX-License-Identifier: MIT

/** `--format` of the commands whose text is a table or a list of lines. */
export const TEXT_OR_JSON = {
  kind: "text",
  describe: "Text for people, or JSON for programs",
  choices: ["text", "json"],
  default: "text",
} as const;

/** `--volume` of the commands that look into one volume. */
export const VOLUME = {
  kind: "number",
  describe: "Index of the volume, where the image has several to choose from",
} as const;

/** `--stats` of the commands that read images. */
export const STATS = {
  kind: "flag",
  describe: "End stderr with one line of JSON: images, reads, bytesRead, wallMs, peakRssBytes",
} as const;

/** The positional that names an image. */
export const IMAGE = { describe: "Disk image" } as const;

/** The positional that names a file in it. */
export const FILE_PATH = { describe: "Path from the root of the volume, with / or \\" } as const;

/** `--stream` of the commands that read a file. */
export const STREAM = { kind: "text", describe: "Name of an alternate data stream of the file" } as const;

/** The positional that names packages. */
export const PACKAGES = {
  describe: "Packages, folders of them, patterns such as 'kb/*.msu', or paths that go on into one",
  isMany: true,
} as const;

/** `--trust-root` of the commands that judge signatures. */
export const TRUST_ROOT = {
  kind: "list",
  describe:
    "Trust what is signed under these root certificates too (files, PEM or DER); for tests and private builds",
} as const;
