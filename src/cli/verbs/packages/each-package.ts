// SPDX-License-Identifier: MIT
import type { ErrorReport } from "../../../audit/index.ts";
import { discoverPackages } from "../../../batch/index.ts";
import type { Context } from "../../context.ts";
import { toErrorReport } from "../../error-report.ts";
import { Progress } from "../../progress.ts";
import { HostFiles } from "./host-files.ts";
import type { PackageSource } from "./opened-package.ts";
import { openPath, writePath } from "./package-path.ts";

/** What is done with one package of several: the work itself, and what is told of one that could not be read. */
export interface PackageWork<T> {
  read(source: PackageSource): Promise<T>;
  fail(path: string, error: ErrorReport): T;
}

/** Does the work for every package that the paths of a command line lead to; what one of them lacks, the others do not. */
export async function eachPackage<T>(
  paths: readonly string[],
  context: Context,
  { read, fail }: PackageWork<T>,
): Promise<T[]> {
  const { packages, unreadable } = await discoverPackages(paths, context.dependencies);
  const progress = Progress.of(context, packages.length);
  const results: T[] = [];
  for (const place of packages) {
    const path = writePath(place);
    progress.show(path);
    context.imageCount++;
    using files = new HostFiles(context.stats);
    try {
      results.push(await read(await openPath(place, files)));
    } catch (error) {
      results.push(fail(path, toErrorReport(error, path)));
    }
  }
  progress.clear();
  return [...results, ...unreadable.map(({ path, error }) => fail(path, toErrorReport(error, path)))];
}
