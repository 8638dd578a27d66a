// SPDX-License-Identifier: MIT

/** Data as JSON that is the same for the same data: keys in order, and without those that have no value. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const prototype = Object.getPrototypeOf(value);
  // A Map would come out as an empty object, whatever is in it.
  if (prototype !== Object.prototype && prototype !== null) throw new TypeError("options must be plain data");
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  const sorted = entries.sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${sorted.map(([key, each]) => `${JSON.stringify(key)}:${canonicalJson(each)}`).join()}}`;
}
