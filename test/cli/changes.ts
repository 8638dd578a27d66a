import { EventEmitter } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll } from "vitest";
import type { Dependencies } from "../../src/cli/context.ts";
import { performChange, type StagingLayer } from "../../src/cli/verbs/changes/change-request.ts";
import { VmguestError } from "../../src/errors.ts";
import type { PlanReport, StageReport, WriteOptions } from "../../src/staging/index.ts";
import { buildIcPackage, FEW_COMPONENTS } from "../lab/ic-package.ts";
import { pemOf, THROW_AWAY } from "../lab/signing/index.ts";
import { plan, refusedPlan, rollbackReport, stageReport, TOOL } from "../report/plans.ts";

/** A folder of images that are never opened: what becomes of each is told by its name, and a package of a private root. */
export function changeLab() {
  const folder = mkdtempSync(join(tmpdir(), "vmguest-changes-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  for (const name of ["ready", "second", "refused", "current", "broken", "unsafe", "bug", "slow"]) {
    writeFileSync(join(folder, `${name}.vhdx`), "an image");
  }
  const cabinet = join(folder, "ic.cab");
  writeFileSync(cabinet, buildIcPackage({ components: FEW_COMPONENTS }));
  const root = join(folder, "root.pem");
  writeFileSync(root, pemOf(THROW_AWAY.root.certificate));
  return {
    folder,
    image: (name: string) => join(folder, `${name}.vhdx`),
    packageOptions: ["--package", cabinet, "--trust-root", root],
  };
}

/** A call of the staging layer. */
export interface Call {
  readonly name: keyof StagingLayer;
  readonly path: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly edits?: unknown;
}

/** A layer that writes nothing, and the calls of it so far. */
export function fakeStaging() {
  const calls: Call[] = [];
  const layer: StagingLayer = {
    planStaging: (path, options) => {
      calls.push({ name: "planStaging", path, options: { ...options } });
      return planOf(path);
    },
    stageImage: (path, options) => {
      calls.push({ name: "stageImage", path, options: { ...options } });
      return stagingOf(path, options);
    },
    planServices: (path, edits, options) => {
      calls.push({ name: "planServices", path, edits, options: { ...options } });
      return planOf(path);
    },
    editServices: (path, edits, options) => {
      calls.push({ name: "editServices", path, edits, options: { ...options } });
      return stagingOf(path, options);
    },
    rollbackImage: (path, options) => {
      calls.push({ name: "rollbackImage", path, options: { ...options } });
      return rollbackReport({ image: path, tool: TOOL });
    },
  };
  const dependencies: Partial<Dependencies> = {
    loadStaging: async () => layer,
    startChange: async (request, hooks) => performChange(request, hooks, layer),
  };
  return { calls, layer, dependencies };
}

const failure = (path: string, code: string, kind: "corrupt" | "unsafe") => ({
  code,
  kind,
  message: "a message",
  where: path,
  hint: null,
});

function planOf(path: string): PlanReport {
  switch (basename(path, ".vhdx")) {
    case "refused":
      return refusedPlan({ image: path });
    case "current":
      return plan({ image: path, outcome: "nothing-to-do", changes: [], writes: null });
    case "broken":
      return plan({
        image: path,
        outcome: "failed",
        error: failure(path, "VHDX_HEADERS_INVALID", "corrupt"),
      });
    default:
      return plan({ image: path });
  }
}

function stagingOf(path: string, { target = { kind: "in-place" }, onActivity }: WriteOptions): StageReport {
  onActivity?.("writing");
  const nothing = { target: null, undoFile: null, proof: null };
  const planned = planOf(path);
  switch (basename(path, ".vhdx")) {
    case "refused":
      return stageReport({ ...nothing, image: path, outcome: "refused", plan: planned });
    case "current":
      return stageReport({ ...nothing, image: path, outcome: "nothing-to-do", plan: planned });
    case "broken":
      return stageReport({ ...nothing, image: path, outcome: "failed", plan: planned, error: planned.error });
    case "unsafe": {
      const error = failure(path, "IMAGE_LOCKED", "unsafe");
      return stageReport({ ...nothing, image: path, outcome: "refused", plan: planned, error });
    }
    case "bug":
      throw new TypeError("a mistake");
    default: {
      const file = "path" in target ? target.path : path;
      const undoFile = target.kind === "in-place" ? `${path}.vmguest-undo` : null;
      const written = { kind: target.kind, path: file };
      return stageReport({ image: path, plan: planned, target: written, undoFile });
    }
  }
}

/** A terminal that somebody types these lines into. */
export function typed(...lines: readonly string[]): NodeJS.ReadableStream & { readonly isTTY: true } {
  const stream = new PassThrough();
  stream.end(lines.map((line) => `${line}\n`).join(""));
  return Object.assign(stream, { isTTY: true as const });
}

/** What a wrong option is answered with. */
export const wrongOption = (message: string) => new VmguestError("USAGE", message);

/** A process that can be sent signals. */
export class FakeSignals extends EventEmitter {}
