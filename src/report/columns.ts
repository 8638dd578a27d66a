// SPDX-License-Identifier: MIT
import type { Paint, Style } from "./paint.ts";
import { widthOf, wrapText } from "./text-width.ts";

export interface Column {
  readonly header: string;
  /** Whether the column gives way, wrapping its text, when the terminal is too narrow for all of it. */
  readonly isFlexible?: boolean;
}

/** Lines that stand over each other in one column; each is wrapped where it is too wide. */
export interface Cell {
  readonly lines: readonly string[];
  readonly style?: Style;
}

export interface Row {
  readonly cells: readonly Cell[];
  /** A list below the row, across the whole width, indented. */
  readonly notes?: readonly string[];
}

export interface ColumnOptions {
  readonly paint: Paint;
  /** Terminal columns to keep within, as far as the columns that are not flexible allow it. */
  readonly width: number;
  /** How far the notes are indented. */
  readonly noteIndent?: number;
}

const GAP = "  ";

/** A flexible column is never made narrower than this: below it nothing can be read. */
const FLEXIBLE_WIDTH_MIN = 12;

/** A cell of plain text. */
export function cell(...lines: string[]): Cell {
  return { lines };
}

/** Columns that are as wide as their widest text; where that is too much, the flexible ones share what is left. */
export function formatColumns(
  columns: readonly Column[],
  rows: readonly Row[],
  options: ColumnOptions,
): string {
  const measured = new MeasuredColumns(columns);
  for (const { cells } of rows) measured.add(cells);
  return [...measured.format(rows, options)].join("");
}

/**
 * Columns for rows that are too many to be held: all are gone through twice, first for their widths ({@link add}), then
 * to be written ({@link format}).
 */
export class MeasuredColumns {
  readonly #columns: readonly Column[];
  /** The width of the widest text of each. */
  readonly #natural: number[];

  constructor(columns: readonly Column[]) {
    this.#columns = columns;
    this.#natural = columns.map(({ header }) => widthOf(header));
  }

  /** Takes the widths of a row's cells in. */
  add(cells: readonly Cell[]): void {
    for (const [index, { lines }] of cells.entries()) {
      this.#natural[index] = Math.max(this.#natural[index] ?? 0, ...lines.map(widthOf));
    }
  }

  /** Whether every column would have at least `flexibleWidth` terminal columns, or all it needs. */
  fits(width: number, flexibleWidth: number): boolean {
    const needed = this.#natural.map((natural, index) =>
      this.#columns[index]?.isFlexible ? Math.min(natural, flexibleWidth) : natural,
    );
    return totalWidth(needed) <= width;
  }

  /** The header, then each row with its notes as one piece of text. */
  *format(rows: Iterable<Row>, { paint, width, noteIndent = GAP.length }: ColumnOptions): Generator<string> {
    const widths = fitWidths(this.#columns, this.#natural, width);
    const header = this.#columns.map((column) => ({ lines: [column.header], style: "bold" as const }));
    yield linesOf(formatCells(header, widths, paint));
    for (const { cells, notes = [] } of rows) {
      yield linesOf([
        ...formatCells(cells, widths, paint),
        ...notes.flatMap((note) => indentText(note, noteIndent, width, "- ")),
      ]);
    }
  }
}

const linesOf = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");

/** The text wrapped to `width`, every line indented, the first one behind `mark` (`- ` for an item of a list). */
export function indentText(text: string, indent: number, width: number, mark = ""): string[] {
  const room = Math.max(width - indent - mark.length, FLEXIBLE_WIDTH_MIN);
  return wrapText(text, room).map(
    (line, index) => " ".repeat(indent) + (index === 0 ? mark : " ".repeat(mark.length)) + line,
  );
}

const totalWidth = (widths: readonly number[]) =>
  widths.reduce((total, width) => total + width, GAP.length * (widths.length - 1));

/** Takes from the widest flexible column until the row fits or none can give more. */
function fitWidths(columns: readonly Column[], natural: readonly number[], width: number): number[] {
  const widths = [...natural];
  for (let excess = totalWidth(widths) - width; excess > 0; excess--) {
    const candidates = widths.filter(
      (candidate, index) => columns[index]?.isFlexible && candidate > FLEXIBLE_WIDTH_MIN,
    );
    if (candidates.length === 0) break;
    const widest = Math.max(...candidates);
    const index = widths.findIndex((candidate, at) => candidate === widest && columns[at]?.isFlexible);
    widths[index] = widest - 1;
  }
  return widths;
}

function formatCells(cells: readonly Cell[], widths: readonly number[], paint: Paint): string[] {
  const wrapped = cells.map(({ lines }, index) =>
    lines.flatMap((line) => wrapText(line, widths[index] ?? 0)),
  );
  const height = Math.max(...wrapped.map((lines) => lines.length));
  const last = cells.length - 1;
  return Array.from({ length: height }, (_, at) => {
    const parts = cells.map(({ style }, index) => {
      const text = wrapped[index]?.[at] ?? "";
      const padding = index === last ? "" : " ".repeat((widths[index] ?? 0) - widthOf(text));
      return (style === undefined || text === "" ? text : paint(style, text)) + padding;
    });
    return parts.join(GAP).trimEnd();
  });
}
