// SPDX-License-Identifier: MIT
import type { NtfsGeometry } from "../boot.ts";
import type { FileRecord } from "../file-record.ts";
import type { VolumeContext } from "../ntfs-node.ts";
import type { ClusterAllocator } from "./cluster-allocator.ts";
import { ClusterFile, runsOfAttribute } from "./cluster-file.ts";
import type { Draft } from "./draft.ts";
import type { RecordTable } from "./record-table.ts";
import type { TearWatch } from "./tear-watch.ts";

/** What the parts of one writer share. */
export class Workspace {
  readonly draft: Draft;
  readonly geometry: NtfsGeometry;
  readonly context: VolumeContext;
  readonly clusters: ClusterAllocator;
  readonly records: RecordTable;
  readonly tears: TearWatch;
  /** An attribute without clusters, to be extended. */
  readonly emptyFile: ClusterFile;

  constructor(parts: Pick<Workspace, "draft" | "geometry" | "context" | "clusters" | "records" | "tears">) {
    this.draft = parts.draft;
    this.geometry = parts.geometry;
    this.context = parts.context;
    this.clusters = parts.clusters;
    this.records = parts.records;
    this.tears = parts.tears;
    this.emptyFile = new ClusterFile(parts.draft, parts.geometry.clusterSizeBytes, []);
  }

  /** The clusters of an attribute, as a record and those that extend it say now. */
  fileOf(record: FileRecord, attribute: { readonly type: number; readonly name?: string }): ClusterFile {
    const runs = runsOfAttribute(record, this.records, this.context.space, attribute);
    return new ClusterFile(this.draft, this.geometry.clusterSizeBytes, runs);
  }
}
