// SPDX-License-Identifier: MIT
import type { BatchAuditOptions } from "../../../batch/index.ts";
import { type Finding, VmguestError } from "../../../errors.ts";
import type { Context } from "../../context.ts";
import { EXIT, type ExitCode, exitCodeOfFinding, gravestOf } from "../../exit-codes.ts";

/** The options that say what guests are to be judged by. */
export interface OfferArguments {
  readonly package: readonly string[];
  readonly "trust-root": readonly string[];
}

/** What `--package` offers. */
export interface Offered {
  readonly offered: Pick<BatchAuditOptions, "offered">;
  /** Worth telling: what could not be read, or is no package. */
  readonly findings: readonly Finding[];
  /** Says that not all of what was offered could be read, whatever the images are. */
  readonly code: ExitCode;
}

/**
 * What `--package` offers; nothing where it is not given, which is not the same as offering nothing. Throws where a file
 * that is named offers nothing: the guests would be judged by something else than what was asked for.
 */
export async function readOffered(args: OfferArguments, context: Context): Promise<Offered> {
  if (args.package.length === 0) {
    if (args["trust-root"].length === 0) return { offered: {}, findings: [], code: EXIT.fine };
    throw new VmguestError("USAGE", "--trust-root is about the packages of --package, which is not given");
  }
  const { readNamedOffers } = await import("../packages/offers.ts");
  const wish = { paths: args.package, trustRoots: args["trust-root"] };
  const { offers, findings } = await readNamedOffers(wish, context);
  return {
    offered: { offered: offers },
    findings: findings.filter(({ severity }) => severity !== "info"),
    code: gravestOf(findings.map(exitCodeOfFinding)),
  };
}
