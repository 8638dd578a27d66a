// SPDX-License-Identifier: MIT

/** Whether a path is a URL that images are read from, which is never looked for among the host's files. */
export function isRemote(path: string): boolean {
  return /^https?:\/\//i.test(path);
}
