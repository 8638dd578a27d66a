// SPDX-License-Identifier: MIT
import type { HostSummary } from "../../policy/index.ts";
import type { ReportHead } from "../assemble-report.ts";
import type { AuditSummary, ShardReport } from "../report.ts";
import { hostId } from "./image-shape.ts";
import {
  count,
  countsByName,
  flag,
  listOf,
  Mismatch,
  objectOf,
  type Shape,
  text,
  whole,
  wordOf,
} from "./shapes.ts";

const tool = objectOf<ReportHead["tool"]>({ name: wordOf<"vmguest">({ vmguest: true }), version: text });

const host = objectOf<HostSummary>({
  id: hostId,
  generation: wordOf<HostSummary["generation"]>({ "2012": true, "2012r2": true, "2016": true }),
  extrapolated: flag,
});

const timestamp: Shape<string> = (value) => {
  if (typeof value === "string" && !Number.isNaN(Date.parse(value))) return value;
  throw new Mismatch("a time of ISO 8601", value);
};

const sha256: Shape<string> = (value) => {
  if (typeof value === "string" && /^[0-9a-f]{64}$/.test(value)) return value;
  throw new Mismatch("64 hexadecimal digits", value);
};

const SHARD = { index: count, count: whole(1), total: count, batch: sha256 };

/** The positions of a stream's images stand with the images. */
export type StreamShard = Omit<ShardReport, "positions">;

const shard = objectOf<ShardReport>({ ...SHARD, positions: listOf(count) });
const streamShard = objectOf<StreamShard>(SHARD);

export const summaryShape: Shape<AuditSummary> = objectOf<AuditSummary>({
  images: count,
  parents: count,
  guests: count,
  byStatus: countsByName,
  byAction: countsByName,
  errors: count,
});

type Common = Pick<ReportHead, "tool" | "host">;

/** All of `vmguest.audit/1` but the images. */
export const documentShape = objectOf<
  Common & { readonly schema: "vmguest.audit/1"; readonly summary: AuditSummary },
  { readonly timestamp: string; readonly shard: ShardReport }
>(
  { schema: wordOf<"vmguest.audit/1">({ "vmguest.audit/1": true }), tool, host, summary: summaryShape },
  { timestamp, shard },
);

/** The first line of `vmguest.audit-stream/1`. */
export const headerShape = objectOf<
  Common & { readonly type: "header"; readonly schema: "vmguest.audit-stream/1" },
  { readonly timestamp: string; readonly shard: StreamShard }
>(
  {
    type: wordOf<"header">({ header: true }),
    schema: wordOf<"vmguest.audit-stream/1">({ "vmguest.audit-stream/1": true }),
    tool,
    host,
  },
  { timestamp, shard: streamShard },
);
