// SPDX-License-Identifier: MIT
import type { Pace } from "./batch-pace.ts";

/** How far a batch is. */
export interface BatchState {
  readonly done: number;
  readonly total: number;
  /** Guests that are outdated, as far as images are done. */
  readonly outdated: number;
  /** Guests whose integration services are missing. */
  readonly missing: number;
  /** Images that could not be read. */
  readonly errors: number;
}

const BAR_WIDTH_MIN = 10;
const BAR_WIDTH_MAX = 40;

/**
 * `[######--------]  412/1000  52.3/s  0:11 left  3 outdated  1 error`, in `width` columns at most: what counts least is
 * left out first.
 */
export function batchBar(state: BatchState, { perSecond, leftMs }: Pace, width: number): string {
  const { done, total } = state;
  const count = `${`${done}`.padStart(`${total}`.length)}/${total}`;
  const rate = perSecond === undefined ? "" : `${rateText(perSecond)}/s`;
  const left = leftMs === undefined ? "" : `${durationText(leftMs)} left`;
  const found = foundTexts(state);
  const choices = [
    [count, rate, left, ...found],
    [count, left, ...found],
    [count, ...found],
    [count, left],
    [count],
  ].map((parts) => parts.filter((part) => part !== "").join("  "));
  const widest = choices.find((choice) => choice.length <= width) ?? "";
  const room = Math.min(width - widest.length - BAR_FRAME_WIDTH, BAR_WIDTH_MAX);
  return room < BAR_WIDTH_MIN ? widest : `${bar(done / Math.max(total, 1), room)}  ${widest}`;
}

/** Two brackets and the two spaces behind them. */
const BAR_FRAME_WIDTH = 4;

function bar(share: number, width: number): string {
  const full = Math.floor(Math.min(share, 1) * width);
  return `[${"#".repeat(full)}${"-".repeat(width - full)}]`;
}

/** `412 of 1000 images are audited, 52.3 a second, 0:11 left: 3 outdated, 1 error`. */
export function batchSentence(state: BatchState, { perSecond, leftMs, elapsedMs }: Pace): string {
  const parts = [
    `${state.done} of ${state.total} images are audited`,
    ...(elapsedMs === undefined ? [] : [`after ${durationText(elapsedMs)}`]),
    ...(perSecond === undefined ? [] : [`${rateText(perSecond)} a second`]),
    ...(leftMs === undefined ? [] : [`${durationText(leftMs)} left`]),
  ];
  const found = foundTexts(state);
  return `${parts.join(", ")}${found.length === 0 ? "" : `: ${found.join(", ")}`}`;
}

function foundTexts({ outdated, missing, errors }: BatchState): string[] {
  return [
    ...(outdated === 0 ? [] : [`${outdated} outdated`]),
    ...(missing === 0 ? [] : [`${missing} missing`]),
    ...(errors === 0 ? [] : [`${errors} ${errors === 1 ? "error" : "errors"}`]),
  ];
}

/** Three digits are as much as such a number is good for. */
function rateText(perSecond: number): string {
  if (perSecond >= 100) return perSecond.toFixed(0);
  return perSecond.toFixed(perSecond >= 10 ? 1 : 2);
}

/** `0:07`, `12:34`, `1:02:03`. */
function durationText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = `${seconds % 60}`.padStart(2, "0");
  return hours === 0 ? `${minutes}:${rest}` : `${hours}:${`${minutes}`.padStart(2, "0")}:${rest}`;
}
