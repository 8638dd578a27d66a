// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { attributeOf, childrenOf, isNamed, parseAssembly } from "./assembly.ts";
import { type AssemblyIdentity, readIdentities, readIdentity, requireIdentity } from "./identity.ts";
import type { XmlElement } from "./xml.ts";

/** A package that this one updates. It applies where one of its parents is installed. */
export interface ParentPackage {
  readonly identity: AssemblyIdentity;
  /** Which `parent` element names it, from 0. What follows is said once for all parents of a group. */
  readonly group: number;
  /** `delegate`, `separate` or `hidden` */
  readonly integrate: string | null;
  /** How the versions compare, as written (`EQ`, `GE`); null where the file leaves it to Windows. */
  readonly buildCompare: string | null;
  readonly serviceCompare: string | null;
  readonly revisionCompare: string | null;
  /** State that the parent must be in: `detect`, `staged`. */
  readonly disposition: string | null;
}

/** A driver that an update brings. */
export interface DriverUpdate {
  /** File name of its INF, `wvmbus.inf`. */
  readonly inf: string | null;
  /** `normal`, `force` or `currentDevices`: whether it displaces the driver a device has. */
  readonly ranking: string | null;
  readonly identity: AssemblyIdentity;
  /** Whether the devices must be installed anew (`driverExtended`). */
  readonly requiresDeviceInstall: boolean;
}

/** When an update applies: where the driver or component is there already. */
export interface UpdateCondition {
  readonly kind: "driver" | "component";
  readonly disposition: string | null;
  /** `install`, `distribution` or `serviceLevel` */
  readonly elevate: string | null;
  readonly identity: AssemblyIdentity;
}

/** One thing that a package installs. */
export interface PackageUpdate {
  readonly name: string | null;
  readonly displayName: string | null;
  readonly restart: string | null;
  readonly conditions: readonly UpdateCondition[];
  readonly drivers: readonly DriverUpdate[];
  readonly components: readonly AssemblyIdentity[];
  readonly packages: readonly { readonly identity: AssemblyIdentity; readonly integrate: string | null }[];
}

/** What `update.mum` and the other `.mum` files say of a package. Everything is as written; null is not said. */
export interface PackageManifest {
  readonly identity: AssemblyIdentity;
  readonly description: string | null;
  readonly displayName: string | null;
  readonly supportInformation: string | null;
  /** Number of the Knowledge Base article, `KB4072650`: the identifier, or else found in description or support link. */
  readonly kb: string | null;
  /** `Update`, `Hotfix`, `Security Update`, ... */
  readonly releaseType: string | null;
  /** `required` or `possible` */
  readonly restart: string | null;
  /** `deep` where the packages inside decide as well. */
  readonly applicabilityEvaluation: string | null;
  readonly parents: readonly ParentPackage[];
  /** The servicing stack that the package asks for. */
  readonly installer: AssemblyIdentity | null;
  readonly updates: readonly PackageUpdate[];
  /** Attributes of `packageExtended`: `performDeviceInstallsPriorToReboot`, `completelyOfflineCapable`, ... */
  readonly extended: ReadonlyMap<string, string>;
  /** Elements that vmguest does not know, by their way from the root, and how many there are. */
  readonly notUnderstood: ReadonlyMap<string, number>;
}

/**
 * Reads a package manifest (`update.mum`). Names are told apart by namespace, whatever prefix the file uses.
 *
 * Throws MANIFEST_NOT where there is no package in it, MANIFEST_IDENTITY where an identity is incomplete, and what
 * reading the XML throws.
 */
export function readPackageManifest(bytes: Uint8Array): PackageManifest {
  const root = parseAssembly(bytes);
  const identity = requireIdentity(root);
  const content = requirePackage(root);
  const [installer] = childrenOf(content, "installerAssembly");
  return {
    identity,
    description: attributeOf(root, "description"),
    displayName: attributeOf(root, "displayName"),
    supportInformation: attributeOf(root, "supportInformation"),
    kb: findKb(root, content),
    releaseType: attributeOf(content, "releaseType"),
    restart: attributeOf(content, "restart"),
    applicabilityEvaluation: attributeOf(content, "applicabilityEvaluation"),
    parents: childrenOf(content, "parent").flatMap(readParents),
    installer: installer === undefined ? null : readIdentity(installer),
    updates: childrenOf(content, "update").map(readUpdate),
    extended: new Map(childrenOf(content, "packageExtended").flatMap(({ attributes }) => [...attributes])),
    notUnderstood: countUnknown(root),
  };
}

