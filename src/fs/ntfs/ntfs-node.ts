// SPDX-License-Identifier: MIT
import { findingOf, VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import type { DirectoryEntry, FileNode, FileTimes, StreamInfo } from "../file-system.ts";
import { AttributeSet } from "./attribute.ts";
import type { ClusterSpace } from "./attribute-list.ts";
import type { FileNameCollation } from "./collation.ts";
import { DirectoryIndex } from "./directory-index.ts";
import type { FileRecord } from "./file-record.ts";
import type { FindingLog } from "./finding-log.ts";
import { type FileLink, linksOf, pathsOf } from "./hard-links.ts";
import type { IndexEntry } from "./index-node.ts";
import {
  ATTRIBUTE,
  NAMESPACE,
  RECORD,
  STANDARD_INFORMATION_VERSION,
  StandardInformation,
  StandardInformationTail,
} from "./layout.ts";
import { isLinkTag, type LinkTarget, readLinkTarget } from "./link-target.ts";
import type { Mft } from "./mft.ts";
import { naming } from "./naming.ts";
import { describeReparseTag, readReparsePoint, readReparseTag } from "./reparse.ts";
import { parseSecurityDescriptor, type SecurityDescriptor } from "./security/descriptor.ts";
import type { SecurityStore } from "./security/store.ts";
import { readWofAlgorithm, WOF_STREAM, WOF_TAG } from "./wof/wof-reparse.ts";
import { openWofSource } from "./wof/wof-source.ts";

/** What the nodes of one volume share. */
export interface VolumeContext {
  readonly mft: Mft;
  readonly space: ClusterSpace;
  readonly collation: FileNameCollation;
  readonly findings: FindingLog;
  readonly security: SecurityStore;
}

/** A descriptor of its own holds at most two lists of 64 KiB and two SIDs. */
const OWN_DESCRIPTOR_SIZE_MAX = 0x21000;

/** FILE_ATTRIBUTE_DIRECTORY: Windows reports it, but keeps it in the record's flags. */
const DIRECTORY_BIT = 0x10;

/** A file or directory of an NTFS volume. Everything beyond its record is read when it is asked for. */
export class NtfsNode implements FileNode {
  readonly path: string;
  readonly recordNumber: number;
  readonly sequence: number;
  readonly isDirectory: boolean;
  readonly #context: VolumeContext;
  readonly #record: FileRecord;
  #attributes: AttributeSet | undefined;
  #index: DirectoryIndex | undefined;

  /** `record` is a base record in use, and `path` the one that led to it. */
  constructor(context: VolumeContext, record: FileRecord, path: string) {
    this.#context = context;
    this.#record = record;
    this.path = path;
    this.recordNumber = record.recordNumber;
    this.sequence = record.header.sequence;
    this.isDirectory = record.isDirectory;
  }

  get sizeBytes(): number {
    return this.#set.find(ATTRIBUTE.data)?.sizeBytes ?? 0;
  }

  get times(): FileTimes {
    const { created, modified, changed, accessed } = this.#standardInformation;
    return { created, modified, changed, accessed };
  }

  get attributes(): number {
    const bits = this.#standardInformation.attributes | (this.isDirectory ? DIRECTORY_BIT : 0);
    return bits >>> 0;
  }

  get streams(): readonly StreamInfo[] {
    return this.#streamNames.map((name) => ({
      name,
      sizeBytes: this.#set.require(ATTRIBUTE.data, name).sizeBytes,
    }));
  }

  /** Tag of the reparse point that is in charge of the file or directory, or undefined where there is none. */
  get reparseTag(): number | undefined {
    const value = this.#reparsePoint;
    return value === undefined ? undefined : readReparseTag(value);
  }

  /** Where the node leads if it is a junction or a symbolic link, else undefined. Throws NTFS_LINK. */
  get linkTarget(): LinkTarget | undefined {
    const value = this.#reparsePoint;
    if (value === undefined || !isLinkTag(readReparseTag(value))) return undefined;
    return readLinkTarget(readReparsePoint(value, this.path), this.path);
  }

  /** Whether names in this directory that differ in case are different (`fsutil file setCaseSensitiveInfo`). */
  get isCaseSensitive(): boolean {
    return (
      this.isDirectory && this.#standardInformation.version === STANDARD_INFORMATION_VERSION.caseSensitive
    );
  }

  /** All paths that lead to this file by long names: one, and one more for each hard link. Sorted. */
  get paths(): readonly string[] {
    return pathsOf(this.#context, this.#set, this.path);
  }

  /**
   * Who the file belongs to, and who may do what to it. Descriptors are shared in $Secure, but files from before Windows
   * 2000 and a few metadata files have one of their own. Throws NTFS_SECURITY where it is missing or damaged.
   */
  securityDescriptor(): SecurityDescriptor {
    const own = this.#set.find(ATTRIBUTE.securityDescriptor);
    if (own === undefined) return this.#context.security.find(this.#securityId);
    const path = `${this.path}:$SECURITY_DESCRIPTOR`;
    const where = { path, structure: "security descriptor", offset: 0 };
    if (own.sizeBytes > OWN_DESCRIPTOR_SIZE_MAX) {
      throw new VmguestError("NTFS_SECURITY", `no descriptor has ${own.sizeBytes} bytes`, where);
    }
    return parseSecurityDescriptor(own.open(path).read(0, own.sizeBytes), where);
  }

  /** Whether the clusters hold the unnamed stream as it reads: not compressed, encrypted, sparse or kept elsewhere. */
  get isStoredPlainly(): boolean {
    return this.reparseTag === undefined && this.#set.find(ATTRIBUTE.data)?.first.flags === 0;
  }

  open(streamName = ""): ByteSource {
    if (streamName !== "") return this.#openStream(streamName);
    if (this.isDirectory) {
      throw new VmguestError("NTFS_IS_A_DIRECTORY", "is a directory", { path: this.path });
    }
    const tag = this.reparseTag;
    if (tag === WOF_TAG) return this.#openWof();
    if (tag !== undefined) {
      const message = `the data is kept by a reparse point: ${describeReparseTag(tag)}`;
      throw new VmguestError("NTFS_REPARSE", message, { path: this.path });
    }
    return this.#set.require(ATTRIBUTE.data).open(this.path);
  }

  list(): Iterable<NtfsDirectoryEntry> {
    return this.#list(this.#directoryIndex);
  }

  /**
   * The file or directory with this name, matched as Windows matches names, by its long or its DOS name. An entry whose
   * file is gone leaves a finding and counts as none. Throws NTFS_NOT_A_DIRECTORY.
   */
  child(name: string): NtfsNode | undefined {
    const entry = this.#directoryIndex.find(name);
    if (entry === undefined) return undefined;
    try {
      return this.openEntry(entry);
    } catch (error) {
      if (!(error instanceof VmguestError) || error.code !== "NTFS_STALE_ENTRY") throw error;
      this.#context.findings.add(findingOf(error));
      return undefined;
    }
  }

  /** What an entry of this directory refers to; throws NTFS_STALE_ENTRY where the record is another file's by now. */
  openEntry(entry: IndexEntry): NtfsNode {
    const path = joinPath(this.path, entry.name);
    const record = naming(path, () => this.#context.mft.record(entry.recordNumber));
    // Sequence 0 in a reference means any.
    if (entry.sequence !== 0 && record.header.sequence !== entry.sequence) {
      const message = `names record ${entry.recordNumber} with sequence ${entry.sequence}, which has ${record.header.sequence} now`;
      throw new VmguestError("NTFS_STALE_ENTRY", message, { path, structure: "directory entry" });
    }
    const node = openRecord(this.#context, record, path);
    if (entry.namespace !== NAMESPACE.dos) return node;
    const longName = node.nameIn(this, NAMESPACE.win32);
    return longName === undefined ? node : new NtfsNode(this.#context, record, joinPath(this.path, longName));
  }

  /** The name of this node in `directory` that belongs to `namespace`. */
  nameIn(directory: NtfsNode, namespace: number): string | undefined {
    const isWanted = (link: FileLink) =>
      link.parentRecord === directory.recordNumber && link.namespace === namespace;
    return linksOf(this.#set).find(isWanted)?.name;
  }

  *#list(index: DirectoryIndex): Generator<NtfsDirectoryEntry, undefined> {
    for (const entry of index.entries()) {
      const isOwnName = entry.recordNumber === RECORD.root && this.recordNumber === RECORD.root;
      if (isOwnName || entry.namespace === NAMESPACE.dos) continue;
      yield new NtfsDirectoryEntry(this, entry);
    }
  }

  #openStream(streamName: string): ByteSource {
    const { collation } = this.#context;
    const names = this.#streamNames;
    const name =
      names.find((candidate) => candidate === streamName) ??
      names.find((candidate) => collation.equalsFolded(candidate, streamName));
    const path = `${this.path}:${name ?? streamName}`;
    if (name === undefined) throw new VmguestError("NOT_FOUND", "there is no such stream", { path });
    return this.#set.require(ATTRIBUTE.data, name).open(path);
  }

  /** The data of a file that CompactOS compressed; the unnamed stream has its size, but no bytes. */
  #openWof(): ByteSource {
    const { path } = this;
    const value = readReparsePoint(this.#set.require(ATTRIBUTE.reparsePoint).open(path), path);
    const algorithm = readWofAlgorithm(value, path);
    const packedPath = `${path}:${WOF_STREAM}`;
    const packed = this.#set.find(ATTRIBUTE.data, WOF_STREAM)?.open(packedPath);
    if (packed === undefined) {
      throw new VmguestError("WOF_TABLE", "the file has no stream of compressed data", { path: packedPath });
    }
    return openWofSource({ sizeBytes: this.sizeBytes, algorithm, packed, path, packedPath });
  }

  get #reparsePoint(): ByteSource | undefined {
    return this.#set.find(ATTRIBUTE.reparsePoint)?.open(`${this.path}:$REPARSE_POINT`);
  }

  get #securityId(): number {
    const { value } = this.#set.require(ATTRIBUTE.standardInformation).first;
    // Records from before NTFS 3.0 end before the id, and have a descriptor of their own.
    if (value.byteLength < StandardInformation.sizeBytes + StandardInformationTail.sizeBytes) {
      throw new VmguestError("NTFS_SECURITY", "the file has no security descriptor", { path: this.path });
    }
    return new StandardInformationTail(value, StandardInformation.sizeBytes).securityId;
  }

  get #streamNames(): string[] {
    return this.#set.namesOf(ATTRIBUTE.data).filter((name) => name !== "");
  }

  get #standardInformation(): StandardInformation {
    return new StandardInformation(this.#set.require(ATTRIBUTE.standardInformation).first.value);
  }

  get #set(): AttributeSet {
    this.#attributes ??= naming(
      this.path,
      () => new AttributeSet(this.#record, this.#context.mft, this.#context.space),
    );
    return this.#attributes;
  }

  get #directoryIndex(): DirectoryIndex {
    if (!this.isDirectory) {
      throw new VmguestError("NTFS_NOT_A_DIRECTORY", "is not a directory", { path: this.path });
    }
    this.#index ??= new DirectoryIndex({
      attributes: this.#set,
      collation: this.#context.collation,
      clusterSizeBytes: this.#context.space.clusterSizeBytes,
      isCaseSensitive: () => this.isCaseSensitive,
      path: this.path,
    });
    return this.#index;
  }
}

