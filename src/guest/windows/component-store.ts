// SPDX-License-Identifier: MIT
import type { GuestReader } from "./guest-reader.ts";
import type { Found, KeyView } from "./hive-view.ts";

/** Where component based servicing (CBS) keeps its state, since Windows Vista. */
export const SERVICING_KEY = "Microsoft\\Windows\\CurrentVersion\\Component Based Servicing";

/**
 * `CurrentState` of a package, from Microsoft's chart of servicing states. Those that are not here are on the way
 * (staged 0x40) or absent.
 */
const STATES = {
  superseded: 0x50,
  installPending: 0x60,
  partiallyInstalled: 0x65,
  installed: 0x70,
  permanent: 0x80,
} as const;

/** Packages of one name that are looked at: a real store keeps a handful of versions of each. */
const PACKAGE_COUNT_MAX = 64;

/** A package that CBS knows, by the key it keeps of it: `<name>~<token>~<architecture>~<language>~<version>`. */
export interface ServicingPackage extends Found {
  /** The name of its key. */
  readonly fullName: string;
  readonly name: string;
  /** Empty for the package itself, a culture for its texts. */
  readonly language: string;
  readonly version: string;
  /** `CurrentState`; undefined where the key has none. */
  readonly state: number | undefined;
  readonly isInstalled: boolean;
  /** Installed as soon as the guest has restarted. */
  readonly isPending: boolean;
  /** Something newer took its place; what it brought is still there. */
  readonly isSuperseded: boolean;
}

/** The packages of a guest's component store, found by the beginnings of their names and never enumerated. */
export class ComponentStore {
  readonly #packages: KeyView;
  #metDamage = false;

  constructor(guest: GuestReader) {
    this.#packages = guest.software.key(`${SERVICING_KEY}\\Packages`);
  }

  /** Where the list of packages is. */
  get where(): string {
    return this.#packages.where();
  }

  /** False where there is no list of packages to search, or none that can be read. */
  get isReadable(): boolean {
    return this.#packages.isPresent;
  }

  /** True where some search has come upon damage: a package that was not found may be there. */
  get isDamaged(): boolean {
    return this.#metDamage || this.#packages.isDamaged;
  }

  /** The packages whose names begin with `prefix`. */
  packages(prefix: string): ServicingPackage[] {
    const keys = this.#packages.subkeysStartingWith(prefix, PACKAGE_COUNT_MAX);
    const packages = keys.map(describePackage);
    this.#metDamage ||= keys.some(({ isDamaged }) => isDamaged);
    return packages;
  }
}

function describePackage(key: KeyView): ServicingPackage {
  const [name = "", , , language = "", version = ""] = key.name.split("~");
  const state = key.number("CurrentState");
  return {
    ...key.found(),
    fullName: key.name,
    name,
    language,
    version,
    state,
    isPending: state === STATES.installPending || state === STATES.partiallyInstalled,
    isInstalled: state === STATES.installed || state === STATES.permanent,
    isSuperseded: state === STATES.superseded,
  };
}
