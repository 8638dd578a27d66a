// SPDX-License-Identifier: MIT

/** What a packed character stands for: 64 values. */
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._";
/** Two packed characters, six bits each, the first in the lower ones. */
const PAIR = 0x3800;
/** One packed character. */
const SINGLE = 0x4800;
/** In front of the names of tables. */
const TABLE_MARK = 0x4840;

/**
 * The name of a stream in an MSI, which packs two characters into one so that long names fit into a directory entry.
 * Streams that are tables have a `!` in front, as Windows Installer's own tools show them.
 */
export function unpackStreamName(packed: string): string {
  let name = "";
  for (let index = 0; index < packed.length; index++) {
    const unit = packed.charCodeAt(index);
    if (unit >= PAIR && unit < SINGLE) {
      const pair = unit - PAIR;
      name += ALPHABET.charAt(pair % 64) + ALPHABET.charAt(Math.floor(pair / 64));
    } else if (unit >= SINGLE && unit < TABLE_MARK) name += ALPHABET.charAt(unit - SINGLE);
    else if (unit === TABLE_MARK) name += "!";
    else name += packed.charAt(index);
  }
  return name;
}
