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
import { Cabinet, type CabMember, isCabinet } from "../cab/index.ts";
import { type DiscEntry, DiscImage, isDiscImage } from "../iso/index.ts";
import { isCompoundFile } from "../msi/index.ts";
import { CONTAINER_NAME, DEPTH_MAX, openMembers, packagesAmong, UnpackBudget } from "./cabinet-members.ts";
import type { MemberVerification, PackageVerification, PackedVerification } from "./verification.ts";
import { verifyMembers } from "./verify-members.ts";

export interface VerifyOptions {
  /** What signatures are judged by. */
  readonly trust?: TrustOptions;
}

/**
 * Verifies a package as far as it goes without Windows: its signature; for a cabinet the signatures of its catalogs, and
 * every member against catalogs and manifests; and all packages inside, of an MSU, a rollup or a disc.
 *
 * The file is read twice: whole for the signature, and unpacked for the members.
 *
 * @throws OFFER_NOT where the file is none of these, and what opening it throws; all else is in the result.
 */
export function verifyPackage(source: ByteSource, options: VerifyOptions = {}): PackageVerification {
  return verify(source, { trust: options.trust ?? {}, budget: new UnpackBudget(), depth: 0 });
}

/** What verifying a package inside of others goes by. */
interface Course {
  readonly trust: TrustOptions;
  readonly budget: UnpackBudget;
  readonly depth: number;
}

function verify(source: ByteSource, course: Course): PackageVerification {
  if (course.depth > DEPTH_MAX) {
    throw new VmguestError("OFFER_LIMIT", `packages are nested more than ${DEPTH_MAX} deep`);
  }
  if (isCabinet(source)) return verifyCab(source, course);
  if (isDiscImage(source)) return verifyDisc(source, course);
  if (isCompoundFile(source)) return summarise("msi", verifyMsi(source, course.trust), NOTHING_INSIDE);
  throw new VmguestError("OFFER_NOT", "the file is neither cabinet nor MSI nor image of a disc");
}

type Inside = Omit<PackageVerification, "kind" | "verdict" | "isTrusted" | "reasons" | "signature">;

const NOTHING_INSIDE: Inside = { identity: null, catalogs: [], members: [], problems: [], packages: [] };

function verifyCab(source: ByteSource, course: Course): PackageVerification {
  const cabinet = Cabinet.open(source);
  // What the user names is unpacked whatever it takes, within the limits of a cabinet.
  if (course.depth > 0) course.budget.spend(cabinet.members);
  const verified = verifyMembers(cabinet, course.trust);
  const problems = [...verified.problems];
  const packed = openMembers(cabinet, packagesAmong(cabinet), course.budget);
  const packages = verifyPacked(packed, course, problems);
  return summarise("cab", verifyCabinet(source, course.trust), { ...verified, problems, packages });
}

/** A disc has no signature: what counts are those of the packages on it. */
function verifyDisc(source: ByteSource, course: Course): PackageVerification {
  const disc = DiscImage.open(source);
  const problems: Finding[] = [];
  const packages = verifyPacked(packagesOn(disc), course, problems);
  const signature = unsignedReport("the image of a disc has no signature, only the packages on it have");
  return summarise("iso", signature, {
    ...NOTHING_INSIDE,
    problems: [...disc.findings, ...problems],
    packages,
  });
}

function* packagesOn(disc: DiscImage): Generator<[DiscEntry, open: () => ByteSource]> {
  for (const entry of disc.list()) {
    if (!entry.isDirectory && CONTAINER_NAME.test(entry.path)) yield [entry, () => disc.open(entry)];
  }
}

function verifyPacked(
  packed: Iterable<[CabMember | DiscEntry, open: () => ByteSource]>,
  course: Course,
  problems: Finding[],
): PackedVerification[] {
  const packages: PackedVerification[] = [];
  try {
    for (const [entry, open] of packed) {
      const path = "path" in entry ? entry.path : entry.name;
      try {
        packages.push({ path, verification: verify(open(), { ...course, depth: course.depth + 1 }) });
      } catch (error) {
        problems.push(problemOf(error, path));
      }
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
