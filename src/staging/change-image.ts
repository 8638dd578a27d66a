// SPDX-License-Identifier: MIT
import { dirname, isAbsolute, relative } from "node:path";
import { OpenedImage, reportError } from "../audit/index.ts";
import { VmguestError } from "../errors.ts";
import {
  type ChangeResult,
  commitChanges,
  copyImage,
  createImage,
  inspectUndo,
  type NewImageOptions,
  type NewImageResult,
  openBefore,
  rollbackChanges,
  type Storage,
} from "../io/commit/index.ts";
import type { ChangeDraft, ReadyChange } from "./change-draft.ts";
import type { ImageChangeOptions, WriteOptions } from "./options.ts";
import type { ChildTarget } from "./prepare-change.ts";
import type { StageReport } from "./report.ts";
import { proveResult } from "./result-proof.ts";
import { watchedRanges } from "./watched-ranges.ts";

/** How an image is changed, and where the result goes. */
export interface ChangeImageOptions extends ImageChangeOptions, WriteOptions {
  /** The host's own files where there is none. */
  readonly storage?: Storage;
}

/** Plans a change of an image that was opened for it; with `child`, as a differencing disk over it. */
export type DraftChange = (image: OpenedImage, child?: ChildTarget) => ChangeDraft;

/**
 * Carries a change of an image out: plans it, proves the result in memory, writes it in one transaction, and looks at the
 * image once more. Never throws for what files hold: that is in `error`.
 */
export function changeImage(path: string, options: ChangeImageOptions, draft: DraftChange): StageReport {
  const change = new ImageChange(path, options, draft);
  try {
    return change.run();
  } catch (error) {
    const isRefusal = error instanceof VmguestError && error.kind === "unsafe";
    return change.report(isRefusal ? "refused" : "failed", { error: reportError(error, path) });
  }
}

/** What became of writing a change. */
type Written = ChangeResult["outcome"];

const OUTCOMES = { committed: "staged", unchanged: "nothing-to-do", "rolled-back": "rolled-back" } as const;

/** One change under way. */
class ImageChange {
  readonly #path: string;
  readonly #options: ChangeImageOptions;
  readonly #draft: DraftChange;
  #report: Omit<StageReport, "outcome">;
  /** What was done before the plan was made, for its reasons. */
  readonly #reasons: string[] = [];

  constructor(path: string, options: ChangeImageOptions, draft: DraftChange) {
    this.#path = path;
    this.#options = options;
    this.#draft = draft;
    this.#report = { image: path, plan: null, target: null, undoFile: null, proof: null, error: null };
  }

  run(): StageReport {
    const { target = { kind: "in-place" } } = this.#options;
    switch (target.kind) {
      case "in-place":
        return this.#changeInPlace();
      case "child":
        return this.#makeChild(target.path);
      case "copy":
        return this.#makeCopy(target.path);
    }
  }

  report(outcome: StageReport["outcome"], more: Partial<StageReport> = {}): StageReport {
    return { ...this.#report, ...more, outcome };
  }

  #changeInPlace(): StageReport {
    if (this.#options.replaces === true) {
      const refused = this.#refuseToReplace();
      if (refused !== undefined) return refused;
      if (this.#options.isCancelled?.() === true) return this.report("rolled-back");
      this.#takeEarlierBack();
    }
    using image = this.#open(this.#path);
    return this.#change(image, undefined, (ready) => {
      const { steps, sizeBytes } = ready.prepared;
      const plan = {
        image: image.file,
        steps,
        sizeBytes,
        id: this.#options.newGuid(),
        watched: watchedRanges(ready.target),
        note: ready.note,
      };
      const result = commitChanges(this.#path, plan, this.#options);
      this.#report = { ...this.#report, target: { kind: "in-place", path: this.#path } };
      if (result.outcome !== "committed") return result.outcome;
      this.#report = { ...this.#report, undoFile: result.undoPath };
      this.#checkOrTakeBack(ready);
      return result.outcome;
    });
  }