/** The node of a record, once it has proved to be a file of its own: NTFS_RECORD_NOT_IN_USE, NTFS_RECORD. */
export function openRecord(context: VolumeContext, record: FileRecord, path: string): NtfsNode {
  if (!record.isInUse)
    throw record.damage("NTFS_RECORD_NOT_IN_USE", `is not in use, but ${path} refers to it`);
  if (!record.isBase) {
    const message = `only extends record ${record.header.baseRecord}, but ${path} refers to it`;
    throw record.damage("NTFS_RECORD", message);
  }
  return new NtfsNode(context, record, path);
}

/** An entry of a listing. */
class NtfsDirectoryEntry implements DirectoryEntry {
  readonly name: string;
  readonly isDirectory: boolean;
  readonly #directory: NtfsNode;
  readonly #entry: IndexEntry;

  constructor(directory: NtfsNode, entry: IndexEntry) {
    this.name = entry.name;
    this.isDirectory = entry.isDirectory;
    this.#directory = directory;
    this.#entry = entry;
  }

  /** Read from the file's record when it is asked for: in the directory the two names stand far apart. */
  get shortName(): string | undefined {
    // Other namespaces have no name beside them: such a name is its own short one, or there is none.
    if (this.#entry.namespace !== NAMESPACE.win32) return undefined;
    return this.open().nameIn(this.#directory, NAMESPACE.dos);
  }

  open(): NtfsNode {
    return this.#directory.openEntry(this.#entry);
  }
}

function joinPath(directory: string, name: string): string {
  return directory === "" ? name : `${directory}/${name}`;
}
