import type { BrowserContextOptions, Page } from "playwright-core";
import { expect } from "vitest";
import type { ImageReport } from "../../../src/audit/index.ts";
import { libraryImage, libraryReport } from "../../report/varied-reports.ts";
import { type OpenPage, openPage, savePage } from "./browser.ts";

/** What the pages' gate forbids. */
export const GATE = { forbidden: new Set(["outdated", "error"] as const) };

const LIBRARY_SIZE = 60;

/** The images of the page that {@link openLibrary} opens. */
export const library = Array.from({ length: LIBRARY_SIZE }, (_, index) => libraryImage(index));

/** Opens the page of {@link library}; `hash` is the view. */
export function openLibrary(hash = "", options: BrowserContextOptions = {}): Promise<OpenPage> {
  return openPage(`${savePage("library", libraryReport(LIBRARY_SIZE), GATE)}${hash}`, options);
}

export function pathsWhere(isWanted: (image: ImageReport) => boolean): string[] {
  return library.filter(isWanted).map(({ path }) => path);
}

export function pathsOfStatus(status: string): string[] {
  return pathsWhere(({ guests }) => guests.some(({ verdict }) => verdict.status === status));
}

/** Types into the search, and waits until the page has searched. */
export async function search(page: Page, text: string): Promise<void> {
  await page.locator("input[type=search]").fill(text);
  const asked = () => new URLSearchParams(new URL(page.url()).hash.slice(1)).get("q") ?? "";
  await expect.poll(asked).toBe(text);
}
