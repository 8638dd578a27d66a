// SPDX-License-Identifier: MIT
import type { IntegrationService } from "../guest/index.ts";
import { type Column, cell, formatColumns, type Row } from "./columns.ts";
import { paintWith } from "./paint.ts";
import type { TableOptions } from "./table-options.ts";
import { makeVisible, shownName } from "./visible-text.ts";

/** The integration services of every Windows in an image, `services --format json`. */
export interface ServiceReport {
  readonly schema: "vmguest.services/1";
  readonly image: string;
  readonly guests: readonly GuestServices[];
}

export interface GuestServices {
  /** Index of the volume. */
  readonly volume: number;
  /** Folder of Windows on it. */
  readonly systemRoot: string;
  /** The control set that the start types were read from. */
  readonly controlSet: string;
  readonly services: readonly IntegrationService[];
  readonly drivers: readonly IntegrationService[];
}

const COLUMNS: readonly Column[] = [
  { header: "SERVICE" },
  { header: "START" },
  { header: "DISPLAY NAME", isFlexible: true },
];

/** The services for a person: a list for each guest, services before drivers. */
export function formatServices({ image, guests }: ServiceReport, { colour, width }: TableOptions): string {
  const paint = paintWith(colour);
  const blocks = guests.map(({ volume, systemRoot, controlSet, services, drivers }) => {
    const place = `${makeVisible(image)}: volume ${volume}: ${shownName(systemRoot)} (${shownName(controlSet)})`;
    return `${place}\n\n${formatColumns(COLUMNS, [...services, ...drivers].map(toRow), { paint, width })}`;
  });
  return blocks.join("\n");
}

function toRow({ name, displayName, present, start }: IntegrationService): Row {
  const state = present ? cell(start ?? "unknown") : cell("absent");
  const isOff = !present || start === "disabled";
  return {
    cells: [
      cell(shownName(name)),
      isOff ? { ...state, style: "yellow" } : state,
      cell(shownName(displayName)),
    ],
  };
}
