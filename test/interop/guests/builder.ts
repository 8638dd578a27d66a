import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { FIXTURES } from "../../support/fixtures.ts";
import type { GuestCase } from "./matrix.ts";

const run = promisify(execFile);

/** The third-party guest builder, which lives beside the fixtures. */
const BUILDER = join(FIXTURES, "../tools/make_guest.py");

/** What the builder says is true of an image: the parts the tests read. */
export interface Truth {
  readonly kind: "windows" | "linux";
  readonly args: Record<string, unknown> & { readonly os: string; readonly hostname: string };
  readonly os: {
    readonly product?: string;
    readonly major?: number;
    readonly minor?: number;
    readonly build?: number;
    readonly ubr?: number;
    readonly csd?: string;
    readonly edition?: string;
    readonly inst?: string;
  };
  readonly arch: "x86" | "amd64" | "arm64";
  readonly virtualSize: number;
  readonly format: string;
  readonly partitionStyle: string;
  readonly partitions: readonly {
    readonly kind: string;
    readonly offset: number;
    readonly sectors: number;
    readonly fs?: string;
  }[];
  readonly registry: {
    readonly services: Record<string, number>;
    readonly recordedVersion: string | null;
    readonly computedVersion: string | null;
    readonly windowsUpdate: string;
    readonly imageState: string | null;
    readonly cbsIcPackages?: readonly string[];
  };
  readonly files: { readonly drivers: Record<string, string>; readonly icService?: Record<string, string> };
  readonly fileList: Record<
    string,
    { readonly size: number; readonly sha256: string; readonly fileVersion?: string }
  >;
  readonly special: Record<
    string,
    { readonly kind: string; readonly sha256: string; readonly stream?: string }
  >;
  readonly vhdx?: { readonly dataWriteGuid: string };
  readonly sha256: string;
}

export interface BuiltGuest {
  readonly image: string;
  readonly truth: Truth;
}

/** Builds one guest image in `folder`; fails where the builder or one of its tools is missing. */
export async function buildGuest(
  folder: string,
  index: number,
  { args, ending }: GuestCase,
): Promise<BuiltGuest> {
  if (!existsSync(BUILDER)) throw new Error(`the guest builder is not at ${BUILDER}`);
  const image = join(folder, `guest${String(index).padStart(2, "0")}.${ending ?? "vhdx"}`);
  await run("python3", [BUILDER, "--no-check", "--seed", String(index + 1), ...args, image], {
    maxBuffer: 1 << 24,
  });
  return { image, truth: JSON.parse(readFileSync(`${image}.json`, "utf8")) };
}