function requirePackage(root: XmlElement): XmlElement {
  const [content, ...others] = childrenOf(root, "package");
  if (content !== undefined && others.length === 0) return content;
  const message = `the assembly has ${others.length > 0 ? "more than one package" : "no package"}`;
  throw new VmguestError("MANIFEST_NOT", message, { structure: "assembly" });
}

/** Updates have the article for their identifier; parts of Windows have other identifiers and no article. */
function findKb(root: XmlElement, content: XmlElement): string | null {
  const places = [
    attributeOf(content, "identifier"),
    attributeOf(root, "description"),
    attributeOf(root, "supportInformation"),
  ];
  for (const place of places) {
    const [, number] = /\bkb(?:id=)?(\d{5,8})\b/i.exec(place ?? "") ?? [];
    if (number !== undefined) return `KB${number}`;
  }
  return null;
}

function readParents(group: XmlElement, index: number): ParentPackage[] {
  return readIdentities(group).map((identity) => ({
    identity,
    group: index,
    integrate: attributeOf(group, "integrate"),
    buildCompare: attributeOf(group, "buildCompare"),
    serviceCompare: attributeOf(group, "serviceCompare"),
    revisionCompare: attributeOf(group, "revisionCompare"),
    disposition: attributeOf(group, "disposition"),
  }));
}

function readUpdate(update: XmlElement): PackageUpdate {
  return {
    name: attributeOf(update, "name"),
    displayName: attributeOf(update, "displayName"),
    restart: attributeOf(update, "restart"),
    conditions: childrenOf(update, "applicable").flatMap(readConditions),
    drivers: childrenOf(update, "driver").map(readDriver),
    components: childrenOf(update, "component").flatMap((element) => readIdentities(element)),
    packages: childrenOf(update, "package").flatMap((nested) =>
      readIdentities(nested).map((identity) => ({ identity, integrate: attributeOf(nested, "integrate") })),
    ),
  };
}

function readDriver(driver: XmlElement): DriverUpdate {
  return {
    inf: attributeOf(driver, "inf"),
    ranking: attributeOf(driver, "ranking"),
    identity: requireIdentity(driver),
    requiresDeviceInstall: childrenOf(driver, "driverExtended").some(
      (extended) => attributeOf(extended, "deviceInstallRequired") === "true",
    ),
  };
}

function readConditions(applicable: XmlElement): UpdateCondition[] {
  const disposition = attributeOf(applicable, "disposition");
  return CONDITIONS.flatMap(({ element, kind }) =>
    childrenOf(applicable, element).flatMap((condition) =>
      readIdentities(condition).map((identity) => ({
        kind,
        disposition,
        elevate: attributeOf(condition, "elevate"),
        identity,
      })),
    ),
  );
}

const CONDITIONS = [
  { element: "updateDriver", kind: "driver" },
  { element: "updateComponent", kind: "component" },
] as const;

/** The elements that are read, each with those below it. */
interface Known {
  readonly [name: string]: Known;
}

const IDENTITY: Known = { assemblyIdentity: {} };
const KNOWN: Known = {
  ...IDENTITY,
  package: {
    parent: IDENTITY,
    installerAssembly: {},
    packageExtended: {},
    update: {
      applicable: { updateDriver: IDENTITY, updateComponent: IDENTITY },
      driver: { ...IDENTITY, driverExtended: {} },
      component: IDENTITY,
      package: IDENTITY,
    },
  },
};

/** Counts what {@link KNOWN} does not have; below an unknown element nothing is looked at. */
function countUnknown(root: XmlElement): Map<string, number> {
  const counts = new Map<string, number>();
  // As deep as the table of known elements, which is five.
  const visit = (element: XmlElement, known: Known, way: string) => {
    for (const child of element.children) {
      const path = `${way}/${child.name}`;
      const below = Object.hasOwn(known, child.name) ? known[child.name] : undefined;
      if (below !== undefined && isNamed(child, child.name)) visit(child, below, path);
      else counts.set(path, (counts.get(path) ?? 0) + 1);
    }
  };
  visit(root, KNOWN, root.name);
  return counts;
}
