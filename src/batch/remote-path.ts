// SPDX-License-Identifier: MIT

/**
 * Whether a path is a URL that images are read from, which is never looked for among the host's files. So is one behind
 * white space or a quotation mark: taken for the name of a file, it would be told with all that it lets anybody read.
 */
export function isRemote(path: string): boolean {
  return /^[\s"'<(]*https?:\/\//i.test(path);
}
