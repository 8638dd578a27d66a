// SPDX-License-Identifier: MIT

/** A file or driver version as Windows counts it: four numbers of 16 bits. */
export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly build: number;
  readonly revision: number;
}

const FOUR_NUMBERS = /^(\d{1,5})\.(\d{1,5})\.(\d{1,5})\.(\d{1,5})$/;
const PART_MAX = 0xffff;

/** The version that `text` spells as `a.b.c.d`, blanks around it aside; undefined for anything else. */
export function parseVersion(text: string): Version | undefined {
  const match = FOUR_NUMBERS.exec(text.trim());
  if (match === null) return undefined;
  const [major = 0, minor = 0, build = 0, revision = 0] = match.slice(1).map(Number);
  if (Math.max(major, minor, build, revision) > PART_MAX) return undefined;
  return { major, minor, build, revision };
}

export function formatVersion({ major, minor, build, revision }: Version): string {
  return `${major}.${minor}.${build}.${revision}`;
}

/** Negative where `a` is older than `b`, 0 where they are the same. */
export function compareVersions(a: Version, b: Version): number {
  return a.major - b.major || a.minor - b.minor || a.build - b.build || a.revision - b.revision;
}

/** True for 0.0.0.0, with which a driver says that it has no version. */
export function isZeroVersion(version: Version): boolean {
  return version.major + version.minor + version.build + version.revision === 0;
}

/** True where both are of the same release of Windows: all but the last number agree. */
export function isSameRelease(a: Version, b: Version): boolean {
  return a.major === b.major && a.minor === b.minor && releaseBuild(a) === releaseBuild(b);
}

/** Updates of 2019 raised the build of Server 2008 SP2 from 6002 to 6003; it is the same release. */
function releaseBuild({ major, minor, build }: Version): number {
  return major === 6 && minor === 0 && build === 6003 ? 6002 : build;
}
