// SPDX-License-Identifier: MIT
import { decodeLatin1 } from "../../bytes/index.ts";
import { VmguestError } from "../../errors.ts";
import { parseVersion } from "../version.ts";
import { type InstallTool, type RebootPolicy, type StagingJob, TRIGGERS } from "./job.ts";
import { PLAIN_SYSTEM_ROOT } from "./system-root.ts";

/** A job is about 600 bytes; its longest fields together stay far below this. */
export const JOB_FILE_SIZE_MAX = 4096;

/** The packages are below 1 MiB; an audit reads a staged one in full, so what a job may name is bounded. */
export const PAYLOAD_SIZE_MAX = 64 * 1024 * 1024;

/** The script counts its attempts by files, `attempt.1` to `attempt.9`. */
export const ATTEMPTS_MAX = 9;

/** The first line, by which a job file is known for one. */
const MARK = "[vmguest]";

/** How a field stands in the file. */
interface Field<T> {
  /** The value that the text spells in the one way it is written; undefined for any other text. */
  readonly parse: (text: string) => T | undefined;
  readonly format: (value: T) => string;
}

const asIs = (value: string) => value;

const text = (pattern: RegExp): Field<string> => ({
  parse: (found) => (pattern.test(found) ? found : undefined),
  format: asIs,
});

const oneOf = <T extends string>(words: readonly T[]): Field<T> => ({
  parse: (found) => words.find((word) => word === found),
  format: asIs,
});

const number = (min: number, max: number): Field<number> => ({
  parse: (found) => {
    const value = /^[1-9]\d{0,15}$/.test(found) ? Number(found) : Number.NaN;
    return value >= min && value <= max ? value : undefined;
  },
  format: String,
});

const TOOLS: readonly InstallTool[] = ["dism", "pkgmgr"];

const tools: Field<readonly InstallTool[]> = {
  parse: (found) => {
    const named = found.split(",").map((word) => TOOLS.find((tool) => tool === word));
    const known = named.filter((tool) => tool !== undefined);
    return known.length === named.length && new Set(known).size === known.length ? known : undefined;
  },
  format: (value) => value.join(","),
};

const version: Field<string> = {
  parse: (found) => (/^[\d.]+$/.test(found) && parseVersion(found) !== undefined ? found : undefined),
  format: asIs,
};

/** Every line after the mark, `<field>=<value>`, in this order. */
const FIELDS: { readonly [K in keyof StagingJob]: Field<StagingJob[K]> } = {
  schema: { parse: (found) => (found === "1" ? 1 : undefined), format: String },
  id: text(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
  sha256: text(/^[0-9a-f]{64}$/),
  sizeBytes: number(1, PAYLOAD_SIZE_MAX),
  packageName: text(/^(?! )[A-Za-z0-9 ._()+~-]{1,128}(?<! )$/),
  identity: text(/^[A-Za-z0-9._-]{1,160}~[0-9a-f]{16}~[a-z0-9]{1,16}~[A-Za-z-]{0,16}~\d{1,5}(\.\d{1,5}){3}$/),
  version,
  architecture: oneOf(["x86", "x64", "arm64", "ia64"]),
  nt: text(/^\d{1,2}\.\d{1,2}$/),
  trigger: oneOf(TRIGGERS),
  maxAttempts: number(1, ATTEMPTS_MAX),
  reboot: oneOf<RebootPolicy>(["auto", "never"]),
  tools,
  systemRoot: text(PLAIN_SYSTEM_ROOT),
};

const NAMES = Object.keys(FIELDS) as (keyof StagingJob)[];

/**
 * The bytes of `job.ini`: ASCII, a mark, then a line for each field, ended by CR LF.
 *
 * Throws STAGING_JOB for a field that has no place in the file: {@link packageNameFor} makes a name that has one.
 */
export function encodeJob(job: StagingJob): Uint8Array {
  const lines = NAMES.map((name) => `${name}=${formatField(job, name)}`);
  return new TextEncoder().encode([MARK, ...lines, ""].join("\r\n"));
}

/** The name of a package's file as a job can hold it: at most 128 characters, `_` for each that a job has no place for. */
export function packageNameFor(fileName: string): string {
  const name = fileName
    .replaceAll(/[^A-Za-z0-9 ._()+~-]/g, "_")
    .trim()
    .slice(0, 128)
    .trim();
  return name === "" ? "_" : name;
}

/**
 * Reads `job.ini` in the one form in which {@link encodeJob} writes it.
 *
 * Throws STAGING_FOREIGN where the first line is another one, STAGING_JOB for anything else that is not of that form.
 */
export function parseJob(bytes: Uint8Array): StagingJob {
  if (bytes.byteLength > JOB_FILE_SIZE_MAX) {
    throw foreignOrDamaged(bytes, `it has ${bytes.byteLength} bytes, more than ${JOB_FILE_SIZE_MAX}`);
  }
  const [mark, ...lines] = decode(bytes).split("\r\n");
  if (mark !== MARK) throw foreign();
  if (lines.pop() !== "" || lines.length !== NAMES.length) {
    throw damagedJob(`it is not ${NAMES.length + 1} whole lines`);
  }
  const values = NAMES.map((name, index) => [name, parseField(name, lines[index] ?? "", index + 2)] as const);
  // Every field has its value by its own parser, which the table of fields ties to its type.
  return Object.fromEntries(values) as unknown as StagingJob;
}

function formatField<K extends keyof StagingJob>(job: StagingJob, name: K): string {
  const { parse, format }: Field<StagingJob[K]> = FIELDS[name];
  const spelled = format(job[name]);
  if (parse(spelled) === undefined) {
    throw damagedJob(`a job has no place for ${name} = ${JSON.stringify(spelled).slice(0, 200)}`);
  }
  return spelled;
}

function parseField<K extends keyof StagingJob>(name: K, line: string, lineNumber: number): StagingJob[K] {
  const { parse }: Field<StagingJob[K]> = FIELDS[name];
  const value = line.startsWith(`${name}=`) ? parse(line.slice(name.length + 1)) : undefined;
  if (value === undefined) {
    throw damagedJob(`line ${lineNumber} should say ${name}, but is ${JSON.stringify(line.slice(0, 80))}`);
  }
  return value;
}

function foreignOrDamaged(bytes: Uint8Array, message: string): VmguestError {
  return decode(bytes.subarray(0, MARK.length)) === MARK ? damagedJob(message) : foreign();
}

function decode(bytes: Uint8Array): string {
  return decodeLatin1(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.byteLength);
}

const STRUCTURE = "staging job";

const damagedJob = (message: string) => new VmguestError("STAGING_JOB", message, { structure: STRUCTURE });

const foreign = () =>
  new VmguestError("STAGING_FOREIGN", `job.ini does not begin with ${MARK}`, { structure: STRUCTURE });