  /** A differencing disk over the image, which stays as it is. */
  #makeChild(path: string): StageReport {
    using image = this.#open(this.#path);
    return this.#change(image, { relativePath: pathFrom(path, this.#path) }, (ready) =>
      this.#make("child", path, ready, (options) => {
        const check = (draft: string) => {
          options.check?.(draft);
          // A child of what the image was before is worth nothing.
          image.checkUnchanged();
        };
        return createImage(path, ready.prepared, { ...options, check });
      }),
    );
  }

  #makeCopy(path: string): StageReport {
    using image = this.#open(this.#path);
    if (image.disk.kind === "differencing" && relative(dirname(path), dirname(this.#path)) !== "") {
      throw lostParent(path, "a copy of a differencing disk finds its parent in the same folder only");
    }
    return this.#change(image, undefined, (ready) =>
      this.#make("copy", path, ready, (options) =>
        copyImage(image.file, path, { ...options, changes: ready.prepared }),
      ),
    );
  }

  /** Makes a file that gets its name only once it has been looked at. */
  #make(
    kind: "child" | "copy",
    path: string,
    ready: ReadyChange,
    make: (options: NewImageOptions) => NewImageResult,
  ): Written {
    const check = (draft: string) => this.#checkWritten(draft, ready);
    const { outcome } = make({ ...this.#options, check });
    if (outcome === "committed") this.#report = { ...this.#report, target: { kind, path } };
    return outcome;
  }

  /** Plans, proves the result, and leaves the writing to `write`. */
  #change(
    image: OpenedImage,
    child: ChildTarget | undefined,
    write: (ready: ReadyChange) => Written,
  ): StageReport {
    this.#activity("planning");
    using draft = this.#draft(image, child);
    const { ready } = draft;
    const plan = { ...draft.plan, reasons: [...this.#reasons, ...draft.plan.reasons] };
    this.#report = { ...this.#report, plan };
    if (ready === undefined || plan.outcome !== "ready")
      return this.report(plan.outcome, { error: plan.error });
    this.#activity("verifying");
    this.#report = { ...this.#report, proof: proveResult(image, ready, this.#options.now) };
    this.#activity("writing");
    const outcome = write(ready);
    return this.report(OUTCOMES[outcome]);
  }

  #open(path: string): OpenedImage {
    this.#activity("examining");
    return OpenedImage.open(path, this.#options);
  }

  /** Looks at what was written through files that are opened anew. Throws STAGE_RESULT_WRONG. */
  #checkWritten(path: string, { checkResult }: ReadyChange): void {
    this.#activity("checking");
    const { parentRoots = [dirname(path)] } = this.#options;
    const options = { ...this.#options, parentRoots: [...parentRoots, dirname(this.#path)] };
    using after = OpenedImage.open(path, options);
    checkResult(after);
  }

  #checkOrTakeBack(ready: ReadyChange): void {
    try {
      this.#checkWritten(this.#path, ready);
    } catch (error) {
      rollbackChanges(this.#path, this.#options);
      this.#report = { ...this.#report, undoFile: null, target: null };
      throw error;
    }
  }

  /** Plans the change as it is to be without the earlier one, which stays where that is refused. */
  #refuseToReplace(): StageReport | undefined {
    using before = openBefore(this.#path, this.#options);
    if (before === undefined) return undefined;
    using image = this.#open(this.#path);
    using was = image.reread(before);
    this.#activity("planning");
    using draft = this.#draft(was);
    const { plan } = draft;
    return plan.outcome === "refused" ? this.report("refused", { plan }) : undefined;
  }

  #takeEarlierBack(): void {
    const { state } = inspectUndo(this.#path, this.#options);
    if (state === "none") return;
    rollbackChanges(this.#path, this.#options);
    this.#reasons.push("an earlier change of the image was taken back first");
  }

  #activity(activity: Parameters<NonNullable<WriteOptions["onActivity"]>>[0]): void {
    this.#options.onActivity?.(activity);
  }
}

/** The way from the folder of one file to another, as Windows writes it: `.\base.vhdx`. Throws STAGE_TARGET_PLACE. */
function pathFrom(file: string, other: string): string {
  const way = relative(dirname(file), other);
  if (isAbsolute(way))
    throw lostParent(file, "a differencing disk has to be on the same drive as its parent");
  const names = way.replaceAll("/", "\\");
  return names.startsWith("..") ? names : `.\\${names}`;
}

function lostParent(image: string, message: string): VmguestError {
  return new VmguestError("STAGE_TARGET_PLACE", message, { image });
}
