// SPDX-License-Identifier: MIT
import { Random } from "./random.ts";

export interface PlannedValue {
  readonly name: string;
  readonly type: number;
  /** In hex. */
  readonly data: string;
}

export interface PlannedKey {
  readonly name: string;
  readonly values: readonly PlannedValue[];
  readonly subkeys: readonly PlannedKey[];
}

const NAMES = [
  "Größe",
  "ключ",
  "更新プログラム",
  "x\u{1f5a5}",
  "ÿ",
  "a,b",
  'q"q',
  "%path%",
  "ends ",
  "{0a1b}",
  "~",
  "ßss",
] as const;

/** Sizes around the places where hives change how they store data: in the value itself, in a cell, in segments. */
const DATA_SIZES = [0, 1, 3, 4, 5, 8, 100, 4095, 4096, 16_343, 16_344, 16_345, 32_688, 40_000] as const;

const REG_SZ = 1;
const REG_MULTI_SZ = 7;

/** The keys of hive number `seed`: few or hundreds, wide or deep, with values of every type and size. */
export function planHive(seed: number): PlannedKey {
  const random = new Random(seed + 5000);
  const wide = seed % 8 === 0 ? 200 + random.below(200) : 1 + random.below(12);
  const depth = seed % 5 === 0 ? 30 : 1 + random.below(4);
  const names = uniqueNames(random, wide);
  return {
    name: `Plan ${seed}`,
    values: planValues(random, 3 + random.below(40)),
    subkeys: names.map((name, index) => planKey(random, name, index === 0 ? depth : random.below(2))),
  };
}

function planKey(random: Random, name: string, depth: number): PlannedKey {
  const names = depth === 0 ? [] : uniqueNames(random, 1 + random.below(3));
  return {
    name,
    values: planValues(random, random.below(4)),
    subkeys: names.map((subkey, index) => planKey(random, subkey, index === 0 ? depth - 1 : 0)),
  };
}

/** Names that differ by more than their case. */
function uniqueNames(random: Random, count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const stem = random.chance(20) ? random.pick(NAMES) : random.pick(["Key", "KEY", "key_", "KB"]);
    return `${stem}${index}`;
  });
}

function planValues(random: Random, count: number): PlannedValue[] {
  return Array.from({ length: count }, (_, index): PlannedValue => {
    const name = index === 0 && random.chance(50) ? "" : (uniqueNames(random, 1)[0] ?? "") + index;
    const type = random.pick([0, REG_SZ, REG_SZ, 2, 3, 3, 4, 5, 6, REG_MULTI_SZ, 11, 99]);
    return { name, type, data: dataOf(random, type).toString("hex") };
  });
}

function dataOf(random: Random, type: number): Buffer {
  const [number, wide] = [random.noise(4), random.noise(8)];
  if (type === 4 || type === 5) return number;
  if (type === 11) return wide;
  const text = random.pick(["text", "Größe", "更新", "\u{1f5a5} and more", "%SystemRoot%\\x", ""]);
  if (type === REG_SZ || type === 2 || type === 6) return Buffer.from(`${text}\0`, "utf16le");
  if (type === REG_MULTI_SZ) return Buffer.from(`${text}\0b\0\0`, "utf16le");
  return random.noise(random.pick(DATA_SIZES));
}
