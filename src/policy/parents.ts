// SPDX-License-Identifier: MIT
import type { OsFacts } from "../guest/index.ts";
import type { PackageParent } from "./decision.ts";
import { findGuest, type NtVersion } from "./guests.ts";

export type ParentGuest = Pick<OsFacts, "id" | "family" | "edition" | "name" | "build">;

/** What a list of parents says of a guest: the one of them that it has, or why it has none. */
export type ParentMatch =
  | {
      readonly parent: PackageParent;
      /** What had to be taken for granted. */
      readonly doubts: readonly string[];
    }
  | {
      readonly parent: null;
      /** `system`: it is for another Windows; `parent`: for this one, but not for this guest of it. */
      readonly because: "system" | "parent";
      /** Said of the package as "it". */
      readonly reason: string;
    };

/**
 * Finds the parent that a guest has: by name and NT version, in the build that is asked for or a later one. The parts
 * of a service pack are newer than those of the release that a package was made for, and count.
 *
 * Revisions are not compared: each build begins with the revision that Microsoft's packages ask for.
 */
export function matchParents(os: ParentGuest, parents: readonly PackageParent[]): ParentMatch {
  const { name, nt } = findGuest(os);
  if (nt === null) return objectTo("system", `no part of ${name} can be a package's parent`);
  if (parents.length === 0)
    return objectTo("system", "it names no parents, so that it is not known whom it serves");
  const ofVersion = parents.filter((parent) => ntVersionOf(parent) === nt);
  if (ofVersion.length === 0) {
    const served = [...new Set(parents.map(ntVersionOf))].join(", ");
    return objectTo("system", `it serves guests of NT ${served}, and ${name} is NT ${nt}`);
  }
  const parts = partsOf(os, nt);
  const named = ofVersion.filter(({ identity }) => parts.include(identity.name));
  if (named.length === 0) return objectTo("parent", describeParts(os, ofVersion));
  const wanted = Math.min(...named.map(buildOf));
  const build = os.build ?? Math.max(wanted, parts.firstBuild);
  const parent = named.find((each) => buildOf(each) <= build);
  if (parent === undefined)
    return objectTo("parent", `it asks for build ${wanted} or later, and the guest has ${build}`);
  const doubts = parts.doubt === null ? [] : [parts.doubt];
  if (build !== os.build && wanted > parts.firstBuild) {
    doubts.push(`the guest's build is not known, and must be ${wanted} or later`);
  }
  return { parent, doubts };
}

function objectTo(because: "system" | "parent", reason: string): ParentMatch {
  return { parent: null, because, reason };
}

function ntVersionOf({ identity }: PackageParent): string {
  return identity.version.split(".").slice(0, 2).join(".");
}

/** 0 where the version has no third number: then any build will do. */
function buildOf({ identity }: PackageParent): number {
  const build = Number(identity.version.split(".")[2]);
  return Number.isInteger(build) ? build : 0;
}

function describeParts({ id, edition, name }: ParentGuest, parents: readonly PackageParent[]): string {
  const names = parents.map(({ identity }) => identity.name);
  if (id !== "vista") return `it serves guests that have ${names.join(" or ")}, which this one has not`;
  const editions = names.flatMap((each) => VISTA_PART.exec(each)?.[1] ?? []);
  return `of Windows Vista it serves ${editions.join(", ") || "no edition"}, and the guest is ${edition ?? name}`;
}

/** The parts of Windows that a guest has, of those that packages name as their parents. */
interface GuestParts {
  readonly include: (name: string) => boolean;
  /** The build that they had in the first release. */
  readonly firstBuild: number;
  /** What had to be taken for granted; null where nothing had. */
  readonly doubt: string | null;
}

const FOUNDATION = /^microsoft-windows-(?:foundation|servercore)-package$/i;
// Windows PE has Microsoft-Hyper-V-WinPE-Drivers-Package in its place, and is no guest that is audited.
const HYPER_V_DRIVERS = /^microsoft-hyper-v-guest-integration-drivers-package$/i;

/** Parts that every guest of an NT version has, and the build that they had first. Vista has those of its edition. */
const PARTS: Readonly<Partial<Record<NtVersion, readonly [names: RegExp, firstBuild: number]>>> = {
  "6.0": [FOUNDATION, 6001],
  "6.1": [FOUNDATION, 7600],
  "6.2": [HYPER_V_DRIVERS, 9200],
  "6.3": [HYPER_V_DRIVERS, 9600],
};

function partsOf(os: ParentGuest, nt: NtVersion): GuestParts {
  if (os.id === "vista") return partsOfVista(os);
  const [names, firstBuild] = PARTS[nt] ?? [/^$/, 0];
  return { include: (name) => names.test(name), firstBuild, doubt: null };
}

const VISTA_PART = /^microsoft-windows-(\w+)edition$/i;

/** An edition that is not known is given the benefit of the doubt, unless the product name says Home or Starter. */
function partsOfVista({ edition, name }: ParentGuest): GuestParts {
  const word = edition?.toLowerCase() ?? /\b(?:home|starter)\b/.exec(name?.toLowerCase() ?? "")?.[0];
  return {
    include: (part) => {
      const served = VISTA_PART.exec(part)?.[1]?.toLowerCase();
      if (served === undefined || word === undefined) return served !== undefined;
      return edition === null ? served.startsWith(word) : served === word;
    },
    firstBuild: 6000,
    doubt:
      word === undefined
        ? "the edition of Windows Vista could not be determined, and not all are served"
        : null,
  };
}
