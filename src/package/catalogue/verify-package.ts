// SPDX-License-Identifier: MIT
import { type Finding, findingOf, VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import {
  type SignatureReport,
  type TrustOptions,
  unsignedReport,
  verifyCabinet,
  verifyMsi,
} from "../authenticode/index.ts";
import { type CabMember, isCabinet, type ResolvePart } from "../cab/index.ts";
import { type DiscEntry, DiscImage, isDiscImage } from "../iso/index.ts";
import { isCompoundFile } from "../msi/index.ts";
import { CONTAINER_NAME, DEPTH_MAX, openMembers, packagesAmong } from "./cabinet-members.ts";
import { openCabinetOfSet, SET_NOT_COVERED } from "./cabinet-set.ts";
import { embeddedCabinets, unknownPackage } from "./embedded-cabinets.ts";
import { LookBudget } from "./look-budget.ts";
import type { MemberVerification, PackageVerification, PackedVerification } from "./verification.ts";
import { verifyMembers } from "./verify-members.ts";

/** What a package is verified by. */
export interface VerifyOptions {
  /** What signatures are judged by. */
  readonly trust?: TrustOptions;
  /** Finds the other cabinets of a set, so that all members can be read; such a package is not trusted all the same. */
  readonly resolvePart?: ResolvePart;
}

/**
 * Verifies a package as far as it goes without Windows: its signature; for a cabinet the signatures of its catalogs, and
 * every member against catalogs and manifests; and all packages inside, of an MSU, a rollup, a disc or a self-extractor.
 *
 * The file is read twice: whole for the signature, and unpacked for the members. What the packages inside may take is
 * limited by its size; where that is not enough, one of the problems is OFFER_LIMIT.
 *
 * @throws PACKAGE_UNKNOWN where the file is none of these, and what opening it throws; all else is in the result.
 */
export function verifyPackage(source: ByteSource, options: VerifyOptions = {}): PackageVerification {
  const { trust = {}, resolvePart } = options;
  return verify(source, { trust, resolvePart, budget: new LookBudget(source.sizeBytes), depth: 0 });
}

/** What verifying a package inside of others goes by. */
interface Course {
  readonly trust: TrustOptions;
  readonly resolvePart: ResolvePart | undefined;
  readonly budget: LookBudget;
  readonly depth: number;
}

function verify(source: ByteSource, course: Course): PackageVerification {
  if (course.depth > DEPTH_MAX) {
    throw new VmguestError("OFFER_LIMIT", `packages are nested more than ${DEPTH_MAX} deep`);
  }
  course.budget.countFile();
  if (isCabinet(source)) return verifyCab(source, course);
  if (isDiscImage(source)) return verifyDisc(source, course);
  if (isCompoundFile(source)) {
    if (course.depth > 0) course.budget.read(source.sizeBytes);
    return summarise("msi", verifyMsi(source, course.trust), NOTHING_INSIDE);
  }
  return verifyEmbedded(source, course);
}

type Inside = Omit<PackageVerification, "kind" | "verdict" | "isTrusted" | "reasons" | "signature">;

const NOTHING_INSIDE: Inside = { identity: null, catalogs: [], members: [], problems: [], packages: [] };

function verifyCab(source: ByteSource, course: Course): PackageVerification {
  const { budget } = course;
  const { cabinet, isPartOfSet } = openCabinetOfSet(source, course.resolvePart);
  budget.countEntries(cabinet.members.length);
  // What the user names is unpacked whatever it takes, within the limits of a cabinet.
  if (course.depth > 0) {
    budget.read(source.sizeBytes);
    budget.digest(cabinet.members);
  }
  const verified = verifyMembers(cabinet, course.trust);
  const problems = [...verified.problems];
  const packed = openMembers(cabinet, packagesAmong(cabinet), budget);
  const packages = verifyPacked(packed, course, problems);
  const found = summarise("cab", verifyCabinet(source, course.trust), { ...verified, problems, packages });
  if (!isPartOfSet) return found;
  return { ...found, isTrusted: false, reasons: [SET_NOT_COVERED, ...found.reasons] };
}

/** A disc has no signature: what counts are those of the packages on it. */
function verifyDisc(source: ByteSource, course: Course): PackageVerification {
  const disc = DiscImage.open(source);
  const problems: Finding[] = [];
  const packages = verifyPacked(packagesOn(disc, course.budget), course, problems);
  const signature = unsignedReport("the image of a disc has no signature, only the packages on it have");
  return summarise("iso", signature, {
    ...NOTHING_INSIDE,
    problems: [...disc.findings, ...problems],
    packages,
  });
}

/** The cabinets in a file that was named; what lies in others should be what it is called. */
function verifyEmbedded(source: ByteSource, course: Course): PackageVerification {
  const problems: Finding[] = [];
  const found = course.depth === 0 ? cabinetsIn(source) : [];
  const packages = verifyPacked(found, course, problems);
  if (packages.length === 0 && problems.length === 0) throw unknownPackage(source);
  const signature = unsignedReport("only the cabinets inside are verified, not the file that holds them");
  return summarise("cabinets", signature, { ...NOTHING_INSIDE, problems, packages });
}

function* cabinetsIn(source: ByteSource): Generator<Packed> {
  for (const [path, cabinet] of embeddedCabinets(source)) yield [{ path }, () => cabinet];
}

/** Something inside of a file, by the names that members and files of discs have. */
type Packed = [CabMember | Pick<DiscEntry, "path">, open: () => ByteSource];

function* packagesOn(disc: DiscImage, budget: LookBudget): Generator<Packed> {
  for (const entry of disc.list()) {
    budget.countEntries(1);
    if (!entry.isDirectory && CONTAINER_NAME.test(entry.path)) yield [entry, () => disc.open(entry)];
  }
}

function verifyPacked(packed: Iterable<Packed>, course: Course, problems: Finding[]): PackedVerification[] {
  const packages: PackedVerification[] = [];
  // The cabinets of a set that lie beside the file belong to it alone.
  const inner: Course = { ...course, resolvePart: undefined, depth: course.depth + 1 };
  try {
    for (const [entry, open] of packed) {
      const path = "path" in entry ? entry.path : entry.name;
      try {
        packages.push({ path, verification: verify(open(), inner) });
      } catch (error) {
        problems.push(problemOf(error, path));
      }
      if (course.budget.isSpent) break;
    }
  } catch (error) {
    problems.push(problemOf(error));
  }
  return packages;
}

/** What is thrown as a problem; a mistake of ours is thrown on. */
function problemOf(error: unknown, path?: string): Finding {
  if (!(error instanceof VmguestError)) throw error;
  return findingOf(error, path === undefined ? {} : { path });
}

/** Members that are named in the reasons; the report has them all. */
const NAMED_COUNT_MAX = 5;

/** A signature that holds does not help where what is inside contradicts what is signed. */
function summarise(
  kind: PackageVerification["kind"],
  signature: SignatureReport,
  inside: Inside,
): PackageVerification {
  const changed = inside.members.filter(
    ({ catalog, manifest }) => catalog === "contradicted" || manifest === "contradicted",
  );
  const unread = inside.members.find(({ sha256 }) => sha256 === null);
  const unvouched = inside.members.find(({ catalog }) => catalog === "untrusted");
  const names = changed
    .slice(0, NAMED_COUNT_MAX)
    .map(({ name }) => `${name} is not the file that was listed`);
  const more = changed.length - names.length;
  return {
    kind,
    verdict: changed.length > 0 ? "tampered" : signature.verdict,
    isTrusted: signature.isTrusted && changed.length === 0 && unread === undefined && unvouched === undefined,
    reasons: [
      ...names,
      ...(more > 0 ? [`${more} more files are not those that were listed`] : []),
      ...(unread === undefined ? [] : [explainUnread(unread, inside.problems)]),
      ...(unvouched === undefined ? [] : [`nobody vouches for the catalog that lists ${unvouched.name}`]),
      ...signature.reasons,
    ],
    signature,
    ...inside,
  };
}

/** Where reading ended; the members behind it in its folder are not there either. */
function explainUnread({ name }: MemberVerification, problems: readonly Finding[]): string {
  const problem = problems.find(({ where, severity }) => where.path === name && severity === "error");
  return `not all of it could be read: ${name}: ${problem?.message ?? "its bytes are not there"}`;
}
