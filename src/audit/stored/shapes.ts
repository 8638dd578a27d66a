// SPDX-License-Identifier: MIT

/**
 * Takes a value that was parsed from JSON for what it should be, or throws a {@link Mismatch}. The value stays as it is,
 * with its members in their own order: what is written from it is what was read.
 */
export type Shape<T> = (value: unknown) => T;

/** What is wrong with a value, and where in it. */
export class Mismatch extends Error {
  override readonly name = "Mismatch";
  readonly expected: string;
  readonly found: string;
  /** The way to the value, outermost member first: `guests`, `[0]`, `verdict`. */
  readonly way: string[] = [];

  constructor(expected: string, value: unknown) {
    super();
    this.expected = expected;
    this.found = describe(value);
  }

  /** `guests[0].verdict.status is "good", not one of current, outdated, missing` */
  override get message(): string {
    const way = this.way.join(".").replaceAll(".[", "[");
    return `${way === "" ? "it" : way} is ${this.found}, not ${this.expected}`;
  }
}

/** Enough of a text to know it again. */
const QUOTED_LENGTH_MAX = 60;

function describe(value: unknown): string {
  if (value === undefined) return "left out";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(value);
  return text.length > QUOTED_LENGTH_MAX ? `${text.slice(0, QUOTED_LENGTH_MAX)}...` : text;
}

/** Runs `work`, and adds the step to the way of its mismatch. */
function inside<T>(step: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Mismatch) error.way.unshift(step);
    throw error;
  }
}

export const text: Shape<string> = (value) => {
  if (typeof value === "string") return value;
  throw new Mismatch("text", value);
};

export const flag: Shape<boolean> = (value) => {
  if (typeof value === "boolean") return value;
  throw new Mismatch("true or false", value);
};

/** A whole number from `least` to `most`, that JavaScript has exactly. */
export function whole(least: number, most = Number.MAX_SAFE_INTEGER): Shape<number> {
  return (value) => {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most) {
      return value;
    }
    throw new Mismatch(`a whole number from ${least} to ${most}`, value);
  };
}

export const count = whole(0);

/** Text of that form. */
export function matching(form: RegExp, name: string): Shape<string> {
  return (value) => {
    if (typeof value === "string" && form.test(value)) return value;
    throw new Mismatch(name, value);
  };
}

/** One of the words; all of them are named, so that the compiler finds the one that is forgotten. */
export function wordOf<T extends string>(words: Readonly<Record<T, true>>): Shape<T> {
  const known: ReadonlySet<unknown> = new Set(Object.keys(words));
  return (value) => {
    if (known.has(value)) return value as T;
    throw new Mismatch(`one of ${Object.keys(words).join(", ")}`, value);
  };
}

export function nullOr<T>(shape: Shape<T>): Shape<T | null> {
  return (value) => (value === null ? null : shape(value));
}

export function listOf<T>(item: Shape<T>, lengthMin = 0): Shape<readonly T[]> {
  return (value) => {
    if (!Array.isArray(value)) throw new Mismatch("a list", value);
    if (value.length < lengthMin) throw new Mismatch(`a list of at least ${lengthMin}`, value);
    for (const [index, each] of value.entries()) inside(`[${index}]`, () => item(each));
    return value;
  };
}

/** An object with exactly these members; those of `optional` may be left out. */
export function objectOf<T extends object, O extends object = object>(
  members: { readonly [Name in keyof T]-?: Shape<T[Name]> },
  optional?: { readonly [Name in keyof O]-?: Shape<O[Name]> },
): Shape<T & Partial<O>> {
  const shapes = Object.entries<Shape<unknown>>({ ...members, ...optional });
  const isOptional = new Set(Object.keys(optional ?? {}));
  const known = new Set(shapes.map(([name]) => name));
  return (value) => {
    const given = plainObject(value);
    for (const [name, shape] of shapes) {
      const isThere = Object.hasOwn(given, name);
      if (isThere || !isOptional.has(name)) inside(name, () => shape(isThere ? given[name] : undefined));
    }
    const strange = Object.keys(given).find((name) => !known.has(name));
    if (strange !== undefined) {
      throw new Mismatch(`without the member ${describe(strange)}, which this version does not know`, value);
    }
    return given as T & Partial<O>;
  };
}

/** A count for each of any names. */
export const countsByName: Shape<Readonly<Record<string, number>>> = (value) => {
  const counts = plainObject(value);
  for (const [name, each] of Object.entries(counts)) inside(name, () => count(each));
  return counts as Record<string, number>;
};

/** An object of names and values, and no list. */
export function plainObject(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new Mismatch("an object", value);
}
