// SPDX-License-Identifier: MIT
import { type HostId, summariseHost } from "../policy/index.ts";
import { outcomeOf } from "./image-outcome.ts";
import type { AuditReport, ImageReport, ShardReport } from "./report.ts";
import { SummaryBuilder } from "./summary.ts";

/** What stands at the head of a report. */
export interface AssembleOptions {
  readonly host: HostId;
  readonly toolVersion: string;
  /** ISO 8601; left out, the same images give the same bytes of report. */
  readonly timestamp?: string;
  /** Which part of a batch it is. */
  readonly shard?: ShardReport;
}

/** All of a report that stands before the images. */
export type ReportHead = Pick<AuditReport, "schema" | "tool" | "timestamp" | "host" | "shard">;

/** What a report begins with, whatever the images are. */
export function reportHead({ host, toolVersion, timestamp, shard }: AssembleOptions): ReportHead {
  return {
    schema: "vmguest.audit/1",
    tool: { name: "vmguest", version: toolVersion },
    ...(timestamp === undefined ? {} : { timestamp }),
    host: summariseHost(host),
    ...(shard === undefined ? {} : { shard }),
  };
}

/** The whole report over images that were audited, in the order given. */
export function assembleReport(images: readonly ImageReport[], options: AssembleOptions): AuditReport {
  const summary = new SummaryBuilder();
  for (const image of images) summary.add(outcomeOf(image));
  return { ...reportHead(options), images, summary: summary.build() };
}
