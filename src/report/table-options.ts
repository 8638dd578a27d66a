// SPDX-License-Identifier: MIT

/** How a table is to be drawn. */
export interface TableOptions {
  readonly colour: boolean;
  /** Columns of the terminal. */
  readonly width: number;
}
